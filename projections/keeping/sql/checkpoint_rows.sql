-- Returns every row as text, in the order of the primary key.
SELECT row_to_json(c)::text FROM checkpoint AS c ORDER BY c.log_id
