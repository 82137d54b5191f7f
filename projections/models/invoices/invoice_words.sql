-- Makes the contents with the digests $1, of the documents $2, searchable by the names $3 and tax ids $4 of their
-- clients; log.searchable is erased together with log.content. Those that are searchable already, as in a rebuild, are
-- left alone: to lock their contents would write each of them again.
SELECT log.make_searchable(
    array_agg(w.digest), array_agg(w.document_id), array_agg(w.name), array_agg(w.tax_id)
)
FROM unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[])
    AS w (digest, document_id, name, tax_id)
WHERE NOT EXISTS (
    SELECT FROM log.searchable AS s WHERE s.digest = decode(w.digest, 'hex') AND s.document_id = w.document_id
)
HAVING count(*) > 0
