-- Conversations can be deleted, and for a while taken back.
ALTER TABLE conversations ADD COLUMN deleted_at INTEGER;

CREATE INDEX conversations_deleted ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;

-- Which conversation has which file: one that none has any more goes with the last that had it.
CREATE TABLE file_uses (
    account_id      TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    file_id         TEXT NOT NULL,
    PRIMARY KEY (account_id, conversation_id, file_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX file_uses_by_file ON file_uses (account_id, file_id);

INSERT OR IGNORE INTO file_uses
SELECT account_id, conversation_id, json_extract(file.value, '$.file_id')
FROM messages, json_each(messages.files) AS file
WHERE messages.files <> '[]';
