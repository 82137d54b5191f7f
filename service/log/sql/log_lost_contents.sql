-- Returns those of the digests $1 whose contents are lost; locks nothing.
SELECT l.digest FROM log.lost_content AS l WHERE l.digest = ANY($1);
