-- Who people are. What a session is, and where it was seen last.
ALTER TABLE sessions ADD COLUMN is_guest boolean NOT NULL DEFAULT true;
ALTER TABLE sessions ADD COLUMN device text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN seen_at bigint NOT NULL DEFAULT 0;

UPDATE sessions SET seen_at = created_at;

CREATE INDEX sessions_by_account ON sessions (account_id);

-- Which account an identity opens.
CREATE TABLE identities (
    identity_key bytea NOT NULL,  -- SHA-256 of what names it
    account_id   text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,  -- passkey or oidc
    name         text COLLATE "C" NOT NULL,
    details      text COLLATE "C" NOT NULL,  -- JSON, what a sign-in is checked with
    created_at   bigint NOT NULL,
    used_at      bigint NOT NULL,
    PRIMARY KEY (identity_key)
);

CREATE INDEX identities_by_account ON identities (account_id, created_at, identity_key);

-- Which account an identity got the free credits for. It stays when the identity is forgotten.
CREATE TABLE free_claims (
    identity_key bytea NOT NULL,
    account_id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (identity_key)
);

-- What a sign-in under way waits for.
CREATE TABLE ceremonies (
    token_hash bytea NOT NULL,  -- of the session that began it
    state      text COLLATE "C" NOT NULL,  -- JSON
    expires_at bigint NOT NULL,
    PRIMARY KEY (token_hash)
);

CREATE INDEX ceremonies_by_end ON ceremonies (expires_at);
