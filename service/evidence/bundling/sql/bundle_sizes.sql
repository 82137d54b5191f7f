-- Returns the sizes and texts of the notes of log $1 that are larger than $2 and not larger than $3, at most 1,000, in
-- order. Locks nothing.
SELECT n.size, n.note FROM evidence.present_note AS n
WHERE n.log_id = $1 AND n.size > $2 AND n.size <= $3
ORDER BY n.size
LIMIT 1000;
