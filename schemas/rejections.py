"""The rejections: reasons why a command is not done. They are returned, never raised.

The HTTP status and error code of each are in `service/api/refusals/table.py`.
"""

from msgspec import Struct

from schemas.values import DocumentId, DocumentType, IsoDate, Number, Position, SeriesId


class SeriesUnknown(Struct, frozen=True, tag=True):
    """The caller's partition has no series with this id."""

    series_id: SeriesId


class SeriesNameTaken(Struct, frozen=True, tag=True):
    """A series with this name and document type exists already; names are compared without case."""

    name: str
    document_type: DocumentType
    series_id: SeriesId


class FormatTaken(Struct, frozen=True, tag=True):
    """Open: the format could print what a series of the same partition and document type prints (CONTRACT.md D87)."""

    document_type: DocumentType
    series_id: SeriesId
    series_name: str


class PrintedAlready(Struct, frozen=True, tag=True):
    """Issue or reverse: a document of another series with a meeting format shows this full number (CONTRACT.md D87)."""

    full_number: str
    series_id: SeriesId


class SeriesInUse(Struct, frozen=True, tag=True):
    """A document of the series has a number, so the definition of the series is fixed."""

    series_id: SeriesId


class NoPrimarySeries(Struct, frozen=True, tag=True):
    """The caller named no series, and the firm has no primary series of this document type."""

    document_type: DocumentType


class DocumentTypeMismatch(Struct, frozen=True, tag=True):
    """The series numbers another type of document; `is_by_token` says that the token chose the series."""

    series_id: SeriesId
    series_type: DocumentType
    document_type: DocumentType
    is_by_token: bool


class SeriesExhausted(Struct, frozen=True, tag=True):
    """The series has `numbers_left` numbers left, fewer than the command takes (CONTRACT.md D84)."""

    series_id: SeriesId
    numbers_left: int


class DeviceIdMissing(Struct, frozen=True, tag=True):
    """Lock: only a session with a device id can lock, and the caller is none."""


class LockHeldByOtherDevice(Struct, frozen=True, tag=True):
    """Lock: another device holds the series."""

    series_id: SeriesId


class SeriesLockedToDevice(Struct, frozen=True, tag=True):
    """The series is locked, and the caller is not a device."""

    series_id: SeriesId


class SeriesLockedToOtherDevice(Struct, frozen=True, tag=True):
    """Issue, reverse or unlock: another device holds the series, with its numbers and its lock."""

    series_id: SeriesId


class ForceNeedsAdmin(Struct, frozen=True, tag=True):
    """Only a firm admin, or an API key, may lift another device's lock."""

    series_id: SeriesId


class SeriesNotLockedToDevice(Struct, frozen=True, tag=True):
    """Reserve: the calling device must lock the series first."""

    series_id: SeriesId
    is_locked: bool


class PendingLimitReached(Struct, frozen=True, tag=True):
    """Reserve: the device would hold more pending numbers of the series than allowed (CONTRACT.md D42)."""

    series_id: SeriesId
    pending: int
    pending_max: int


class ReservationUnknown(Struct, frozen=True, tag=True):
    """Consume: the token opens to no reservation of the caller's firm."""


class ReservationNotFound(Struct, frozen=True, tag=True):
    """Release or read: the token opens to no reservation of the caller's firm."""


class ReservationOfOtherSeries(Struct, frozen=True, tag=True):
    """Consume: the token belongs to another series than the caller named."""

    series_id: SeriesId


class ReservationAlreadyConsumed(Struct, frozen=True, tag=True):
    """Consume or release: the number is on a document already."""

    number: Number


class ReservationNotPending(Struct, frozen=True, tag=True):
    """Consume: the number was released."""

    number: Number


class ReservationHasExpired(Struct, frozen=True, tag=True):
    """Consume or release: the time of the reservation is over."""

    number: Number


class ReservationOfOtherDevice(Struct, frozen=True, tag=True):
    """Consume: the number belongs to another device of the firm."""

    number: Number


class NotYourReservation(Struct, frozen=True, tag=True):
    """Release: the number belongs to another device of the firm."""

    number: Number


class ChronologyViolated(Struct, frozen=True, tag=True):
    """Issue: the date of the document is before the latest date of the standing documents of its series."""

    date: IsoDate
    latest_date: IsoDate


class DateBeforePrevious(Struct, frozen=True, tag=True):
    """Change: the date is before that of the nearest standing document with a lower number (CONTRACT.md D89)."""

    date: IsoDate
    number: Number
    bound: IsoDate


