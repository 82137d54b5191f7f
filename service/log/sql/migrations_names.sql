-- Returns the migrations that ran on this database, in order, each with the oldest schema whose release runs with it and
-- the release it came with; nulls from a release that did not note them. Locks nothing. The columns are not named, because
-- a database of an earlier release does not have them.
SELECT
    m.name,
    (to_jsonb(m) ->> 'runs_with')::integer AS runs_with,
    to_jsonb(m) ->> 'release' AS release
FROM public.numbering_migration AS m
ORDER BY m.name;
