"""What a client should do about each error code: the one home of these sentences. A test compares it with the table.

The message of a refusal says what is wrong with this one request; the advice holds for every request with the code.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

WHAT_TO_DO: Final[Mapping[str, str]] = MappingProxyType(
    {
        "answer_too_large": "The command was done: read its reply over HTTP, at the address that the message names.",
        "cannot_unvoid_draft": "Nothing: a voided draft stays voided. Save a new draft.",
        "chronology_violation": "Send a date that the message allows, or `force_chronology: false` if it is intended.",
        "device_id_missing": "Lock with the token of a device session; an API key has no device.",
        "expired_api_key": "Ask the operator for a new key.",
        "format_not_available": "Ask for a format that the message names.",
        "forbidden": "Ask as the device that holds the reservation.",
        "idempotency_answer_lost": "Do not repeat it: it was done. Look for what it made.",
        "idempotency_in_progress": "Repeat the request after `Retry-After`, under the same key.",
        "idempotency_key_reused": "Send a new request under a new key; repeat an old one with its old body.",
        "insufficient_permissions": "Ask as an admin's device or by an API key; over NATS use your own firm and mode.",
        "internal_server_error": "Give the operator the request id; repeat under the same Idempotency-Key.",
        "invalid_api_key": "Check that the credential is complete; if it is, ask the operator for a new one.",
        "invalid_field_value": "Correct the field that `param` names.",
        "invalid_format": "Correct the syntax of what `param` or the message names.",
        "invalid_request": "Correct every field that `errors` names.",
        "invoice_already_storned": "Void or delete the reversal first, or leave the invoice as it is.",
        "invoice_already_voided": "Nothing if it should be voided; otherwise unvoid it first.",
        "invoice_cannot_be_deleted": "Void it instead: only drafts and voided invoices can be deleted.",
        "invoice_cannot_be_storned": "Reverse issued fiscal invoices only, and unvoid an invoice before its reversal.",
        "invoice_is_storno": "Leave the reversal as it was issued; void it if it is wrong.",
        "invoice_not_last_in_series": "Leave it voided: only the last number of a series can be withdrawn.",
        "invoice_not_voided": "Nothing: the invoice stands.",
        "listing_too_long": "Ask for a format that the message names; a PDF holds 10,000 rows.",
        "method_not_allowed": "Use a method that the header `Allow` lists.",
        "missing_api_key": "Send the header `Authorization: Bearer <API key or session token>`.",
        "missing_required_field": "Send the field that `param` names.",
        "not_a_gap": "Explain only numbers that the gap report lists.",
        "not_sealed": "Ask again after `Retry-After`: the next note covers the events.",
        "pending_limit_reached": "Use or release reserved numbers before you reserve more.",
        "rate_limit_exceeded": "Wait for `retry_after` seconds. Each process of the service counts for itself.",
        "read_only_credential": "Write with another credential: an auditor's only reads.",
        "receipt_too_large": "Ask for fewer numbers, or without contents; the audit bundle has everything.",
        "request_timeout": "Send headers and body faster, or a smaller body.",
        "request_too_large": "Send a smaller body.",
        "reservation_already_consumed": "Read the invoice: it exists. A repeat must carry the first key.",
        "reservation_device_mismatch": "Use the token on the device that reserved it.",
        "reservation_expired": "Use another token; this number is a gap, with its reason.",
        "reservation_missing": "Check that the token is complete and belongs to this firm and mode.",
        "reservation_not_pending": "Use another token; this number was released and is a gap, with its reason.",
        "reservation_series_mismatch": "Leave `series_id` out, or name the series of the token.",
        "resource_already_exists": "Use the series that the message names, or another name or format.",
        "resource_changed": "Read the invoice again, then decide again.",
        "resource_missing": "Check path and id: what is deleted, or of another firm or mode, is not found.",
        "series_exhausted": "Take fewer numbers, or open another series.",
        "series_in_use": "Open another series: one with documents keeps its definition.",
        "series_locked_other_device": "Ask as the device that holds the lock, or unlock with `force: true`.",
        "series_locked_to_device": "Issue from the device that holds the lock, or unlock with `force: true`.",
        "series_not_locked_to_device": "Lock the series with this device, then reserve.",
        "service_unavailable": "Repeat the request after `Retry-After`, under the same Idempotency-Key.",
        "unsupported_media_type": "Send the body without compression.",
    }
)
