-- Returns whether this session may rebuild projection $1. Takes an advisory lock until the session ends. The lock only
-- saves useless work: the rows of the projection are guarded by the lock of its checkpoint.
SELECT pg_try_advisory_lock(hashtext('numbering.rebuild'), hashtext($1))
