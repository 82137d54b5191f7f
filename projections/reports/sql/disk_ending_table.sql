-- SQLite: makes the table of endings, each known by its series and its last number.
CREATE TABLE ending (
    series integer NOT NULL,
    number integer NOT NULL,
    body blob NOT NULL,
    PRIMARY KEY (series, number)
) WITHOUT ROWID
