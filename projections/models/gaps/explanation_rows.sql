-- Returns every row as text, in the order of the primary key.
SELECT row_to_json(e)::text FROM explanation AS e ORDER BY e.series_id, e.position
