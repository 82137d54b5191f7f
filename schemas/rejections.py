"""How a well-formed command may be refused: legal answers, returned, never raised. HTTP codes are `service.web`'s."""

from msgspec import Struct

from schemas.values import DocumentId, DocumentType, IsoDate, Number, SeriesId


class SeriesUnknown(Struct, frozen=True, tag=True):
    """No series of this id in the caller's partition."""

    series_id: SeriesId


class SeriesNameTaken(Struct, frozen=True, tag=True):
    """A series of this name and document type exists; names compare without case."""

    name: str
    document_type: DocumentType
    series_id: SeriesId


class SeriesInUse(Struct, frozen=True, tag=True):
    """The series has put a number on a document; its definition stands."""

    series_id: SeriesId


class NoPrimarySeries(Struct, frozen=True, tag=True):
    """No series was named, and the firm has no primary one of this document type."""

    document_type: DocumentType


class DocumentTypeMismatch(Struct, frozen=True, tag=True):
    """The series numbers another type of document; `is_by_token` if the token chose the series."""

    series_id: SeriesId
    series_type: DocumentType
    document_type: DocumentType
    is_by_token: bool


class SeriesExhausted(Struct, frozen=True, tag=True):
    """The counter has fewer numbers left than were asked for (CONTRACT.md D84)."""

    series_id: SeriesId
    next_number: Number


class DeviceIdMissing(Struct, frozen=True, tag=True):
    """Only a session with a device id can lock."""


class LockHeldByOtherDevice(Struct, frozen=True, tag=True):
    """Lock: another device holds the series."""

    series_id: SeriesId


class SeriesLockedToDevice(Struct, frozen=True, tag=True):
    """The series is locked, and the caller is no device."""

    series_id: SeriesId


class SeriesLockedToOtherDevice(Struct, frozen=True, tag=True):
    """Another device holds the series: its numbers, and its lock."""

    series_id: SeriesId


class ForceNeedsAdmin(Struct, frozen=True, tag=True):
    """Only a firm admin, or an API key, may lift another device's lock."""

    series_id: SeriesId


class SeriesNotLockedToDevice(Struct, frozen=True, tag=True):
    """Reserve: the series must be locked to the calling device first."""

    series_id: SeriesId
    is_locked: bool


class PendingLimitReached(Struct, frozen=True, tag=True):
    """Reserve: the device would hold more numbers of the series than the service allows (CONTRACT.md D42)."""

    series_id: SeriesId
    pending: int
    pending_max: int


class ReservationUnknown(Struct, frozen=True, tag=True):
    """Consume: the token opens to no reservation of the caller's firm."""


class ReservationNotFound(Struct, frozen=True, tag=True):
    """Release or read: the token opens to no reservation of the caller's firm."""


class ReservationOfOtherSeries(Struct, frozen=True, tag=True):
    """The token is of another series than the one named."""

    series_id: SeriesId


class ReservationAlreadyConsumed(Struct, frozen=True, tag=True):
    """The number is on a document."""

    number: Number


class ReservationNotPending(Struct, frozen=True, tag=True):
    """The number was given up."""

    number: Number


class ReservationHasExpired(Struct, frozen=True, tag=True):
    """The number's time is over."""

    number: Number


class ReservationOfOtherDevice(Struct, frozen=True, tag=True):
    """Consume: the number belongs to another device of the firm."""

    number: Number


class NotYourReservation(Struct, frozen=True, tag=True):
    """Release: the number belongs to another device of the firm."""

    number: Number


class ChronologyViolated(Struct, frozen=True, tag=True):
    """The document is dated before the latest one of its series."""

    date: IsoDate
    latest_date: IsoDate


class DocumentUnknown(Struct, frozen=True, tag=True):
    """No such document in the caller's partition."""

    document_id: DocumentId


class DocumentAlreadyVoided(Struct, frozen=True, tag=True):
    """Void: it is voided."""

    document_id: DocumentId


class DocumentNotVoided(Struct, frozen=True, tag=True):
    """Unvoid: it stands."""

    document_id: DocumentId


class DocumentNotReversible(Struct, frozen=True, tag=True):
    """Reverse: a draft, a proforma, a reversal and a voided document cannot be reversed."""

    document_id: DocumentId


class DocumentAlreadyReversed(Struct, frozen=True, tag=True):
    """A reversal of the document stands."""

    document_id: DocumentId


class DocumentIsReversal(Struct, frozen=True, tag=True):
    """Change: a reversal stays as it was issued."""

    document_id: DocumentId


class DocumentNotDeletable(Struct, frozen=True, tag=True):
    """Delete: neither a draft nor voided."""

    document_id: DocumentId


class DocumentNotLast(Struct, frozen=True, tag=True):
    """Delete: a higher number of the series has been taken, in whatever form."""

    document_id: DocumentId
    full_number: str
    series_name: str


class DraftCannotBeUnvoided(Struct, frozen=True, tag=True):
    """Unvoid: a voided draft stays voided."""

    document_id: DocumentId


class ReceiptHasNoSeries(Struct, frozen=True, tag=True):
    """A draft names a series, and is a receipt: no series numbers receipts."""

    series_id: SeriesId


class YearFixed(Struct, frozen=True, tag=True):
    """Change: the year is part of the document's number, so its date cannot move into another one."""

    date: IsoDate
    issued_date: IsoDate


class DocumentChangedMeanwhile(Struct, frozen=True, tag=True):
    """Change or reverse: the body is no longer the one this was made from; read it and ask again."""

    document_id: DocumentId


class IdempotencyKeyReused(Struct, frozen=True, tag=True):
    """The key answered a different request before."""


class IdempotencyInProgress(Struct, frozen=True, tag=True):
    """The request that came first under this key has not been answered yet."""


Rejection = (
    SeriesUnknown
    | SeriesNameTaken
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
    | DocumentUnknown
    | DocumentAlreadyVoided
    | DocumentNotVoided
    | DocumentNotReversible
    | DocumentAlreadyReversed
    | DocumentIsReversal
    | DocumentNotDeletable
    | DocumentNotLast
    | DraftCannotBeUnvoided
    | ReceiptHasNoSeries
    | YearFixed
    | DocumentChangedMeanwhile
    | IdempotencyKeyReused
    | IdempotencyInProgress
)
