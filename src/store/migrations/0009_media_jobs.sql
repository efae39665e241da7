-- Jobs that make files. Whoever has one says until when; then any process takes it.
CREATE TABLE media_jobs (
    account_id   TEXT    NOT NULL,
    action_id    TEXT    NOT NULL,
    leg          INTEGER NOT NULL,
    provider_job TEXT,              -- absent until the provider has accepted
    bytes_max    INTEGER NOT NULL,
    is_stopped   INTEGER NOT NULL,  -- whether the person pressed Stop
    held_until   INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (account_id, action_id, leg)
) STRICT, WITHOUT ROWID;

CREATE INDEX media_jobs_free ON media_jobs (held_until);

-- What was made, the last first, without going through all that was said.
CREATE INDEX messages_made ON messages (account_id, created_at, action_id, leg)
    WHERE leg >= 0 AND files <> '[]';
