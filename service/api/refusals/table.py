"""What a request may be refused with, as a client sees it: ONE table from each cause to status, type, code and words.

CONTRACT.md section 4 and section 13. HTTP codes appear nowhere else.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict

from schemas import rejections as because
from schemas.api.envelope import ErrorKind
from schemas.rejections import Rejection
from service.api.refusals import causes as edge
from service.api.refusals.causes import EdgeProblem
from service.api.refusals.field_faults import FieldFault


class Row(Struct, frozen=True):
    """How one cause is answered. `message` and `details` may name the fields of the cause in braces."""

    status: int
    type: ErrorKind
    code: str
    message: str
    param: str | None = None
    retry_after: int | None = None
    details: Mapping[str, str] | None = None


class Refusal(Struct, frozen=True):
    """One answer to one request that was not done."""

    status: int
    type: ErrorKind
    code: str
    message: str
    param: str | None = None
    errors: Mapping[str, str] | None = None
    retry_after: int | None = None
    details: Mapping[str, str] | None = None
    """Further keys of the error object, by name."""


class RefusedError(Exception):
    """Ends the handling of a request; nothing was written because of it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def refused(cause: Rejection | EdgeProblem, *, param: str | None = None) -> RefusedError:
    """The exception that answers this cause; `param` where the field has another name in this request."""
    return RefusedError(refusal_of(cause, param=param))


def refusal_of(cause: Rejection | EdgeProblem, *, param: str | None = None) -> Refusal:
    """What a client sees of this cause."""
    row = TABLE[type(cause)]
    facts = asdict(cause)
    return Refusal(
        status=row.status,
        type=row.type,
        code=row.code,
        message=row.message.format(**facts),
        param=param or facts.get("param") or row.param,
        retry_after=facts.get("retry_after") or row.retry_after,
        details=row.details and {name: text.format(**facts) for name, text in row.details.items()},
    )


def bad_fields(faults: list[FieldFault]) -> RefusedError:
    """One field at fault: its own code; several: a map of them (CONTRACT.md D73)."""
    first = faults[0]
    if len(faults) == 1:
        refusal = Refusal(400, "validation_error", first.code, first.message, param=first.path)
    else:
        listed = {fault.path: fault.message for fault in faults[:FAULTS_SHOWN_MAX]}
        message = f"{len(faults)} fields are wrong: {', '.join(list(listed)[:5])}. See errors."
        refusal = Refusal(400, "validation_error", "invalid_request", message, errors=listed)
    return RefusedError(refusal)


FAULTS_SHOWN_MAX: Final = 100

_INVALID: Final = "invalid_request_error"
_FORBIDDEN: Final = "permission_error"
_WHO: Final = "authentication_error"
_FIELDS: Final = "validation_error"
_OURS: Final = "api_error"

