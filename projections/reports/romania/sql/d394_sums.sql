-- Returns for each of the series $1 of firm $2 in mode $3 its highest and lowest numbers: those taken before the times
-- $4 and $5, and those on documents dated before $6, and from $6 to $7. Each of them is null if there is none. Documents
-- that were withdrawn are found by their endings, because the index of a series leaves them out.
SELECT
    s.series_id,
    greatest(e.taken_before, b.taken_before) AS taken_before,
    greatest(e.taken, b.taken) AS taken,
    greatest(d.dated_before, w.dated_before) AS dated_before,
    least(d.dated_first, w.dated_first) AS dated_first,
    greatest(d.dated_last, w.dated_last) AS dated_last
FROM unnest($1::text[]) AS s (series_id)
CROSS JOIN LATERAL (
    SELECT
        max(e.last) FILTER (WHERE e.reserved_at < $4::bigint) AS taken_before,
        max(e.last) FILTER (WHERE e.reserved_at < $5::bigint) AS taken
    FROM register.ending AS e
    WHERE e.series_id = s.series_id
) AS e
CROSS JOIN LATERAL (
    SELECT
        max(b.last) FILTER (WHERE b.reserved_at < $4::bigint) AS taken_before,
        max(b.last) FILTER (WHERE b.reserved_at < $5::bigint) AS taken
    FROM register.block AS b
    WHERE b.series_id = s.series_id
) AS b
CROSS JOIN LATERAL (
    SELECT
        max(i.number) FILTER (WHERE i.date < $6::date) AS dated_before,
        min(i.number) FILTER (WHERE i.date BETWEEN $6::date AND $7::date) AS dated_first,
        max(i.number) FILTER (WHERE i.date BETWEEN $6::date AND $7::date) AS dated_last
    FROM invoices.invoice AS i
    WHERE i.firm_id = $2 AND i.mode = $3 AND i.series_id = s.series_id AND i.fate <> 'withdrawn' AND i.number IS NOT NULL
) AS d
CROSS JOIN LATERAL (
    SELECT
        max(i.number) FILTER (WHERE i.date < $6::date) AS dated_before,
        min(i.number) FILTER (WHERE i.date BETWEEN $6::date AND $7::date) AS dated_first,
        max(i.number) FILTER (WHERE i.date BETWEEN $6::date AND $7::date) AS dated_last
    FROM register.ending AS e
    INNER JOIN invoices.invoice AS i ON e.document_id = i.document_id
    WHERE e.series_id = s.series_id AND e.fate = 'withdrawn'
) AS w
