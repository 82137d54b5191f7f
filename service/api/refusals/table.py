"""Every refusal as a client sees it: ONE table from each cause to status, type, code and message.

CONTRACT.md section 4 and section 13. HTTP statuses and error codes appear nowhere else. The rows of faults that no rule
of the log found are in `edge_rows.py`, and become a part of this table.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import asdict

from schemas import rejections as because
from schemas.api.envelope import ErrorKind
from schemas.rejections import Rejection
from service.api.refusals import causes as edge
from service.api.refusals.causes import EdgeProblem
from service.api.refusals.edge_rows import EDGE_ROWS
from service.api.refusals.field_faults import SEVERAL_WRONG, FieldFault
from service.api.refusals.row import FIELDS, FORBIDDEN, INVALID, Row


class Refusal(Struct, frozen=True):
    """The refusal of one request; `details` are further keys of the error object, by name."""

    status: int
    type: ErrorKind
    code: str
    message: str
    param: str | None = None
    errors: Mapping[str, str] | None = None
    retry_after: int | None = None
    details: Mapping[str, str | int] | None = None


class RefusedError(Exception):
    """Ends a request with this refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def refused(cause: Rejection | EdgeProblem, *, param: str | None = None) -> RefusedError:
    """The exception that ends a request for this cause; `param` if the field has another name in this request."""
    return RefusedError(refusal_of(cause, param=param))


def refusal_of(cause: Rejection | EdgeProblem, *, param: str | None = None) -> Refusal:
    """The refusal that a client sees for this cause."""
    row = TABLE[type(cause)]
    facts = asdict(cause)
    own_param = cause.param if isinstance(cause, edge.ParameterWrong) else row.param
    return Refusal(
        status=row.status,
        type=row.type,
        code=row.code,
        message=row.message.format(**facts),
        param=param or own_param,
        retry_after=cause.retry_after if isinstance(cause, edge.RateExceeded) else row.retry_after,
        details=row.details and {name: _filled(text, facts) for name, text in row.details.items()},
    )


def _filled(text: str, facts: Mapping[str, Any]) -> str | int:
    """The text with the facts in it; one fact alone stays what it is, such as a number."""
    name = text[1:-1]
    return facts[name] if text == f"{{{name}}}" else text.format(**facts)


def bad_fields(faults: list[FieldFault]) -> RefusedError:
    """The exception for wrong fields: one field keeps its own code, several are listed in a map (CONTRACT.md D73)."""
    first = faults[0]
    if len(faults) == 1:
        refusal = Refusal(400, "validation_error", first.code, first.message, param=first.path)
    else:
        listed = {fault.path: fault.message for fault in faults[:FAULTS_SHOWN_MAX]}
        message = f"{len(faults)} fields are wrong: {', '.join(list(listed)[:5])}. See errors."
        refusal = Refusal(400, "validation_error", SEVERAL_WRONG, message, errors=listed)
    return RefusedError(refusal)


FAULTS_SHOWN_MAX: Final = 100

_NO_SUCH_RESERVATION: Final = "No reservation of your firm has this token; it may be truncated. Send the whole token."
_LOCKED_ELSEWHERE: Final = (
    "Series {series_id} is locked to another device; that device can unlock it, or an admin or API key with force true."
)

