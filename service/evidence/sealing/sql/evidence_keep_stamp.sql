-- Keeps the time stamp $3 of the note of log $1 with size $2.
SELECT evidence.keep_stamp($1, $2, $3);
