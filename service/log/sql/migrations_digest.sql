-- Returns the digest of migration $1 as it ran here, or no row.
SELECT m.digest FROM public.numbering_migration AS m WHERE m.name = $1;
