-- Moves the checkpoint of log $1 from position $2 to $3; $4 is the time of the event at $3.
-- Changes no row if the checkpoint is not at $2.
UPDATE checkpoint AS c SET position = $3, at = $4 WHERE c.log_id = $1 AND c.position = $2
