-- Keeps the verifier key $3 of log $1 under its id $2, with the note $4 by which the key before passed on to it.
SELECT evidence.keep_key($1, $2, $3, $4);
