-- Returns the name of firm $1; no row if there is no such firm.
SELECT f.name FROM access.firm AS f WHERE f.firm_id = $1
