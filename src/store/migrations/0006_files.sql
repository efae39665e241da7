-- Files that people attach. A file that no message has is forgotten after a while.
CREATE TABLE files (
    account_id TEXT    NOT NULL,
    file_id    TEXT    NOT NULL,
    bytes      INTEGER NOT NULL,
    is_used    INTEGER NOT NULL,  -- whether a message has it
    created_at INTEGER NOT NULL,
    facts      TEXT    NOT NULL,  -- JSON, what was read of it
    text       TEXT,              -- of a document
    content    BLOB    NOT NULL,
    PRIMARY KEY (account_id, file_id)
) STRICT;

-- What an account has, without going through what it put there.
CREATE INDEX files_of_account ON files (account_id, is_used, bytes);
CREATE INDEX files_unused ON files (created_at) WHERE is_used = 0;

-- JSON: what is known of the files that a person sent along.
ALTER TABLE messages ADD COLUMN files TEXT NOT NULL DEFAULT '[]';