class DateAfterNext(Struct, frozen=True, tag=True):
    """Change: the date is after that of the nearest standing document with a higher number (CONTRACT.md D89)."""

    date: IsoDate
    number: Number
    bound: IsoDate


class NotAGap(Struct, frozen=True, tag=True):
    """Explain, or certify: `number`, of the range, is no gap: it is on a document, pending, or was never taken."""

    series_id: SeriesId
    number: Number


class DocumentUnknown(Struct, frozen=True, tag=True):
    """The caller's partition has no such document."""

    document_id: DocumentId


class DocumentAlreadyVoided(Struct, frozen=True, tag=True):
    """Void or change: the document is voided already."""

    document_id: DocumentId


class DocumentNotVoided(Struct, frozen=True, tag=True):
    """Unvoid: the document is not voided."""

    document_id: DocumentId


class DocumentNotReversible(Struct, frozen=True, tag=True):
    """Reverse: a draft, a proforma, a reversal and a voided document cannot be reversed."""

    document_id: DocumentId


class DocumentAlreadyReversed(Struct, frozen=True, tag=True):
    """Change, reverse, void or unvoid: another document reverses this one and is not voided."""

    document_id: DocumentId


class ReversalOfVoided(Struct, frozen=True, tag=True):
    """Unvoid: the document reverses one that is voided, and a sale is taken back once (CONTRACT.md D93)."""

    document_id: DocumentId


class DocumentIsReversal(Struct, frozen=True, tag=True):
    """Change: the document is a reversal, which cannot be changed."""

    document_id: DocumentId


class DocumentNotDeletable(Struct, frozen=True, tag=True):
    """Delete: the document is neither a draft nor voided."""

    document_id: DocumentId


class DocumentNotLast(Struct, frozen=True, tag=True):
    """Delete: a higher number of the series has been taken, by a document or a reservation."""

    document_id: DocumentId
    full_number: str
    series_name: str


class DraftCannotBeUnvoided(Struct, frozen=True, tag=True):
    """Unvoid: the document is a draft, and a voided draft stays voided."""

    document_id: DocumentId


class ReceiptHasNoSeries(Struct, frozen=True, tag=True):
    """Save a draft: it is a receipt and names a series, but no series numbers receipts."""

    series_id: SeriesId


class YearFixed(Struct, frozen=True, tag=True):
    """Change: the year is part of the document's number, so its date must stay in that year."""

    date: IsoDate
    issued_date: IsoDate


class DocumentHasChanged(Struct, frozen=True, tag=True):
    """Change or reverse: the command was made from a content that is not the present one; read it and ask again."""

    document_id: DocumentId


class IdempotencyKeyReused(Struct, frozen=True, tag=True):
    """The key belongs to an earlier request that was a different one."""


class IdempotencyAnswerLost(Struct, frozen=True, tag=True):
    """The request was done, and its events came back from the stream; its answer did not. `position` is the first."""

    position: Position


class IdempotencyInProgress(Struct, frozen=True, tag=True):
    """The first request under this key is still running."""


Rejection = (
    SeriesUnknown
    | SeriesNameTaken
    | FormatTaken
    | PrintedAlready
    | SeriesInUse
    | NoPrimarySeries
    | DocumentTypeMismatch
    | SeriesExhausted
    | DeviceIdMissing
    | LockHeldByOtherDevice
    | SeriesLockedToDevice
    | SeriesLockedToOtherDevice
    | ForceNeedsAdmin
    | SeriesNotLockedToDevice
    | PendingLimitReached
    | ReservationUnknown
    | ReservationNotFound
    | ReservationOfOtherSeries
    | ReservationAlreadyConsumed
    | ReservationNotPending
    | ReservationHasExpired
    | ReservationOfOtherDevice
    | NotYourReservation
    | ChronologyViolated
    | DateBeforePrevious
    | DateAfterNext
    | NotAGap
    | DocumentUnknown
    | DocumentAlreadyVoided
    | DocumentNotVoided
    | DocumentNotReversible
    | DocumentAlreadyReversed
    | ReversalOfVoided
    | DocumentIsReversal
    | DocumentNotDeletable
    | DocumentNotLast
    | DraftCannotBeUnvoided
    | ReceiptHasNoSeries
    | YearFixed
    | DocumentHasChanged
    | IdempotencyKeyReused
    | IdempotencyAnswerLost
    | IdempotencyInProgress
)
