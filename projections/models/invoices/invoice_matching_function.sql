-- A function that returns the documents of a partition that match and were not deleted; a null argument matches all.
-- The service records no payments, so no document is ever paid (CONTRACT.md D80). A document that a standing one reverses
-- is neither unpaid nor overdue (D93).
CREATE FUNCTION matching(
    firm_id text, mode text, today date, client_id text, series_id text, is_paid boolean, is_void boolean,
    document_type text, status text, currency text, start_date date, end_date date, search text
) RETURNS SETOF invoice
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT i.*
    FROM invoice AS i
    WHERE i.firm_id = matching.firm_id
        AND i.mode = matching.mode
        AND i.fate <> 'withdrawn'
        AND (matching.client_id IS NULL OR i.client_id = matching.client_id)
        AND (matching.series_id IS NULL OR i.series_id = matching.series_id)
        AND (
            matching.is_paid IS NULL
            OR (
                NOT matching.is_paid
                AND i.number IS NOT NULL
                AND i.fate = 'standing'
                AND i.reverses IS NULL
                AND NOT EXISTS (SELECT FROM invoice AS r WHERE r.reverses = i.document_id AND r.fate = 'standing')
            )
        )
        AND (matching.is_void IS NULL OR (i.fate = 'voided') = matching.is_void)
        AND (matching.document_type IS NULL OR i.document_type = matching.document_type)
        AND (
            matching.status IS NULL
            OR matching.status = CASE
                WHEN i.fate = 'voided' THEN 'voided'
                WHEN i.number IS NULL THEN 'draft'
                WHEN i.due_date < matching.today
                    AND NOT EXISTS (SELECT FROM invoice AS r WHERE r.reverses = i.document_id AND r.fate = 'standing')
                    THEN 'overdue'
                ELSE 'issued'
            END
        )
        AND (matching.currency IS NULL OR i.currency = matching.currency)
        AND (matching.start_date IS NULL OR i.date >= matching.start_date)
        AND (matching.end_date IS NULL OR i.date <= matching.end_date)
        AND (
            matching.search IS NULL
            OR i.document_id IN (
                SELECT f.document_id FROM found(matching.firm_id, matching.mode, matching.search) AS f
            )
        );
END
