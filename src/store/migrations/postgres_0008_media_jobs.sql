-- Jobs that make files. Whoever has one says until when; then any process takes it.
CREATE TABLE media_jobs (
    account_id   text COLLATE "C" NOT NULL,
    action_id    text COLLATE "C" NOT NULL,
    leg          bigint NOT NULL,
    provider_job text COLLATE "C",  -- absent until the provider has accepted
    bytes_max    bigint NOT NULL,
    is_stopped   boolean NOT NULL,  -- whether the person pressed Stop
    held_until   bigint NOT NULL,
    created_at   bigint NOT NULL,
    PRIMARY KEY (account_id, action_id, leg)
);

CREATE INDEX media_jobs_free ON media_jobs (held_until);

-- What was made, the last first, without going through all that was said.
CREATE INDEX messages_made ON messages (account_id, created_at, action_id, leg)
    WHERE leg >= 0 AND files <> '[]';
