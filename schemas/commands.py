"""The commands of the log. The shell fills in ids, times and random values; `decide` adds none of its own."""

from msgspec import Struct

from schemas.values import (
    Actor,
    DeviceId,
    Digest,
    DocumentId,
    DocumentType,
    FirmId,
    GapCode,
    IsoDate,
    Mode,
    Number,
    Platform,
    Position,
    SeriesId,
    TokenNonce,
)


class Caller(Struct, frozen=True):
    """The caller: an API key or a device session of a firm; `device_id` is none if the caller is not a device."""

    firm_id: FirmId
    mode: Mode
    actor: Actor
    device_id: DeviceId | None = None
    platform: Platform | None = None
    session_id: int | None = None
    is_admin: bool = False


class Slot(Struct, frozen=True):
    """One number of a block, as its token or the log names it; these facts never change."""

    reservation: Position
    series_id: SeriesId
    number: Number
    device_id: DeviceId | None


class Document(Struct, frozen=True):
    """What the log knows of a document; `content` is the digest of its content."""

    document_id: DocumentId
    document_type: DocumentType
    date: IsoDate
    content: Digest
    client_local_uuid: str | None = None


class OpenSeries(Struct, frozen=True, tag=True):
    """Create a series. The first one of a document type becomes primary even if not asked to (CONTRACT.md D32)."""

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
    """Lift the lock; a caller that does not hold it must set `is_forced` (CONTRACT.md section 8)."""

    series_id: SeriesId
    is_forced: bool = False


class ReserveNumbers(Struct, frozen=True, tag=True):
    """Take `count` consecutive numbers for the calling device and hold them for `hold_seconds`.

    `token_key` names the key that seals the tokens, and `token_nonce` is 32 random bits that they carry. The device may
    hold at most `pending_max` pending numbers of the series; 0 means no bound (CONTRACT.md D42).
    """

    series_id: SeriesId
    count: int
    hold_seconds: int
    token_key: str
    token_nonce: TokenNonce
    pending_max: int = 0


class ConsumeReservation(Struct, frozen=True, tag=True):
    """Put a reserved number on a document. `slot` is none if the token opens nothing."""

    slot: Slot | None
    document: Document
    series_id: SeriesId | None = None
    is_chronology_checked: bool = True


class IssueOnline(Struct, frozen=True, tag=True):
    """Take the next number and put it on a document. Without `series_id` it is of the primary series of the type."""

    document: Document
    series_id: SeriesId | None = None
    is_chronology_checked: bool = True


class ReleaseReservation(Struct, frozen=True, tag=True):
    """Release one reserved number. `slot` is none if the token opens nothing."""

    slot: Slot | None


class ExpireReservations(Struct, frozen=True, tag=True):
    """Record the expiry of every overdue number in the blocks that were reserved at these positions."""

    reservations: tuple[Position, ...]


class AdvanceSeries(Struct, frozen=True, tag=True):
    """Let the counter stand behind the number `to`; the numbers that it passes were lost (CONTRACT.md D97)."""

    series_id: SeriesId
    to: Number
    reason: str


class VoidDocument(Struct, frozen=True, tag=True):
    """Void a document: it no longer counts and keeps its number. `content` is the digest of the reason, if any."""

    series_id: SeriesId
    number: Number
    full_number: str
    document_id: DocumentId
    content: Digest | None = None


class UnvoidDocument(Struct, frozen=True, tag=True):
    """Let a voided document count again, under the same number."""

    series_id: SeriesId
    number: Number
    full_number: str
    document_id: DocumentId


class ChangeDocument(Struct, frozen=True, tag=True):
    """Replace the content `content_before` of a numbered document by `content`, and its date by `date` if one is given.

    `issued_date` is the date of issue, which never changes. The same content and date change nothing.
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
    """Issue `reversal` (a storno) of a document, with the next number of that document's series.

    `content` is the content that the reversal negates. If the document has another content by now, it is not reversed.
    """

    series_id: SeriesId
    number: Number
    full_number: str
    document_id: DocumentId
    content: Digest
    reversal: Document


class DeleteDocument(Struct, frozen=True, tag=True):
    """Delete a voided document whose number is the last one taken; the counter does not step back."""

    series_id: SeriesId
    number: Number
    full_number: str
    document_id: DocumentId
    issued_date: IsoDate


class DraftSeries(Struct, frozen=True):
    """The series that a draft names, and the document type of the draft; none for a receipt."""

    series_id: SeriesId
    document_type: DocumentType | None


class EraseDocument(Struct, frozen=True, tag=True):
    """Erase what a numbered document says, also a deleted one (CONTRACT.md D111).

    `content_before` is its present content, `content` what is left of it, and `reason` the digest of the reason. A
    `content` that is the same erases nothing.
    """

    series_id: SeriesId
    number: Number
    full_number: str
    document_id: DocumentId
    content_before: Digest
    content: Digest | None
    reason: Digest | None


class ExplainGap(Struct, frozen=True, tag=True):
    """Say why the numbers `first` .. `last` of the series, all of them gaps, never became documents (D112)."""

    series_id: SeriesId
    first: Number
    last: Number
    code: GapCode
    text: str


class SaveDraft(Struct, frozen=True, tag=True):
    """Keep a document without a number. `content_before` is the content that it replaces; none for a new draft.

    `series` is given if this command makes the draft name a series.
    """

    document_id: DocumentId
    content: Digest
    content_before: Digest | None = None
    series: DraftSeries | None = None


class EraseDraft(Struct, frozen=True, tag=True):
    """Erase what a draft says; as `EraseDocument`."""

    document_id: DocumentId
    content_before: Digest
    content: Digest | None
    reason: Digest | None


class VoidDraft(Struct, frozen=True, tag=True):
    """Void a draft. `content` is the digest of the reason, if any."""

    document_id: DocumentId
    content: Digest | None = None


class UnvoidDraft(Struct, frozen=True, tag=True):
    """Unvoid a draft. This is always rejected."""

    document_id: DocumentId


class ReverseDraft(Struct, frozen=True, tag=True):
    """Reverse a draft. This is always rejected."""

    document_id: DocumentId


class DeleteDraft(Struct, frozen=True, tag=True):
    """Delete a draft."""

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
    | AdvanceSeries
    | VoidDocument
    | UnvoidDocument
    | ChangeDocument
    | ReverseDocument
    | DeleteDocument
    | EraseDocument
    | ExplainGap
    | SaveDraft
    | VoidDraft
    | UnvoidDraft
    | ReverseDraft
    | DeleteDraft
    | EraseDraft
)
