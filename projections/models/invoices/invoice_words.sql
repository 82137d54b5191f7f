-- Makes the contents with the digests $1, of the documents $2, searchable by the names $3 and tax ids $4 of their
-- clients; log.searchable is erased together with log.content.
SELECT log.make_searchable($1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[])
