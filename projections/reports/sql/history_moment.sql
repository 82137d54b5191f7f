-- Returns where the projection of the history stands in log $1.
SELECT k.position, k.at FROM history.checkpoint AS k WHERE k.log_id = $1
