-- SQLite: returns the ending of a series that is known by a number.
SELECT e.body FROM ending AS e WHERE e.series = ? AND e.number = ?
