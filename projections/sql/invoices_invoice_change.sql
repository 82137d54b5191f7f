-- Gives documents another fate; a document without a row changes nothing.
UPDATE invoice AS i
SET
    fate = c.fate,
    voided_at = c.voided_at,
    modified_at = c.modified_at,
    position = c.position,
    reason_content = c.reason_content
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])
    AS c (document_id, fate, voided_at, modified_at, position, reason_content)
WHERE i.document_id = c.document_id
