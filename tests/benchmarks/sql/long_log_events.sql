-- Writes the events $1 to $2 of the log that long_log.py describes, as `log.append` would.
WITH placed AS (
    SELECT
        p.position, (p.position - 1) % 100 AS series, (p.position - 1) / 100 AS turn,
        (p.position - 101) / 1000 AS block, ((p.position - 101) / 100) % 10 AS step
    FROM generate_series($1::bigint, $2::bigint) AS p (position)
),
counted AS (
    SELECT
        p.*, concat('series', lpad(p.series::text, 4, '0')) AS stream, concat('firm_', p.series / 10) AS firm_id,
        p.block * 9 + 1 AS first, p.block * 9 + p.step AS number, p.position - p.step * 100 AS reserved,
        1780000000 + p.position / 50 AS at, to_hex(p.position) AS hexadecimal,
        CASE
            WHEN p.turn = 0 THEN 'series-opened/1'
            WHEN p.step = 0 THEN 'numbers-reserved/1'
            WHEN p.step = 9 THEN 'reservation-released/1'
            ELSE 'reservation-consumed/1'
        END AS tag
    FROM placed AS p
),
named AS (
    SELECT
        c.*, concat('inv_', lpad(c.position::text, 10, '0')) AS document_id,
        concat('FACT', c.series, '-', lpad(c.number::text, greatest(5, length(c.number::text)), '0')) AS full_number
    FROM counted AS c
)
INSERT INTO log.event (log_id, position, stream, version, firm_id, mode, at, tag, number, document_id, record)
SELECT
    1, n.position, n.stream, n.turn + 1, n.firm_id, 'live', n.at, n.tag,
    CASE WHEN n.turn > 0 AND n.step > 0 THEN n.number END,
    CASE WHEN n.tag = 'reservation-consumed/1' THEN n.document_id END,
    concat(
        '{"log":1,"position":', n.position, ',"stream":"', n.stream, '","series_name":"FACT', n.series,
        '","version":', n.turn + 1, ',"previous":', CASE WHEN n.turn > 0 THEN n.position - 100 ELSE 0 END,
        ',"firm_id":"', n.firm_id, '","mode":"live","at":', n.at,
        ',"actor":{"kind":"session","id":"', n.series, '","user_id":7},"device_id":"till-', n.series,
        '","command_id":"', lpad(n.hexadecimal, 32, '0'),
        '","idempotency_key":"0f8fad5b-d9cb-469f-a165-', lpad(n.hexadecimal, 12, '0'),
        '","event":{"type":"', n.tag,
        CASE n.tag
            WHEN 'series-opened/1' THEN concat(
                '","name":"FACT', n.series, '","document_type":"fiscal","description":null,"format":"{number}",',
                '"start_number":1,"year":2026,"is_primary":false,"replaces":null'
            )
            WHEN 'numbers-reserved/1' THEN concat(
                '","first":', n.first, ',"last":', n.first + 8, ',"device_id":"till-', n.series,
                '","expires_at":1790000000,"token_key":"k1","token_nonce":null'
            )
            WHEN 'reservation-released/1' THEN concat('","reservation":', n.reserved, ',"number":', n.number)
            ELSE concat(
                '","reservation":', n.reserved, ',"number":', n.number, ',"full_number":"', n.full_number,
                '","document_id":"', n.document_id, '","date":"2026-05-28","content":"', lpad(n.hexadecimal, 64, '0'),
                '","client_local_uuid":null,"reverses":null'
            )
        END,
        '}}'
    )
FROM named AS n
ORDER BY n.position;
