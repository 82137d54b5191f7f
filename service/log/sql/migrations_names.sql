-- Returns the migrations that ran on this database, in order; locks nothing.
SELECT m.name FROM public.numbering_migration AS m ORDER BY m.name;
