-- What backends show instead of a session.
CREATE TABLE service_keys (
    secret_hash BLOB    NOT NULL,  -- SHA-256; the secret itself is nowhere
    name        TEXT    NOT NULL,
    scope       TEXT    NOT NULL,  -- ledger or read
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER,
    PRIMARY KEY (secret_hash)
) STRICT, WITHOUT ROWID;
