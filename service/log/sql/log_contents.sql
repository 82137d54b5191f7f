-- Returns the contents with the digests $1 that have not been erased; locks nothing.
SELECT c.digest, c.salt, c.body FROM log.content AS c WHERE c.digest = ANY($1);
