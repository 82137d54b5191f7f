-- A trigger that counts the documents in `changed` in or out; its argument is 1 or -1. It runs with the search path of the
-- copy. Locks the rows of `total` that it changes.
CREATE FUNCTION count_documents() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    WITH days AS (
        SELECT
            c.firm_id, c.mode, c.date, c.series_id, c.due_date, c.document_type, c.currency, c.fate,
            c.number IS NOT NULL AS is_numbered,
            c.reverses IS NOT NULL AS is_reversal,
            c.reversal IS NOT NULL AS is_reversed,
            count(*) AS documents,
            COALESCE(sum(c.subtotal_ron), 0) AS subtotal_ron,
            COALESCE(sum(c.vat_ron), 0) AS vat_ron,
            COALESCE(sum(c.total_ron), 0) AS total_ron
        FROM changed AS c
        WHERE c.fate <> 'withdrawn'
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    )
    INSERT INTO total AS t (
        firm_id, mode, grain, date, series_id, due_date, document_type, currency, fate, is_numbered, is_reversal,
        is_reversed, documents, subtotal_ron, vat_ron, total_ron
    )
    SELECT
        d.firm_id,
        d.mode,
        g.grain,
        CASE WHEN g.grain = 'day' THEN d.date END,
        CASE WHEN g.grain <> 'whole' THEN d.series_id END,
        CASE WHEN g.grain = 'day' THEN d.due_date END,
        d.document_type,
        d.currency,
        d.fate,
        d.is_numbered,
        d.is_reversal,
        d.is_reversed,
        TG_ARGV[0]::bigint * sum(d.documents),
        TG_ARGV[0]::bigint * sum(d.subtotal_ron),
        TG_ARGV[0]::bigint * sum(d.vat_ron),
        TG_ARGV[0]::bigint * sum(d.total_ron)
    FROM days AS d
    CROSS JOIN (VALUES ('whole'), ('series'), ('day')) AS g (grain)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    ON CONFLICT ON CONSTRAINT total_is_kept_once DO UPDATE SET
        documents = t.documents + excluded.documents,
        subtotal_ron = t.subtotal_ron + excluded.subtotal_ron,
        vat_ron = t.vat_ron + excluded.vat_ron,
        total_ron = t.total_ron + excluded.total_ron;
    RETURN NULL;
END;
$$
