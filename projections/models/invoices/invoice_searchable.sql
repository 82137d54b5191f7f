-- Makes the contents with the digests $1 searchable; log.searchable is erased together with log.content.
SELECT log.make_searchable($1::text[])
