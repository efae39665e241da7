-- JSON: what a model did on its way to its answer.
ALTER TABLE messages ADD COLUMN steps TEXT NOT NULL DEFAULT '[]';
