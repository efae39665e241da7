-- How long answers are likely to be: the calibration that was put into force last.
CREATE TABLE calibration (
    place        integer NOT NULL CHECK (place = 1),  -- there is one
    version      text COLLATE "C" NOT NULL,
    calibration  text COLLATE "C" NOT NULL,  -- canonical JSON
    published_at bigint NOT NULL,
    PRIMARY KEY (place)
);
