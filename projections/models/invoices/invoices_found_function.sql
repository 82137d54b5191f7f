-- A function that returns the documents of a partition that have `search` in their full number, or in their client's name
-- or tax id, all folded as people type them. What an erased content said is not found. PostgreSQL puts this into the
-- statement, folds the pattern once, and begins with what it expects to be less: the words or the firm's documents.
CREATE FUNCTION found(firm_id text, mode text, search text) RETURNS TABLE (document_id text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT i.document_id
    FROM invoice AS i
    WHERE i.firm_id = found.firm_id
        AND i.mode = found.mode
        AND log.folded(i.full_number) LIKE
            '%' || replace(replace(replace(log.folded(found.search), '\', '\\'), '%', '\%'), '_', '\_') || '%'
    UNION
    SELECT i.document_id
    FROM log.searchable AS s
    INNER JOIN invoice AS i ON i.document_id = s.document_id AND s.digest = decode(i.content, 'hex')
    WHERE i.firm_id = found.firm_id
        AND i.mode = found.mode
        AND s.words LIKE
            '%' || replace(replace(replace(log.folded(found.search), '\', '\\'), '%', '\%'), '_', '\_') || '%';
END
