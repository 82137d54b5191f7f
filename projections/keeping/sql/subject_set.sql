-- Names the schema $1, and the name or definition $2 that it gets, for the schema_*.sql statements of this transaction:
-- DDL takes no parameters.
SELECT set_config('projections.schema', $1, TRUE), set_config('projections.gets', $2, TRUE)
