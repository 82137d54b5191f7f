-- SQLite: makes the table of the documents that have a number.
CREATE TABLE document (id text NOT NULL PRIMARY KEY) WITHOUT ROWID
