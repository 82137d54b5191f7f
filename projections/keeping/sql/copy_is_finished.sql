-- Returns whether this copy has its indexes. Raises undefined_table if there is no such copy.
SELECT COALESCE(obj_description('checkpoint'::regclass, 'pg_class') = 'indexed', FALSE)
