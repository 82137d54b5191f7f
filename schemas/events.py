"""Every event type, defined once. An event that is stored is never edited.

The rule for a new field: add it with a default at the end of its struct; or add a struct with the next tag, and an
upcast in `schemas/record.py` from the old one. `python -m tests.support.domain.golden` then freezes a sample of it.

`full_number` is a number as its document shows it, in the format of its series.

Each event belongs to one family, and the fields of the family come first. Add no field to a family: that would change
the events that are stored. A match may ignore a whole family as one case and then ignores a new member too; so `evolve`
and the replay name every event.

No event carries personal data: the content of a document is in `log.content`, under the salted digest in the event.
"""

from msgspec import Struct

from schemas.values import (
    DeviceId,
    Digest,
    DocumentId,
    DocumentType,
    GapCode,
    IsoDate,
    Number,
    NumberRange,
    Platform,
    Position,
    SeriesId,
    TokenNonce,
    UnixSeconds,
)


class SeriesEvent(Struct, frozen=True, gc=False):
    """An event about a series itself: its definition, its lock, or that it is primary."""


class ReservationEvent(Struct, frozen=True, gc=False):
    """An event that takes numbers, or ends pending ones."""


class DocumentEvent(Struct, frozen=True, gc=False):
    """An event about a document that has a number already."""

    number: Number
    full_number: str
    document_id: DocumentId


class DraftEvent(Struct, frozen=True, gc=False):
    """An event about a document without a number; its stream is the draft, not a series, and is named by its id."""

    document_id: DocumentId


class SeriesOpened(SeriesEvent, frozen=True, gc=False, tag="series-opened/1"):
    """A counter exists; it gives `start_number` next. A primary series demotes the series `replaces`."""

    name: str
    document_type: DocumentType
    description: str | None
    format: str
    start_number: Number
    year: int
    is_primary: bool
    replaces: SeriesId | None = None


class SeriesDescribed(SeriesEvent, frozen=True, gc=False, tag="series-described/1"):
    """The description of a series is now this one."""

    description: str | None


class SeriesMadePrimary(SeriesEvent, frozen=True, gc=False, tag="series-made-primary/1"):
    """The series is the default of its document type; `replaces` was it before."""

    replaces: SeriesId | None


class SeriesLocked(SeriesEvent, frozen=True, gc=False, tag="series-locked/1"):
    """Only `device_id` may take numbers from the series, until it is unlocked."""

    device_id: DeviceId
    session_id: int | None
    user_id: int | None
    platform: Platform | None


class SeriesUnlocked(SeriesEvent, frozen=True, gc=False, tag="series-unlocked/1"):
    """Every caller of the firm may take numbers again; reservations of `device_id` stay as they were."""

    device_id: DeviceId
    is_forced: bool


class GapExplained(SeriesEvent, frozen=True, gc=False, tag="gap-explained/1"):
    """An operator or admin says why the numbers `first` .. `last`, inclusive, which are gaps, never became documents.

    A later explanation of the same numbers is added to this one. `text` has 15 to 255 printable characters and no
    personal data, because it can never be erased.
    """

    first: Number
    last: Number
    code: GapCode
    text: str


class NumbersReserved(ReservationEvent, frozen=True, gc=False, tag="numbers-reserved/1"):
    """A device holds `first` .. `last`, inclusive, until `expires_at`; the counter has moved past them for ever.

    `token_key` names the key that seals the tokens of the block. It is null if the number was taken to issue a document
    in the same append; then there is no token. `token_nonce` is random, and each token of the block carries it, so that
    no token opens to another block at the same position of a restored log. It is null for a block without tokens, and
    for a block of the first version, whose tokens carry none.
    """

    first: Number
    last: Number
    device_id: DeviceId | None
    expires_at: UnixSeconds
    token_key: str | None
    token_nonce: TokenNonce | None = None


