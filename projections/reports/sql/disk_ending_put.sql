-- SQLite: keeps an ending, in place of the one that is known by its number.
INSERT OR REPLACE INTO ending (series, number, body) VALUES (?, ?, ?)
