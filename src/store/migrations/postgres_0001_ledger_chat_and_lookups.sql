-- Every table and every key of the ledger and of the chat begins with account_id, so that a
-- distributed database can keep an account together, and no foreign key leaves an account: there
-- is none, for one would lock and look up its parent for each row that is written. Ids sort by
-- their bytes (COLLATE "C"), as they do everywhere else. Amounts that reports sum are whole
-- micro-credits; times are milliseconds since 1970; values of the engine are its own JSON, as text,
-- so that an entry is read as it was appended.

-- The account after its last entry: a cache of what its entries make. Its row is rewritten by every
-- commit, so its page keeps room for the next version.
CREATE TABLE accounts (
    account_id  text COLLATE "C" NOT NULL,
    sequence    bigint NOT NULL,  -- of its last entry: the fence
    updated_at  bigint NOT NULL,  -- of its last entry: its holds are due by this time at least
    lot_ends_at bigint,           -- the next end of a lot with something left in it
    state       text COLLATE "C" NOT NULL,  -- engine Account, without actions
    PRIMARY KEY (account_id)
) WITH (fillfactor = 60);

-- The sweep asks by time; it is an index, not a key.
CREATE INDEX accounts_by_lot_end ON accounts (lot_ends_at) WHERE lot_ends_at IS NOT NULL;

-- The journal.
CREATE TABLE entries (
    account_id text COLLATE "C" NOT NULL,
    sequence   bigint NOT NULL,
    at         bigint NOT NULL,
    entry      text COLLATE "C" NOT NULL,  -- engine Entry, as it was appended
    PRIMARY KEY (account_id, sequence)
);

-- What each action id was used for, as it is after the last entry about it.
CREATE TABLE actions (
    account_id text COLLATE "C" NOT NULL,
    action_id  text COLLATE "C" NOT NULL,
    open_until bigint,            -- the deadline of a hold while it is open
    state      text COLLATE "C" NOT NULL,  -- engine Action
    PRIMARY KEY (account_id, action_id)
);

CREATE INDEX actions_open ON actions (account_id, open_until) WHERE open_until IS NOT NULL;

-- Texts of people and models are their UTF-8 bytes: a text column cannot hold the character U+0000,
-- which a model may send, and then the end of its answer could not be written.
CREATE TABLE conversations (
    account_id      text COLLATE "C" NOT NULL,
    conversation_id uuid NOT NULL,
    title           bytea NOT NULL,
    updated_at      bigint NOT NULL,
    PRIMARY KEY (account_id, conversation_id)
);

CREATE INDEX conversations_by_update ON conversations (account_id, updated_at, conversation_id);

CREATE TABLE messages (
    account_id      text COLLATE "C" NOT NULL,
    action_id       text COLLATE "C" NOT NULL,
    leg             bigint NOT NULL,  -- -1 for what the person wrote
    conversation_id uuid NOT NULL,
    model           text COLLATE "C",  -- absent for what the person wrote
    text            bytea NOT NULL,
    status          text COLLATE "C" NOT NULL,
    charge_micros   bigint,
    tokens          text COLLATE "C" NOT NULL,  -- JSON, tokens by encoding
    created_at      bigint NOT NULL,
    PRIMARY KEY (account_id, action_id, leg)
);

CREATE INDEX messages_in_order
    ON messages (account_id, conversation_id, created_at, action_id, leg);

-- Lookups that cross accounts are led by their own key.
CREATE TABLE sessions (
    token_hash bytea NOT NULL,  -- SHA-256; the token itself is nowhere
    account_id text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    PRIMARY KEY (token_hash)
);

CREATE INDEX sessions_by_end ON sessions (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE price_books (
    version      text COLLATE "C" NOT NULL,
    effective_at bigint NOT NULL,
    published_at bigint NOT NULL,
    book         text COLLATE "C" NOT NULL,  -- canonical JSON
    PRIMARY KEY (version)
);

CREATE INDEX price_books_in_order ON price_books (effective_at, published_at, version);

CREATE FUNCTION refuse_to_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % never change and never go', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER entries_never_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();

CREATE TRIGGER price_books_never_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON price_books
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();
