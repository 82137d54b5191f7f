-- Keeps the line $5 of the key $3 with id $4 under the note of log $1 with size $2.
SELECT evidence.cosign($1, $2, $3, $4, $5);
