-- Returns the next number of the series; locks its row until the commit, and raises 55P03 if another session has it.
SELECT s.next_number FROM naive.series AS s WHERE s.series_id = $1 FOR UPDATE NOWAIT;
