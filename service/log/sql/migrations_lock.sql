-- Keeps other migrating processes out until the transaction ends.
LOCK TABLE public.numbering_migration IN SHARE ROW EXCLUSIVE MODE;
