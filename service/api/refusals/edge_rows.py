"""The rows of the table for the faults of a request that no rule of the log found (CONTRACT.md section 4)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from service.api.refusals import causes as edge
from service.api.refusals.row import API, AUTH, FIELDS, FORBIDDEN, INVALID, Row

EDGE_ROWS: Final[Mapping[type, Row]] = MappingProxyType(
    {
        edge.CredentialMissing: Row(
            401,
            AUTH,
            "missing_api_key",
            "No credential: send the header Authorization: Bearer <API key or session token>.",
        ),
        edge.CredentialInvalid: Row(
            401,
            AUTH,
            "invalid_api_key",
            "This credential is unknown, revoked or expired; ask the operator of the service for a new one.",
        ),
        edge.CredentialExpired: Row(
            401, AUTH, "expired_api_key", "This API key has expired; ask the operator of the service for a new one."
        ),
        edge.PathUnknown: Row(
            404, INVALID, "resource_missing", "There is nothing at this path; /docs lists all paths."
        ),
        edge.MethodWrong: Row(405, INVALID, "method_not_allowed", "This path allows only {allowed}."),
        edge.BodyTooLarge: Row(
            413, INVALID, "request_too_large", "The body is larger than {bytes_max} bytes; send less in one request."
        ),
        edge.BodyEncoded: Row(
            415,
            INVALID,
            "unsupported_media_type",
            "Bodies are not unpacked; send the body as it is, without a Content-Encoding such as gzip.",
        ),
        edge.AnswerTooLarge: Row(
            413,
            INVALID,
            "answer_too_large",
            "The request was done, but its reply of {size} bytes exceeds the {size_max} bytes that NATS carries here; "
            "get the reply over HTTP: {place}.",
        ),
        edge.RequestTooSlow: Row(
            408, INVALID, "request_timeout", "The {part} did not arrive within {seconds} seconds; send it at once."
        ),
        edge.BodyUnreadable: Row(400, FIELDS, "invalid_format", "The body cannot be read: {why}."),
        edge.RequestUnreadable: Row(400, FIELDS, "invalid_format", "The request is not HTTP that we accept: {why}."),
        edge.ParameterWrong: Row(400, FIELDS, "invalid_field_value", "{param} must be {must_be}."),
        edge.NumberUntaken: Row(
            404,
            INVALID,
            "resource_missing",
            "Number {number} was never taken from series {series_id}, so there is nothing to report about it.",
            param="number",
        ),
        edge.NotSealedYet: Row(
            409,
            INVALID,
            "not_sealed",
            "The events end at position {position}, and what is sealed ends at {size}; ask again in a second. If it "
            "stays so, nothing is sealed here: ask the operator of the service.",
            retry_after=1,
        ),
        edge.ReceiptTooLarge: Row(
            409,
            INVALID,
            "receipt_too_large",
            "These numbers have more than 1000 events, or 4 MiB of events and contents; "
            "ask for fewer numbers, or without contents.",
        ),
        edge.AuditorOnlyReads: Row(
            403,
            FORBIDDEN,
            "read_only_credential",
            "This credential is an auditor's: it reads everything of the firm and writes nothing. Nothing was done.",
        ),
        edge.NotAnAdmin: Row(
            403,
            FORBIDDEN,
            "insufficient_permissions",
            "Only an admin's session or an API key of the firm may ask for this; ask an admin.",
        ),
        edge.NotSealed: Row(
            409,
            INVALID,
            "not_sealed",
            "The log is not sealed up to that moment yet: that takes a second or so where a process seals it. Ask "
            "again, or of an earlier moment.",
            retry_after=1,
        ),
        edge.ContentMissing: Row(
            404,
            INVALID,
            "resource_missing",
            "The content of invoice {document_id} was {became}, so the invoice cannot be changed or reversed.",
            param="id",
        ),
        edge.SubjectOfOthers: Row(
            403,
            FORBIDDEN,
            "insufficient_permissions",
            "The subject names another firm or mode than your credential; use a subject of your own firm and mode.",
        ),
        edge.FormatNotAvailable: Row(
            406, INVALID, "format_not_available", "{wanted} can be given; there are: {others}.", param="format"
        ),
        edge.ListingTooLong: Row(
            400,
            INVALID,
            "listing_too_long",
            "The report has more than the {rows_max} rows that {format} holds; ask for {others}.",
            param="format",
        ),
        edge.RateExceeded: Row(
            429,
            "rate_limit_error",
            "rate_limit_exceeded",
            "More than {limit} requests in this minute; wait {retry_after} seconds.",
        ),
        edge.Unavailable: Row(
            503,
            API,
            "service_unavailable",
            "{why} Repeat the request, with its Idempotency-Key if it had one.",
            retry_after=2,
        ),
        edge.Unexpected: Row(
            500,
            API,
            "internal_server_error",
            "The service has a defect; give the request id to its operator, who finds the details in the log.",
        ),
    }
)
