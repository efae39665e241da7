-- Who people are. What a session is, and where it was seen last.
ALTER TABLE sessions ADD COLUMN is_guest INTEGER NOT NULL DEFAULT 1;
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;

UPDATE sessions SET seen_at = created_at;

CREATE INDEX sessions_by_account ON sessions (account_id);

-- Which account an identity opens.
CREATE TABLE identities (
    identity_key BLOB    NOT NULL,  -- SHA-256 of what names it
    account_id   TEXT    NOT NULL,
    kind         TEXT    NOT NULL,  -- passkey or oidc
    name         TEXT    NOT NULL,
    details      TEXT    NOT NULL,  -- JSON, what a sign-in is checked with
    created_at   INTEGER NOT NULL,
    used_at      INTEGER NOT NULL,
    PRIMARY KEY (identity_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX identities_by_account ON identities (account_id, created_at, identity_key);

-- Which account an identity got the free credits for. It stays when the identity is forgotten.
CREATE TABLE free_claims (
    identity_key BLOB NOT NULL,
    account_id   TEXT NOT NULL,
    PRIMARY KEY (identity_key)
) STRICT, WITHOUT ROWID;

-- What a sign-in under way waits for.
CREATE TABLE ceremonies (
    token_hash BLOB    NOT NULL,  -- of the session that began it
    state      TEXT    NOT NULL,  -- JSON
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (token_hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX ceremonies_by_end ON ceremonies (expires_at);