class ReservationConsumed(ReservationEvent, frozen=True, gc=False, tag="reservation-consumed/1"):
    """The document `document_id` carries `number`, one slot of the block reserved at position `reservation`.

    `reverses` is the document that this one reverses, if it is a reversal (a storno).
    """

    reservation: Position
    number: Number
    full_number: str
    document_id: DocumentId
    date: IsoDate
    content: Digest
    client_local_uuid: str | None = None
    reverses: DocumentId | None = None


class ReservationReleased(ReservationEvent, frozen=True, gc=False, tag="reservation-released/1"):
    """The device gave `number` up; the number is a documented gap."""

    reservation: Position
    number: Number


class ReservationExpired(ReservationEvent, frozen=True, gc=False, tag="reservation-expired/1"):
    """The numbers in `ranges`, of one block, were still pending after its time; they are documented gaps."""

    reservation: Position
    ranges: tuple[NumberRange, ...]


class NumbersLost(ReservationEvent, frozen=True, gc=False, tag="numbers-lost/1"):
    """An operator moved the counter past `first` .. `last`, inclusive: the log lost what became of these numbers.

    They are documented gaps. `reason` is what the operator wrote: 1 to 255 printable characters, and no personal data,
    because it can never be erased.
    """

    first: Number
    last: Number
    reason: str


class DocumentVoided(DocumentEvent, frozen=True, gc=False, tag="document-voided/1"):
    """The document no longer counts; it keeps its number. `content` is the digest of the reason, if one was given."""

    content: Digest | None


class DocumentUnvoided(DocumentEvent, frozen=True, gc=False, tag="document-unvoided/1"):
    """The document counts again, under the same number."""


class NumberWithdrawn(DocumentEvent, frozen=True, gc=False, tag="number-withdrawn/1"):
    """The voided document was deleted while its number was the last one taken; the number is a documented gap."""

    date: IsoDate


class DocumentChanged(DocumentEvent, frozen=True, gc=False, tag="document-changed/1"):
    """The document has the content with the digest `content`; its number is the same, its date may differ."""

    date_before: IsoDate
    date: IsoDate
    content: Digest


class DocumentReversed(DocumentEvent, frozen=True, gc=False, tag="document-reversed/1"):
    """Another document of the series, issued in the same append, reverses the document."""

    reversal_number: Number
    reversal_full_number: str
    reversal_id: DocumentId


class DocumentErased(DocumentEvent, frozen=True, gc=False, tag="document-erased/1"):
    """What the document said was erased, with all that it ever said before and why it was voided.

    `content` is what is left: the same without the customer; null if nothing is. `reason` is the digest of the reason,
    which is kept among the contents. The contents are gone with the commit of this event.
    """

    content: Digest | None
    reason: Digest | None


class DraftSaved(DraftEvent, frozen=True, gc=False, tag="draft-saved/1"):
    """A document without a number was kept, or got another content. The stream of a draft is named by its id."""

    content: Digest


class DraftVoided(DraftEvent, frozen=True, gc=False, tag="draft-voided/1"):
    """The draft no longer counts. `content` is the digest of the reason, if one was given."""

    content: Digest | None


class DraftDeleted(DraftEvent, frozen=True, gc=False, tag="draft-deleted/1"):
    """The draft is gone; it never had a number."""


class DraftErased(DraftEvent, frozen=True, tag="draft-erased/1"):
    """What the draft said was erased; the fields are those of `DocumentErased`."""

    content: Digest | None
    reason: Digest | None


AnySeriesEvent = SeriesOpened | SeriesDescribed | SeriesMadePrimary | SeriesLocked | SeriesUnlocked | GapExplained
AnyReservationEvent = NumbersReserved | ReservationConsumed | ReservationReleased | ReservationExpired | NumbersLost
AnyDocumentEvent = (
    DocumentVoided | DocumentUnvoided | NumberWithdrawn | DocumentChanged | DocumentReversed | DocumentErased
)
AnyDraftEvent = DraftSaved | DraftVoided | DraftDeleted | DraftErased
"""The members of the families, for a match that has a case for each."""

Event = AnySeriesEvent | AnyReservationEvent | AnyDocumentEvent | AnyDraftEvent
