-- Returns every row as text, in the order of the primary key.
SELECT row_to_json(g)::text FROM gap AS g ORDER BY g.series_id, g.first
