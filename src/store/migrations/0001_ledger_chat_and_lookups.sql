-- Every table and every key of the ledger and of the chat begins with account_id, so that a
-- distributed database can keep an account together. Amounts that reports sum are whole
-- micro-credits; times are milliseconds since 1970; values of the engine are its own JSON.

-- The account after its last entry: a cache of what its entries make.
CREATE TABLE accounts (
    account_id  TEXT    NOT NULL,
    sequence    INTEGER NOT NULL,  -- of its last entry: the fence
    state       TEXT    NOT NULL,  -- engine Account, without actions
    lot_ends_at INTEGER,           -- the next end of a lot with something left in it
    PRIMARY KEY (account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX accounts_by_lot_end ON accounts (lot_ends_at) WHERE lot_ends_at IS NOT NULL;

-- The journal.
CREATE TABLE entries (
    account_id TEXT    NOT NULL,
    sequence   INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    entry      TEXT    NOT NULL,  -- engine Entry, as it was appended
    PRIMARY KEY (account_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'journal entries never change');
END;

CREATE TRIGGER entries_never_go BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'journal entries never go');
END;

-- What each action id was used for, as it is after the last entry about it.
CREATE TABLE actions (
    account_id TEXT NOT NULL,
    action_id  TEXT NOT NULL,
    state      TEXT NOT NULL,  -- engine Action
    open_until INTEGER,        -- the deadline of a hold while it is open
    PRIMARY KEY (account_id, action_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX actions_open ON actions (account_id, open_until) WHERE open_until IS NOT NULL;

CREATE TABLE conversations (
    account_id      TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    title           TEXT    NOT NULL,
    updated_at      INTEGER NOT NULL,
    PRIMARY KEY (account_id, conversation_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX conversations_by_update ON conversations (account_id, updated_at, conversation_id);

CREATE TABLE messages (
    account_id      TEXT    NOT NULL,
    action_id       TEXT    NOT NULL,
    leg             INTEGER NOT NULL,  -- -1 for what the person wrote
    conversation_id TEXT    NOT NULL,
    model           TEXT,              -- absent for what the person wrote
    text            TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    charge_micros   INTEGER,
    tokens          TEXT    NOT NULL,  -- JSON, tokens by encoding
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (account_id, action_id, leg),
    FOREIGN KEY (account_id, conversation_id) REFERENCES conversations (account_id, conversation_id)
) STRICT;

CREATE INDEX messages_in_order
    ON messages (account_id, conversation_id, created_at, action_id, leg);

CREATE TABLE sessions (
    token_hash BLOB    NOT NULL,  -- SHA-256; the token itself is nowhere
    account_id TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (token_hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_end ON sessions (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE price_books (
    version      TEXT    NOT NULL,
    book         TEXT    NOT NULL,  -- canonical JSON
    effective_at INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    PRIMARY KEY (version)
) STRICT;

CREATE INDEX price_books_in_order ON price_books (effective_at, published_at, version);

CREATE TRIGGER price_books_never_change BEFORE UPDATE ON price_books
BEGIN
    SELECT RAISE(ABORT, 'a published price book never changes');
END;

CREATE TRIGGER price_books_never_go BEFORE DELETE ON price_books
BEGIN
    SELECT RAISE(ABORT, 'a published price book never goes');
END;
