-- The journal and the actions in the order in which they were written. Clustered by account, each
-- row dirtied a page of its own; now what is written together lies together, and only the keys'
-- small rows are scattered.
--
-- Rows come over in the order of time; dropping a table deletes no row, so no trigger is asked.
DROP TRIGGER entries_never_change;
DROP TRIGGER entries_never_go;

ALTER TABLE entries RENAME TO entries_clustered;

CREATE TABLE entries (
    account_id TEXT    NOT NULL,
    sequence   INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    entry      TEXT    NOT NULL,  -- engine Entry, as it was appended
    PRIMARY KEY (account_id, sequence)
) STRICT;

INSERT INTO entries SELECT * FROM entries_clustered ORDER BY at, account_id, sequence;

DROP TABLE entries_clustered;

CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'journal entries never change');
END;

CREATE TRIGGER entries_never_go BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'journal entries never go');
END;

ALTER TABLE actions RENAME TO actions_clustered;

CREATE TABLE actions (
    account_id TEXT NOT NULL,
    action_id  TEXT NOT NULL,
    state      TEXT NOT NULL,  -- engine Action
    open_until INTEGER,        -- the deadline of a hold while it is open
    PRIMARY KEY (account_id, action_id)
) STRICT;

INSERT INTO actions SELECT * FROM actions_clustered ORDER BY action_id, account_id;

DROP TABLE actions_clustered;

CREATE INDEX actions_open ON actions (account_id, open_until) WHERE open_until IS NOT NULL;
