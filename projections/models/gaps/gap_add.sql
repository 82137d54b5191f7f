-- Adds gaps, each with the facts of its reservation. They are read from the log, from the event at
-- `reserved_position`. A withdrawn number comes without this position: it is read from the event that put a document on
-- the number. Lost numbers were reserved by no event that the log has; theirs is the event that steps over them, which
-- names no device. A gap whose reservation the log lacks is not added. Raises unique_violation if a gap exists.
INSERT INTO gap (
    series_id, first, last, reason, device_id, reserved_at, reserved_by, expires_at, ended_at, ended_by,
    reserved_position, ended_position, reason_text, full_number
)
SELECT
    g.series_id,
    g.first,
    g.last,
    g.reason,
    r.record::jsonb #>> '{event,device_id}',
    r.at,
    concat(r.record::jsonb #>> '{actor,kind}', ':', r.record::jsonb #>> '{actor,id}'),
    CASE
        WHEN r.record::jsonb #>> '{event,token_key}' IS NOT NULL THEN (r.record::jsonb #>> '{event,expires_at}')::bigint
    END,
    g.ended_at,
    g.ended_by,
    r.position,
    g.ended_position,
    g.reason_text,
    g.full_number
FROM unnest(
    $2::text::text[], $3::text::bigint[], $4::text::bigint[], $5::text::text[], $6::text::bigint[], $7::text::text[], $8::text::bigint[], $9::text::bigint[],
    $10::text::text[], $11::text::text[]
) AS g (
    series_id, first, last, reason, ended_at, ended_by, reserved_position, ended_position, reason_text, full_number
)
LEFT JOIN log.event AS c
    ON g.reserved_position IS NULL AND g.series_id = c.stream AND g.first = c.number
    AND c.tag LIKE 'reservation-consumed/%'
INNER JOIN log.event AS r
    ON r.log_id = $1 AND r.position = COALESCE(g.reserved_position, (c.record::jsonb #>> '{event,reservation}')::bigint)
