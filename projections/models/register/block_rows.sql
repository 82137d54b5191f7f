-- Returns every row as text, in the order of the primary key.
SELECT row_to_json(b)::text FROM block AS b ORDER BY b.series_id, b.last
