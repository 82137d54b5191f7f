-- A function that returns the documents of a partition that have `search` in their full number, or in their client's name
-- or tax id, all folded as people type them. What an erased content said is not found.
CREATE FUNCTION found(firm_id text, mode text, search text) RETURNS TABLE (document_id text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH pattern AS MATERIALIZED (
        SELECT '%' || replace(replace(replace(log.folded(found.search), '\', '\\'), '%', '\%'), '_', '\_') || '%' AS folded
    )
    SELECT i.document_id
    FROM invoice AS i
    WHERE i.firm_id = found.firm_id
        AND i.mode = found.mode
        AND log.folded(i.full_number) LIKE (SELECT p.folded FROM pattern AS p)
    UNION
    SELECT i.document_id
    FROM log.searchable AS s
    INNER JOIN invoice AS i ON i.content = encode(s.digest, 'hex')
    WHERE i.firm_id = found.firm_id
        AND i.mode = found.mode
        AND s.words LIKE (SELECT p.folded FROM pattern AS p);
END
