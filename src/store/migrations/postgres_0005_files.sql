-- Files that people attach. A file that no message has is forgotten after a while.
CREATE TABLE files (
    account_id text COLLATE "C" NOT NULL,
    file_id    uuid NOT NULL,
    bytes      bigint NOT NULL,
    created_at bigint NOT NULL,
    is_used    boolean NOT NULL,  -- whether a message has it
    facts      text COLLATE "C" NOT NULL,  -- JSON, what was read of it
    text       bytea,             -- of a document
    content    bytea NOT NULL,
    PRIMARY KEY (account_id, file_id)
);

-- Pictures, recordings and most documents are compressed already.
ALTER TABLE files ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE INDEX files_unused ON files (created_at) WHERE NOT is_used;

-- JSON: what is known of the files that a person sent along.
ALTER TABLE messages ADD COLUMN files text COLLATE "C" NOT NULL DEFAULT '[]';
