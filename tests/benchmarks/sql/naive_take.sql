-- Returns the next number of the series, which the device then has.
SELECT naive.take($1, $2);
