-- A function that returns the documents of a partition that match and were not deleted; a null argument matches all.
-- The service records no payments, so no document is ever paid (CONTRACT.md D80). A document that a standing one reverses
-- is neither unpaid nor overdue (D93). Each status is written out, so that PostgreSQL sees which index has it.
CREATE FUNCTION matching(
    firm_id text, mode text, today date, client_id text, series_id text, is_paid boolean, is_void boolean,
    document_type text, status text, currency text, start_date date, end_date date
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
                AND i.reversal IS NULL
            )
        )
        AND (matching.is_void IS NULL OR (matching.is_void AND i.fate = 'voided') OR (NOT matching.is_void AND i.fate = 'standing'))
        AND (matching.document_type IS NULL OR i.document_type = matching.document_type)
        AND (
            matching.status IS NULL
            OR (matching.status = 'voided' AND i.fate = 'voided')
            OR (matching.status = 'draft' AND i.fate = 'standing' AND i.number IS NULL)
            OR (
                matching.status = 'overdue'
                AND i.fate = 'standing'
                AND i.number IS NOT NULL
                AND i.due_date < matching.today
                AND i.reversal IS NULL
            )
            OR (
                matching.status = 'issued'
                AND i.fate = 'standing'
                AND i.number IS NOT NULL
                AND (i.due_date < matching.today AND i.reversal IS NULL) IS NOT TRUE
            )
        )
        AND (matching.currency IS NULL OR i.currency = matching.currency)
        AND (matching.start_date IS NULL OR i.date >= matching.start_date)
        AND (matching.end_date IS NULL OR i.date <= matching.end_date);
END
