"""Every event type, defined once. An event that is stored is never edited.

The rule for a new field: add it with a default at the end of its struct; or add a struct with the next tag, and an
upcast in `schemas/record.py` from the old one. `python -m tests.support.domain.golden` then freezes a sample of it.

`full_number` is a number as its document shows it, in the format of its series.

Each event is of one family, whose fields come first; no field is added to a family, which would change the events that
are stored. A match may ignore a whole family as one case: it then ignores a new member too, so `evolve` and the replay
name every event.

No event carries personal data: a document's body lives in `log.content`, found by the salted digest the event carries.
"""

from msgspec import Struct

from schemas.values import (
    DeviceId,
    Digest,
    DocumentId,
    DocumentType,
    IsoDate,
    Number,
    NumberRange,
    Platform,
    Position,
    SeriesId,
    UnixSeconds,
)


class SeriesEvent(Struct, frozen=True):
    """An event about a series itself: its definition, its rank, its lock."""


class ReservationEvent(Struct, frozen=True):
    """An event that takes numbers, or ends pending ones."""


class DocumentEvent(Struct, frozen=True):
    """An event about a document that has a number already."""

    number: Number
    full_number: str
    document_id: DocumentId


class DraftEvent(Struct, frozen=True):
    """An event about a document without a number; its stream is the draft, not a series, and has the draft's id."""

    document_id: DocumentId


class SeriesOpened(SeriesEvent, frozen=True, tag="series-opened/1"):
    """A counter exists; it gives `start_number` next. Being primary, it demotes the series `replaces`."""

    name: str
    document_type: DocumentType
    description: str | None
    format: str
    start_number: Number
    year: int
    is_primary: bool
    replaces: SeriesId | None = None


class SeriesDescribed(SeriesEvent, frozen=True, tag="series-described/1"):
    """The description of a series is now this one."""

    description: str | None


class SeriesMadePrimary(SeriesEvent, frozen=True, tag="series-made-primary/1"):
    """The series is the default of its document type; `replaces` was it before."""

    replaces: SeriesId | None


class SeriesLocked(SeriesEvent, frozen=True, tag="series-locked/1"):
    """Only `device_id` may take numbers from the series, until it is unlocked."""

    device_id: DeviceId
    session_id: int | None
    user_id: int | None
    platform: Platform | None


class SeriesUnlocked(SeriesEvent, frozen=True, tag="series-unlocked/1"):
    """Anyone of the firm may take numbers again; reservations of `device_id` stay as they were."""

    device_id: DeviceId
    is_forced: bool


class NumbersReserved(ReservationEvent, frozen=True, tag="numbers-reserved/1"):
    """A device holds `first` .. `last`, inclusive, until `expires_at`; the counter has moved past them for good.

    `token_key` names the key that seals the block's tokens; none means that the number was taken to issue a document in
    the same append and no token was handed out.
    """

    first: Number
    last: Number
    device_id: DeviceId | None
    expires_at: UnixSeconds
    token_key: str | None


class ReservationConsumed(ReservationEvent, frozen=True, tag="reservation-consumed/1"):
    """The document `document_id` carries `number`, one slot of the block reserved at position `reservation`.

    `reverses` is the document it reverses, if it is a reversal (a storno).
    """

    reservation: Position
    number: Number
    full_number: str
    document_id: DocumentId
    date: IsoDate
    content: Digest
    client_local_uuid: str | None = None
    reverses: DocumentId | None = None


class ReservationReleased(ReservationEvent, frozen=True, tag="reservation-released/1"):
    """The device gave `number` up: a documented gap."""

    reservation: Position
    number: Number


class ReservationExpired(ReservationEvent, frozen=True, tag="reservation-expired/1"):
    """The slots of one block that were still pending after its time: documented gaps."""

    reservation: Position
    ranges: tuple[NumberRange, ...]


class DocumentVoided(DocumentEvent, frozen=True, tag="document-voided/1"):
    """The document no longer counts; it keeps its number. `content` is the digest of the reason, if one was given."""

    content: Digest | None


class DocumentUnvoided(DocumentEvent, frozen=True, tag="document-unvoided/1"):
    """The document counts again, under the same number."""


class NumberWithdrawn(DocumentEvent, frozen=True, tag="number-withdrawn/1"):
    """The voided document was deleted while its number was the last one taken: a documented gap."""

    date: IsoDate


class DocumentChanged(DocumentEvent, frozen=True, tag="document-changed/1"):
    """The document reads as the body with digest `content` does; its number is the same, its date may differ."""

    date_before: IsoDate
    date: IsoDate
    content: Digest


class DocumentReversed(DocumentEvent, frozen=True, tag="document-reversed/1"):
    """The document is reversed by another one of its series, which was issued in the same append."""

    reversal_number: Number
    reversal_full_number: str
    reversal_id: DocumentId


class DraftSaved(DraftEvent, frozen=True, tag="draft-saved/1"):
    """A document without a number was kept, or replaced by another body. A draft's stream is named by its own id."""

    content: Digest


class DraftVoided(DraftEvent, frozen=True, tag="draft-voided/1"):
    """The draft no longer counts. `content` is the digest of the reason, if one was given."""

    content: Digest | None


class DraftDeleted(DraftEvent, frozen=True, tag="draft-deleted/1"):
    """The draft is gone; it never had a number."""


AnySeriesEvent = SeriesOpened | SeriesDescribed | SeriesMadePrimary | SeriesLocked | SeriesUnlocked
AnyReservationEvent = NumbersReserved | ReservationConsumed | ReservationReleased | ReservationExpired
AnyDocumentEvent = DocumentVoided | DocumentUnvoided | NumberWithdrawn | DocumentChanged | DocumentReversed
AnyDraftEvent = DraftSaved | DraftVoided | DraftDeleted
"""The members of the families, for a match that says something of each."""

Event = AnySeriesEvent | AnyReservationEvent | AnyDocumentEvent | AnyDraftEvent
