-- Moves log $1 from position $2 to $3, whose event is of time $4; no row if it is not at $2.
UPDATE checkpoint AS c SET position = $3, at = $4 WHERE c.log_id = $1 AND c.position = $2
