-- Adds to the terms of each series what a batch changed. Raises check_violation if the equation would not hold.
UPDATE counter AS c
SET
    position = m.position,
    next_number = c.next_number + m.taken,
    standing = c.standing + m.standing,
    voided = c.voided + m.voided,
    withdrawn = c.withdrawn + m.withdrawn,
    pending = c.pending + m.pending,
    released = c.released + m.released,
    expired = c.expired + m.expired,
    lost = c.lost + m.lost
FROM unnest(
    $1::text::text[], $2::text::bigint[], $3::text::bigint[], $4::text::bigint[], $5::text::bigint[], $6::text::bigint[], $7::text::bigint[], $8::text::bigint[],
    $9::text::bigint[], $10::text::bigint[]
) AS m (series_id, position, taken, standing, voided, withdrawn, pending, released, expired, lost)
WHERE c.series_id = m.series_id
