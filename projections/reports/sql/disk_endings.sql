-- SQLite: returns the next endings of a series after a number, in order.
SELECT e.number, e.body FROM ending AS e WHERE e.series = ? AND e.number > ? ORDER BY e.number LIMIT ?
