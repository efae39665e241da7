-- How long answers are likely to be: the calibration that was put into force last.
CREATE TABLE calibration (
    place        INTEGER NOT NULL CHECK (place = 1),  -- there is one
    version      TEXT    NOT NULL,
    calibration  TEXT    NOT NULL,  -- canonical JSON
    published_at INTEGER NOT NULL,
    PRIMARY KEY (place)
) STRICT;
