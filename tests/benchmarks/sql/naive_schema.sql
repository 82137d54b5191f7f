-- Makes room for the tables of the naive counter.
CREATE SCHEMA naive;
