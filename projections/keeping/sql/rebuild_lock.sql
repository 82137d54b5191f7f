-- Returns whether this session now is the one that rebuilds projection $1. An operator's convenience, held until the
-- session ends: the rows of the projection are guarded by its checkpoint.
SELECT pg_try_advisory_lock(hashtext('numbering.rebuild'), hashtext($1))
