-- Names the schema, and the name or the definition it gets, for the schema_*.sql statements of this transaction: DDL
-- takes no parameters.
SELECT set_config('projections.schema', $1, TRUE), set_config('projections.gets', $2, TRUE)
