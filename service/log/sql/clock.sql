-- Returns the server's clock, in Unix seconds; locks nothing.
SELECT extract(EPOCH FROM clock_timestamp()) AS now;
