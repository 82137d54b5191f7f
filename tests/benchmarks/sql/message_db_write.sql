-- Writes a message to the stream $2, after all others of its category, and returns its position in the stream.
SELECT message_store.write_message($1, $2, 'NumbersReserved', $3::jsonb);
