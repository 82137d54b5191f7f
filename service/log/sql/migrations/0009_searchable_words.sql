-- 0009: a batch of contents becomes searchable in less time: whoever has read them gives the words, and the document that
-- a content belongs to, so that no index of the documents by content is needed.

SET LOCAL ROLE numbering_owner;

-- Null in rows that an earlier release wrote, until the projection of invoices is rebuilt.
ALTER TABLE log.searchable ADD COLUMN document_id text;

-- The same function as in 0008, with a short way for what most texts are: ASCII with single blanks, which only needs
-- lower case. Not STRICT any more, because PostgreSQL would then call it and not put it into the statement.
CREATE OR REPLACE FUNCTION log.folded(given text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
        WHEN octet_length(given) = char_length(given) AND strpos(given, '  ') = 0
            AND given = translate(given, E'\t\n\x0B\f\r', '')
            THEN lower(given)
        ELSE replace(replace(replace(replace(
            translate(
                lower(regexp_replace(regexp_replace(normalize(given, NFKD), '[\u0300-\u036F]', '', 'g'), '\s+', ' ', 'g')),
                'ıłøđðħŧ', 'iloddht'
            ),
            'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th')
    END;
END;

-- Makes the contents with these digests (hexadecimal) searchable by the names and tax ids of the clients of these
-- documents, as far as they are not erased. A content that is being erased meanwhile is waited for: its row is locked,
-- so that no word of it outlives it.
CREATE FUNCTION log.make_searchable(p_digests text[], p_documents text[], p_names text[], p_tax_ids text[]) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO log.searchable AS s (digest, document_id, words)
    SELECT k.digest, w.document_id, concat_ws(chr(10), log.folded(w.name), log.folded(w.tax_id))
    FROM unnest(p_digests, p_documents, p_names, p_tax_ids) AS w (digest, document_id, name, tax_id)
    INNER JOIN log.content AS k ON k.digest = decode(w.digest, 'hex')
    FOR KEY SHARE OF k
    ON CONFLICT (digest) DO UPDATE SET document_id = excluded.document_id WHERE s.document_id IS NULL;
END;

REVOKE ALL ON FUNCTION log.make_searchable(text[], text[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.make_searchable(text[], text[], text[], text[]) TO numbering_projector;

RESET ROLE;
