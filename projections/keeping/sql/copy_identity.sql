-- Returns the identity of table $1, which changes when a rebuilt copy takes its name; null if there is none.
SELECT to_regclass($1)::oid::bigint