TABLE: Final[Mapping[type, Row]] = MappingProxyType(
    {
        because.SeriesUnknown: Row(
            404,
            _INVALID,
            "resource_missing",
            "No invoice series {series_id} here; GET /v1/invoice-series lists yours.",
            "id",
        ),
        because.SeriesNameTaken: Row(
            409,
            _INVALID,
            "resource_already_exists",
            "A {document_type} series named {name} exists: {series_id}. Use it, or another name (in any case).",
            "name",
        ),
        because.SeriesInUse: Row(
            400,
            _INVALID,
            "series_in_use",
            "Series {series_id} has numbered documents and stays as it is; open another series instead.",
        ),
        because.NoPrimarySeries: Row(
            400,
            _FIELDS,
            "missing_required_field",
            "series_id is required: the firm has no primary {document_type} series to fall back on.",
            "series_id",
        ),
        because.DocumentTypeMismatch: Row(
            400,
            _FIELDS,
            "invalid_field_value",
            "document_type is {document_type}, but series {series_id} numbers {series_type} documents.",
            "document_type",
        ),
        because.SeriesExhausted: Row(
            409,
            _INVALID,
            "series_exhausted",
            "Series {series_id} stands at {next_number} and has not so many numbers left; open another series.",
        ),
        because.DeviceIdMissing: Row(
            403,
            _FORBIDDEN,
            "device_id_missing",
            "Only a device session with a device id can lock a series; call with the token of a login on the device.",
        ),
        because.LockHeldByOtherDevice: Row(
            409,
            _INVALID,
            "series_locked_other_device",
            "Series {series_id} is locked to another device; it must unlock, or an admin or API key with force true.",
        ),
        because.SeriesLockedToDevice: Row(
            403,
            _FORBIDDEN,
            "series_locked_to_device",
            "Series {series_id} is locked to a device, which alone takes its numbers; unlock it with force true.",
        ),
        because.SeriesLockedToOtherDevice: Row(
            403,
            _FORBIDDEN,
            "series_locked_other_device",
            "Series {series_id} is locked to another device; only that one, or an unlock with force true, frees it.",
        ),
        because.ForceNeedsAdmin: Row(
            403,
            _FORBIDDEN,
            "insufficient_permissions",
            "Only an admin of the firm, or an API key, can lift another device's lock of series {series_id}.",
        ),
        because.SeriesNotLockedToDevice: Row(
            409,
            _INVALID,
            "series_not_locked_to_device",
            "Numbers of series {series_id} can be reserved only by the device it is locked to; lock it first.",
        ),
        because.PendingLimitReached: Row(
            409,
            _INVALID,
            "pending_limit_reached",
            "This device holds {pending} pending numbers of series {series_id}; at most {pending_max} are allowed.",
        ),
        because.ReservationUnknown: Row(
            404,
            _INVALID,
            "reservation_missing",
            "No reservation of your firm has this token; it may be cut off.",
            "reservation_token",
        ),
        because.ReservationNotFound: Row(
            404, _INVALID, "resource_missing", "No reservation of your firm has this token; it may be cut off.", "token"
        ),
        because.ReservationOfOtherSeries: Row(
            409,
            _INVALID,
            "reservation_series_mismatch",
            "The token reserves a number of series {series_id}; name that one in series_id, or none.",
            "reservation_token",
        ),
        because.ReservationAlreadyConsumed: Row(
            409,
            _INVALID,
            "reservation_already_consumed",
            "Number {number} is on an invoice already; a retry must carry the Idempotency-Key of the first try.",
        ),
        because.ReservationNotPending: Row(
            409,
            _INVALID,
            "reservation_not_pending",
            "Number {number} was released and is a gap for good; use another token.",
        ),
        because.ReservationHasExpired: Row(
            409, _INVALID, "reservation_expired", "The reservation of number {number} has expired; reserve another."
        ),
        because.ReservationOfOtherDevice: Row(
            403,
            _FORBIDDEN,
            "reservation_device_mismatch",
            "Number {number} is reserved for another device; only that one can use it.",
        ),
        because.NotYourReservation: Row(
            403,
            _FORBIDDEN,
            "forbidden",
            "Number {number} is reserved for another device; ask as that device.",
        ),
        because.ChronologyViolated: Row(
            409,
            _INVALID,
            "chronology_violation",
            "{date} is before {latest_date}, the latest date of this series; send force_chronology false to allow it.",
            "date",
        ),
        because.DocumentUnknown: Row(
            404, _INVALID, "resource_missing", "No invoice {document_id} here, or it was deleted.", "id"
        ),
        because.DocumentAlreadyVoided: Row(
            400, _INVALID, "invoice_already_voided", "Invoice {document_id} is voided; unvoid it first."
        ),
        because.DocumentNotVoided: Row(
            400, _INVALID, "invoice_not_voided", "Invoice {document_id} is not voided; there is nothing to undo."
        ),
        because.DocumentNotReversible: Row(
            400,
            _INVALID,
            "invoice_cannot_be_storned",
            "Invoice {document_id} cannot be reversed: it is a draft, a proforma, a reversal or voided.",
        ),
        because.DocumentAlreadyReversed: Row(
            400,
            _INVALID,
            "invoice_already_storned",
            "Invoice {document_id} is reversed by another invoice, which must be voided or deleted first.",
        ),
        because.DocumentIsReversal: Row(
            400, _INVALID, "invoice_is_storno", "Invoice {document_id} is a reversal; it stays as it was issued."
        ),
        because.DocumentNotDeletable: Row(
            400,
            _INVALID,
            "invoice_cannot_be_deleted",
            "Invoice {document_id} is neither a draft nor voided; void it first.",
        ),
        because.DocumentNotLast: Row(
            400,
            _INVALID,
            "invoice_not_last_in_series",
            "Invoice {document_id} carries {full_number}, not the last number taken from series {series_name}.",
            details={
                "invoice_number": "{full_number}",
                "series_name": "{series_name}",
                "details": "A higher number of the series has been taken, as an invoice or as a reservation.",
            },
        ),
        because.DraftCannotBeUnvoided: Row(
            400, _INVALID, "cannot_unvoid_draft", "Invoice {document_id} is a draft; a voided draft stays voided."
        ),
        because.ReceiptHasNoSeries: Row(
            400,
            _FIELDS,
            "invalid_field_value",
            "document_type must be fiscal or proforma, if a series is named.",
            "document_type",
        ),
        because.YearFixed: Row(
            400,
            _FIELDS,
            "invalid_field_value",
            "date must stay in the year of {issued_date}: the year is part of the invoice's number.",
            "date",
        ),
        because.DocumentChangedMeanwhile: Row(
            409,
            _INVALID,
            "resource_changed",
            "Invoice {document_id} was changed by somebody else meanwhile; read it and change it again.",
        ),
        because.IdempotencyKeyReused: Row(
            409,
            _INVALID,
            "idempotency_key_reused",
            "This Idempotency-Key was used for a different request; use a new key for a new request.",
            "Idempotency-Key",
        ),
        because.IdempotencyInProgress: Row(
            409,
            _INVALID,
            "idempotency_in_progress",
            "A request with this Idempotency-Key is still running; repeat it in a second.",
            "Idempotency-Key",
            retry_after=1,
        ),
        edge.CredentialMissing: Row(
            401,
            _WHO,
            "missing_api_key",
            "No credential: send the header Authorization: Bearer <API key or session token>.",
        ),
        edge.CredentialInvalid: Row(
            401,
            _WHO,
            "invalid_api_key",
            "This credential is unknown, revoked or over; ask the operator of the service for a new one.",
        ),
        edge.CredentialExpired: Row(
            401, _WHO, "expired_api_key", "This API key has expired; ask the operator of the service for a new one."
        ),
        edge.PathUnknown: Row(
            404, _INVALID, "resource_missing", "There is nothing at this path; /docs lists all there are."
        ),
        edge.MethodWrong: Row(405, _INVALID, "method_not_allowed", "This path takes {allowed} only."),
        edge.BodyTooLarge: Row(
            413, _INVALID, "request_too_large", "The body is larger than {bytes_max} bytes; send less at a time."
        ),
        edge.AnswerTooLarge: Row(
            413,
            _INVALID,
            "answer_too_large",
            "It was done, but the answer has {size} bytes, and NATS carries {size_max} here. Ask over HTTP: {place}.",
        ),
        edge.RequestTooSlow: Row(
            408, _INVALID, "request_timeout", "The {part} did not arrive within {seconds} seconds; send all at once."
        ),
        edge.BodyUnreadable: Row(400, _FIELDS, "invalid_format", "The body cannot be read: {why}."),
        edge.RequestUnreadable: Row(400, _FIELDS, "invalid_format", "The request is not HTTP we understand: {why}."),
        edge.ParameterWrong: Row(400, _FIELDS, "invalid_field_value", "{param} must be {must_be}."),
        edge.NumberUntaken: Row(
            404,
            _INVALID,
            "resource_missing",
            "Number {number} of series {series_id} was never taken from the counter.",
            "number",
        ),
        edge.ContentErased: Row(
            404,
            _INVALID,
            "resource_missing",
            "What invoice {document_id} said has been erased; it can be neither changed nor reversed.",
            "id",
        ),
        edge.SubjectOfOthers: Row(
            403,
            _FORBIDDEN,
            "insufficient_permissions",
            "This credential is of another firm or mode than the subject of the request.",
        ),
        edge.RateExceeded: Row(
            429,
            "rate_limit_error",
            "rate_limit_exceeded",
            "More than {limit} requests in this minute; wait for the next.",
        ),
        edge.Unavailable: Row(
            503,
            _OURS,
            "service_unavailable",
            "{why} Repeat the request, with its Idempotency-Key if it had one.",
            None,
            2,
        ),
        edge.Unexpected: Row(
            500,
            _OURS,
            "internal_server_error",
            "Something failed here, not in your request; the request id finds it in the log of the service.",
        ),
    }
)
