-- Adds to the tree and keeps its note, all or nothing; arguments, locks and errors as evidence.seal has them.
SELECT evidence.seal($1, $2, $3, $4::smallint[], $5::bigint[], $6::integer[], $7::bytea[], $8);
