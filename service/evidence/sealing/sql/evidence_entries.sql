-- Returns one row: the entries of the records of log $1 after position $2 up to $3, one after another, how many they
-- are, and whether each record says that it stands where it does. Locks nothing.
SELECT
    count(*) AS count,
    coalesce(string_agg(sha256(convert_to(e.record, 'UTF8')), ''::bytea ORDER BY e.position), ''::bytea) AS entries,
    coalesce(
        bool_and(starts_with(e.record, format('{"log":%s,"position":%s,', e.log_id, e.position))), TRUE
    ) AS are_in_place
FROM log.event AS e
WHERE e.log_id = $1 AND e.position > $2 AND e.position <= $3;
