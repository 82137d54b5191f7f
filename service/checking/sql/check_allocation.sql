-- Returns the start of the numbers of series $1, their end, and how many are between, as log.allocation has them; locks
-- nothing.
SELECT
    min(a.next) FILTER (WHERE a.first IS NULL) AS start, max(a.next) AS next,
    coalesce(sum(a.next - a.first), 0)::bigint AS taken
FROM log.allocation AS a
WHERE a.stream = $1;
