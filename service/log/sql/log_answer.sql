-- Returns what was answered under key $1, or no row; locks nothing.
SELECT a.request, a.outcome FROM log.answer AS a WHERE a.key = $1;
