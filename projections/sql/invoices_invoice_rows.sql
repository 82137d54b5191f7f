-- Returns every row as text, in the order of the primary key.
SELECT row_to_json(i)::text FROM invoice AS i ORDER BY i.document_id
