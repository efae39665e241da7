-- Which conversation has which file: one that none has any more goes with the last that had it.
CREATE TABLE file_uses (
    account_id      text COLLATE "C" NOT NULL,
    conversation_id uuid NOT NULL,
    file_id         uuid NOT NULL,
    PRIMARY KEY (account_id, conversation_id, file_id)
);

CREATE INDEX file_uses_by_file ON file_uses (account_id, file_id);

INSERT INTO file_uses
SELECT DISTINCT account_id, conversation_id, (file ->> 'file_id')::uuid
FROM messages, json_array_elements(messages.files::json) AS file
WHERE messages.files <> '[]';

-- Conversations can be deleted, and for a while taken back. Last, for until the end nobody else reads
-- that table, and all messages were looked through before.
ALTER TABLE conversations ADD COLUMN deleted_at bigint;

CREATE INDEX conversations_deleted ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;
