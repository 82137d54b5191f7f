-- Gives the next number of a series to a device: the whole transaction in one call. Locks the row of the series.
CREATE FUNCTION naive.take(p_series_id text, p_device_id text) RETURNS bigint
LANGUAGE sql
AS $$
    WITH moved AS (
        UPDATE naive.series AS s SET next_number = s.next_number + 1
        WHERE s.series_id = p_series_id
        RETURNING s.series_id, s.next_number - 1 AS number
    )
    INSERT INTO naive.reservation AS r (series_id, number, device_id)
    SELECT m.series_id, m.number, p_device_id FROM moved AS m
    RETURNING r.number;
$$;
