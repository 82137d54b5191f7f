-- Returns whether there is a firm $1. Locks nothing.
SELECT EXISTS (SELECT FROM access.firm AS f WHERE f.firm_id = $1);
