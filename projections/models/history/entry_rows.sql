-- Returns every row as text, in the order of the primary key.
SELECT row_to_json(e)::text FROM entry AS e ORDER BY e.log_id, e.position
