-- Makes the schema of the naive counter.
CREATE SCHEMA naive;
