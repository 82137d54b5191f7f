-- Returns the series of firm $1 in mode $2 that have a counter, in the order of their ids; locks nothing.
SELECT c.series_id FROM counters.counter AS c WHERE c.firm_id = $1 AND c.mode = $2 ORDER BY c.series_id
