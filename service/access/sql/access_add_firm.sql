-- Adds firm $1 with the name $2.
INSERT INTO access.firm (firm_id, name) VALUES ($1, $2);
