-- Returns how many events log $1 has after position $2 and up to $3; and the first of them that says that it is of firm
-- $4 in mode $5 where its row says something else, null if there is none. In a text that a record holds, quotation marks
-- are escaped, so no text is taken for the field. Locks nothing.
SELECT
    count(*) AS count,
    min(e.position) FILTER (
        WHERE (e.firm_id, e.mode) <> ($4::text, $5::text)
        AND strpos(e.record, format('"firm_id":%s,"mode":%s,', to_json($4::text), to_json($5::text))) > 0
    ) AS hidden
FROM log.event AS e
WHERE e.log_id = $1 AND e.position > $2 AND e.position <= $3;
