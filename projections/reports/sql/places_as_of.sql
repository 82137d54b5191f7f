-- Returns the position of log $1 up to which both the register and the gaps are filled; no row while one is not.
SELECT least(r.position, g.position)
FROM register.checkpoint AS r
INNER JOIN gaps.checkpoint AS g ON r.log_id = g.log_id
WHERE r.log_id = $1
