-- SQLite: makes the file without a journal; returns how it is now.
PRAGMA journal_mode = OFF
