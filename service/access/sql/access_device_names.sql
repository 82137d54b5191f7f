-- Returns the device names of the sessions $1, as many as exist. Locks nothing.
SELECT s.session_id, s.device_name
FROM access.session AS s
WHERE s.session_id = ANY($1::bigint[]);
