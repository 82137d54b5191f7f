"""What a caller may ask of the log. Ids, times and randomness are filled in by the shell; `decide` adds nothing."""

from msgspec import Struct

from schemas.values import (
    Actor,
    DeviceId,
    Digest,
    DocumentId,
    DocumentType,
    FirmId,
    IsoDate,
    Mode,
    Number,
    Platform,
    Position,
    SeriesId,
)


class Caller(Struct, frozen=True):
    """Who asks: a firm's API key, or a device session of the firm; `device_id` is none where there is no device."""

    firm_id: FirmId
    mode: Mode
    actor: Actor
    device_id: DeviceId | None = None
    platform: Platform | None = None
    session_id: int | None = None
    is_admin: bool = False


class Slot(Struct, frozen=True):
    """One number of a block, as its token or the log says: facts that never change."""

    reservation: Position
    series_id: SeriesId
    number: Number
    device_id: DeviceId | None


class Document(Struct, frozen=True):
    """What the log needs to know of a document; `content` is the digest of its body."""

    document_id: DocumentId
    document_type: DocumentType
    date: IsoDate
    content: Digest
    client_local_uuid: str | None = None


class OpenSeries(Struct, frozen=True, tag=True):
    """Create a counter; the first of a document type becomes primary even if not asked (CONTRACT.md D32)."""

    series_id: SeriesId
    name: str
    document_type: DocumentType
    year: int
    description: str | None = None
    format: str | None = None
    start_number: Number = Number(1)
    is_primary: bool = False


class DescribeSeries(Struct, frozen=True, tag=True):
    """Replace the description of a series that carries no document yet."""

    series_id: SeriesId
    description: str | None


class MakePrimary(Struct, frozen=True, tag=True):
    """Make the series the default of its document type."""

    series_id: SeriesId


class LockSeries(Struct, frozen=True, tag=True):
    """Lock the series to the calling device (CONTRACT.md section 8)."""

    series_id: SeriesId


class UnlockSeries(Struct, frozen=True, tag=True):
    """Lift the lock; `is_forced` for callers that do not hold it (CONTRACT.md section 8)."""

    series_id: SeriesId
    is_forced: bool = False


class ReserveNumbers(Struct, frozen=True, tag=True):
    """Take `count` consecutive numbers for the calling device, for `hold_seconds`, tokens sealed by `token_key`.

    `pending_max` bounds what the device may hold of the series at once, 0 = no bound (CONTRACT.md D42).
    """

    series_id: SeriesId
    count: int
    hold_seconds: int
    token_key: str
    pending_max: int = 0


class ConsumeReservation(Struct, frozen=True, tag=True):
    """Put a reserved number on a document. `slot` is none if the token opened to nothing."""

    slot: Slot | None
    document: Document
    series_id: SeriesId | None = None
    is_chronology_checked: bool = True


class IssueOnline(Struct, frozen=True, tag=True):
    """Take the next number and put it on a document; without `series_id`, from the primary series of its type."""

    document: Document
    series_id: SeriesId | None = None
    is_chronology_checked: bool = True


class ReleaseReservation(Struct, frozen=True, tag=True):
    """Give one reserved number up. `slot` is none if the token opened to nothing."""

    slot: Slot | None


class ExpireReservations(Struct, frozen=True, tag=True):
    """Record as expired what is past its time of the blocks reserved at these positions."""

    reservations: tuple[Position, ...]


class VoidDocument(Struct, frozen=True, tag=True):
    """Take a document out of account; it keeps its number. `content` is the digest of the reason, if any."""

    series_id: SeriesId
    number: Number
    full_number: str
    document_id: DocumentId
    content: Digest | None = None


class UnvoidDocument(Struct, frozen=True, tag=True):
    """Bring a voided document back under the same number."""

    series_id: SeriesId
    number: Number
    full_number: str
    document_id: DocumentId


class ChangeDocument(Struct, frozen=True, tag=True):
    """Replace the body `content_before` of a numbered document by `content`, and its date by `date`, if one is given.

    `issued_date` is the date it was issued under, which never changes. The same body and date change nothing.
    """

    series_id: SeriesId
    number: Number
    full_number: str
    document_id: DocumentId
    issued_date: IsoDate
    date: IsoDate | None
    content_before: Digest
    content: Digest
    is_chronology_checked: bool = True


class ReverseDocument(Struct, frozen=True, tag=True):
    """Issue `reversal` with the next number of the series of the document it reverses (a storno).

    `content` is the body that the reversal negates; a document that reads otherwise by now is not reversed by it.
    """

    series_id: SeriesId
    number: Number
    full_number: str
    document_id: DocumentId
    content: Digest
    reversal: Document


class DeleteDocument(Struct, frozen=True, tag=True):
    """Withdraw a voided document whose number is the last one taken; the counter stays."""

    series_id: SeriesId
    number: Number
    full_number: str
    document_id: DocumentId
    issued_date: IsoDate


class DraftSeries(Struct, frozen=True):
    """The series that a draft names, and the type of document the draft is; none for a receipt."""

    series_id: SeriesId
    document_type: DocumentType | None


class SaveDraft(Struct, frozen=True, tag=True):
    """Keep a document without a number; `content_before` is the body it replaces, none for a new draft.

    `series` is there if the draft comes to name a series by this command.
    """

    document_id: DocumentId
    content: Digest
    content_before: Digest | None = None
    series: DraftSeries | None = None


class VoidDraft(Struct, frozen=True, tag=True):
    """Take a draft out of account. `content` is the digest of the reason, if any."""

    document_id: DocumentId
    content: Digest | None = None


class UnvoidDraft(Struct, frozen=True, tag=True):
    """Bring a voided draft back, which no draft allows."""

    document_id: DocumentId


class ReverseDraft(Struct, frozen=True, tag=True):
    """Reverse a draft, which no draft allows."""

    document_id: DocumentId


class DeleteDraft(Struct, frozen=True, tag=True):
    """Forget a draft."""

    document_id: DocumentId


Command = (
    OpenSeries
    | DescribeSeries
    | MakePrimary
    | LockSeries
    | UnlockSeries
    | ReserveNumbers
    | ConsumeReservation
    | IssueOnline
    | ReleaseReservation
    | ExpireReservations
    | VoidDocument
    | UnvoidDocument
    | ChangeDocument
    | ReverseDocument
    | DeleteDocument
    | SaveDraft
    | VoidDraft
    | UnvoidDraft
    | ReverseDraft
    | DeleteDraft
)
