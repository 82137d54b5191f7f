-- SQLite: adds a document; changes no row if it is known.
INSERT OR IGNORE INTO document (id) VALUES (?)
