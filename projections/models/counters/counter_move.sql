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
    $1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::bigint[]
) AS m (series_id, position, taken, standing, voided, withdrawn, pending, released, expired, lost)
WHERE c.series_id = m.series_id
