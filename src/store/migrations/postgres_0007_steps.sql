-- JSON: what a model did on its way to its answer.
ALTER TABLE messages ADD COLUMN steps text COLLATE "C" NOT NULL DEFAULT '[]';
