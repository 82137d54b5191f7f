-- A function that returns the columns for filters and sorting from the content with this digest; no row if the content
-- was erased.
CREATE FUNCTION facts(digest text) RETURNS TABLE (
    client_id text, currency text, due_date date, date date, document_type text, series_id text,
    subtotal_ron numeric, vat_ron numeric, total_ron numeric
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        b.client_id, b.currency, b.due_date, b.date, b.document_type, b.series_id,
        (b.amounts_ron ->> 'subtotal')::numeric,
        (b.amounts_ron ->> 'vat_amount')::numeric,
        (b.amounts_ron ->> 'total')::numeric
    FROM log.content AS k
    CROSS JOIN LATERAL jsonb_to_record(k.body::jsonb) AS b (
        client_id text, currency text, due_date date, date date, document_type text, series_id text, amounts_ron jsonb
    )
    WHERE k.digest = decode(facts.digest, 'hex');
END
