-- What backends show instead of a session.
CREATE TABLE service_keys (
    secret_hash bytea NOT NULL,  -- SHA-256; the secret itself is nowhere
    name        text COLLATE "C" NOT NULL,
    scope       text COLLATE "C" NOT NULL,  -- ledger or read
    created_at  bigint NOT NULL,
    revoked_at  bigint,
    PRIMARY KEY (secret_hash)
);