TABLE: Final[Mapping[type, Row]] = MappingProxyType(
    {
        because.SeriesUnknown: Row(
            404,
            INVALID,
            "resource_missing",
            "Your firm has no series {series_id} in this mode; GET /v1/invoice-series lists its series.",
            param="id",
        ),
        because.SeriesNameTaken: Row(
            409,
            INVALID,
            "resource_already_exists",
            "Your firm already has a {document_type} series named {name}: {series_id}. "
            "Use that series, or choose another name; case does not matter.",
            param="name",
        ),
        because.FormatTaken: Row(
            409,
            INVALID,
            "resource_already_exists",
            "The format could print a number that your {document_type} series {series_name} ({series_id}) prints too. "
            "Use that series, or send a format that differs from it in more than digits.",
            param="format",
        ),
        because.PrintedAlready: Row(
            409,
            INVALID,
            "resource_already_exists",
            "Another invoice shows {full_number}, the number that series {series_id} comes to; nothing was issued. "
            "Open another series, whose format no other series can print, and issue there.",
        ),
        because.SeriesInUse: Row(
            400,
            INVALID,
            "series_in_use",
            "Series {series_id} has numbered documents, so it cannot be changed; open another series instead.",
        ),
        because.NoPrimarySeries: Row(
            400,
            FIELDS,
            "missing_required_field",
            "series_id is required: the firm has no primary {document_type} series. Name one, or make one primary.",
            param="series_id",
        ),
        because.DocumentTypeMismatch: Row(
            400,
            FIELDS,
            "invalid_field_value",
            "document_type is {document_type}, but series {series_id} numbers {series_type} documents; "
            "send a type and a series that match.",
            param="document_type",
        ),
        because.SeriesExhausted: Row(
            409,
            INVALID,
            "series_exhausted",
            "Series {series_id} has only {numbers_left} numbers left, fewer than this request takes. "
            "Take fewer, or open another series.",
        ),
        because.DeviceIdMissing: Row(
            403,
            FORBIDDEN,
            "device_id_missing",
            "Only a device session with a device id can lock a series; log in on the device first.",
        ),
        because.LockHeldByOtherDevice: Row(409, INVALID, "series_locked_other_device", _LOCKED_ELSEWHERE),
        because.SeriesLockedToDevice: Row(
            403,
            FORBIDDEN,
            "series_locked_to_device",
            "Series {series_id} is locked to a device, and only that device takes its numbers; "
            "unlock it with force true first.",
        ),
        because.SeriesLockedToOtherDevice: Row(403, FORBIDDEN, "series_locked_other_device", _LOCKED_ELSEWHERE),
        because.ForceNeedsAdmin: Row(
            403,
            FORBIDDEN,
            "insufficient_permissions",
            "Another device holds series {series_id}. Only an admin or an API key can unlock it; ask an admin.",
        ),
        because.SeriesNotLockedToDevice: Row(
            409,
            INVALID,
            "series_not_locked_to_device",
            "Only the device that holds the lock of series {series_id} can reserve its numbers; lock the series first.",
        ),
        because.PendingLimitReached: Row(
            409,
            INVALID,
            "pending_limit_reached",
            "This device holds {pending} pending numbers of series {series_id} and may hold at most {pending_max}; "
            "use or release some, or reserve fewer.",
        ),
        because.ReservationUnknown: Row(
            404, INVALID, "reservation_missing", _NO_SUCH_RESERVATION, param="reservation_token"
        ),
        because.ReservationNotFound: Row(404, INVALID, "resource_missing", _NO_SUCH_RESERVATION, param="token"),
        because.ReservationOfOtherSeries: Row(
            409,
            INVALID,
            "reservation_series_mismatch",
            "This token reserves a number of series {series_id}; send that series_id, or leave series_id out.",
            param="reservation_token",
        ),
        because.ReservationAlreadyConsumed: Row(
            409,
            INVALID,
            "reservation_already_consumed",
            "Number {number} is already on an invoice. To repeat the request that used it, send its Idempotency-Key.",
        ),
        because.ReservationNotPending: Row(
            409, INVALID, "reservation_not_pending", "Number {number} was released and stays a gap; use another token."
        ),
        because.ReservationHasExpired: Row(
            409, INVALID, "reservation_expired", "The reservation of number {number} has expired; reserve another."
        ),
        because.ReservationOfOtherDevice: Row(
            403,
            FORBIDDEN,
            "reservation_device_mismatch",
            "Number {number} is reserved for another device, and only that device can use it; use a token of your own.",
        ),
        because.NotYourReservation: Row(
            403,
            FORBIDDEN,
            "forbidden",
            "Number {number} is reserved for another device; only that device can read or release it.",
        ),
        because.ChronologyViolated: Row(
            409,
            INVALID,
            "chronology_violation",
            "The date {date} is before {latest_date}, the latest date of this series; "
            "send a later date, or force_chronology false.",
            param="date",
        ),
        because.DateBeforePrevious: Row(
            409,
            INVALID,
            "chronology_violation",
            "The date {date} is before {bound}, the date of number {number}, the standing invoice before this one; "
            "send that date or a later one, or force_chronology false.",
            param="date",
        ),
        because.DateAfterNext: Row(
            409,
            INVALID,
            "chronology_violation",
            "The date {date} is after {bound}, the date of number {number}, the standing invoice after this one; "
            "send that date or an earlier one, or force_chronology false.",
            param="date",
        ),
        because.NotAGap: Row(
            409,
            INVALID,
            "not_a_gap",
            "Number {number} of series {series_id} is no gap: it is on a document, pending, or was never taken. "
            "GET /v1/invoice-series/{series_id}/gaps lists the gaps.",
        ),
        because.DocumentUnknown: Row(
            404,
            INVALID,
            "resource_missing",
            "Your firm has no invoice {document_id} in this mode, or it was deleted; GET /v1/invoices lists all.",
            param="id",
        ),
        because.DocumentAlreadyVoided: Row(
            400, INVALID, "invoice_already_voided", "Invoice {document_id} is voided; unvoid it first."
        ),
        because.DocumentNotVoided: Row(
            400, INVALID, "invoice_not_voided", "Invoice {document_id} is not voided, so there is nothing to undo."
        ),
        because.DocumentNotReversible: Row(
            400,
            INVALID,
            "invoice_cannot_be_storned",
            "Invoice {document_id} cannot be reversed, because it is a draft, a proforma, a reversal or voided.",
        ),
        because.DocumentAlreadyReversed: Row(
            400,
            INVALID,
            "invoice_already_storned",
            "Another invoice reverses invoice {document_id}; void or delete that other invoice first.",
        ),
        because.ReversalOfVoided: Row(
            400,
            INVALID,
            "invoice_cannot_be_storned",
            "Invoice {document_id} reverses an invoice that is voided, and cannot count again; unvoid that one first.",
        ),
        because.DocumentIsReversal: Row(
            400, INVALID, "invoice_is_storno", "Invoice {document_id} is a reversal and cannot be changed."
        ),
        because.DocumentNotDeletable: Row(
            400,
            INVALID,
            "invoice_cannot_be_deleted",
            "Invoice {document_id} is neither a draft nor voided; void it first.",
        ),
        because.DocumentNotLast: Row(
            400,
            INVALID,
            "invoice_not_last_in_series",
            "Invoice {document_id} carries {full_number}, not the last number taken from series {series_name}; "
            "it cannot be deleted and stays voided.",
            details={
                "invoice_number": "{full_number}",
                "series_name": "{series_name}",
                "details": "A higher number of the series has been taken, by an invoice or a reservation.",
            },
        ),
        because.DraftCannotBeUnvoided: Row(
            400, INVALID, "cannot_unvoid_draft", "Invoice {document_id} is a draft; a voided draft stays voided."
        ),
        because.ReceiptHasNoSeries: Row(
            400,
            FIELDS,
            "invalid_field_value",
            "document_type must be fiscal or proforma if series_id is given: no series numbers receipts.",
            param="document_type",
        ),
        because.YearFixed: Row(
            400,
            FIELDS,
            "invalid_field_value",
            "date must stay in the year of {issued_date}, because the year is part of the invoice's number.",
            param="date",
        ),
        because.DocumentHasChanged: Row(
            409,
            INVALID,
            "resource_changed",
            "Another request changed invoice {document_id} first; read it and send your change again.",
        ),
        because.IdempotencyKeyReused: Row(
            409,
            INVALID,
            "idempotency_key_reused",
            "This Idempotency-Key was used for a different request; use a new key for a new request.",
            param="Idempotency-Key",
        ),
        because.IdempotencyAnswerLost: Row(
            409,
            INVALID,
            "idempotency_answer_lost",
            "This request was done, as event {position} of the log says, but its answer was lost; read what it made.",
            param="Idempotency-Key",
            details={"position": "{position}"},
        ),
        because.IdempotencyInProgress: Row(
            409,
            INVALID,
            "idempotency_in_progress",
            "The first request with this Idempotency-Key is still running; send this one again in a second.",
            param="Idempotency-Key",
            retry_after=1,
        ),
        **EDGE_ROWS,
    }
)
