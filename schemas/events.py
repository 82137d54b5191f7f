"""Every event type, defined once. An event that is stored is never edited.

The rule for a new field: add it with a default at the end of its struct; or add a struct with the next tag, and an
upcast in `schemas/record.py` from the old one. `python -m tests.support.domain.golden` then freezes a sample of it.

`full_number` is a number as its document shows it, in the format of its series.

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


class SeriesOpened(Struct, frozen=True, tag="series-opened/1"):
    """A counter exists; it gives `start_number` next. Being primary, it demotes the series `replaces`."""

    name: str
    document_type: DocumentType
    description: str | None
    format: str
    start_number: Number
    year: int
    is_primary: bool
    replaces: SeriesId | None = None


class SeriesDescribed(Struct, frozen=True, tag="series-described/1"):
    """The description of a series is now this one."""

    description: str | None


class SeriesMadePrimary(Struct, frozen=True, tag="series-made-primary/1"):
    """The series is the default of its document type; `replaces` was it before."""

    replaces: SeriesId | None


class SeriesLocked(Struct, frozen=True, tag="series-locked/1"):
    """Only `device_id` may take numbers from the series, until it is unlocked."""

    device_id: DeviceId
    session_id: int | None
    user_id: int | None
    platform: Platform | None


class SeriesUnlocked(Struct, frozen=True, tag="series-unlocked/1"):
    """Anyone of the firm may take numbers again; reservations of `device_id` stay as they were."""

    device_id: DeviceId
    is_forced: bool


class NumbersReserved(Struct, frozen=True, tag="numbers-reserved/1"):
    """A device holds `first` .. `last`, inclusive, until `expires_at`; the counter has moved past them for good.

    `token_key` names the key that seals the block's tokens; none means that the number was taken to issue a document in
    the same append and no token was handed out.
    """

    first: Number
    last: Number
    device_id: DeviceId | None
    expires_at: UnixSeconds
    token_key: str | None


class ReservationConsumed(Struct, frozen=True, tag="reservation-consumed/1"):
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


class ReservationReleased(Struct, frozen=True, tag="reservation-released/1"):
    """The device gave `number` up: a documented gap."""

    reservation: Position
    number: Number


class ReservationExpired(Struct, frozen=True, tag="reservation-expired/1"):
    """The slots of one block that were still pending after its time: documented gaps."""

    reservation: Position
    ranges: tuple[NumberRange, ...]


class DocumentVoided(Struct, frozen=True, tag="document-voided/1"):
    """The document no longer counts; it keeps its number. `content` is the digest of the reason, if one was given."""

    number: Number
    full_number: str
    document_id: DocumentId
    content: Digest | None


class DocumentUnvoided(Struct, frozen=True, tag="document-unvoided/1"):
    """The document counts again, under the same number."""

    number: Number
    full_number: str
    document_id: DocumentId


class NumberWithdrawn(Struct, frozen=True, tag="number-withdrawn/1"):
    """The voided document was deleted while its number was the last one taken: a documented gap."""

    number: Number
    full_number: str
    document_id: DocumentId
    date: IsoDate


class DocumentChanged(Struct, frozen=True, tag="document-changed/1"):
    """The document reads as the body with digest `content` does; its number is the same, its date may differ."""

    number: Number
    full_number: str
    document_id: DocumentId
    date_before: IsoDate
    date: IsoDate
    content: Digest


class DocumentReversed(Struct, frozen=True, tag="document-reversed/1"):
    """The document is reversed by another one of its series, which was issued in the same append."""

    number: Number
    full_number: str
    document_id: DocumentId
    reversal_number: Number
    reversal_full_number: str
    reversal_id: DocumentId


class DraftSaved(Struct, frozen=True, tag="draft-saved/1"):
    """A document without a number was kept, or replaced by another body. A draft's stream is named by its own id."""

    document_id: DocumentId
    content: Digest


class DraftVoided(Struct, frozen=True, tag="draft-voided/1"):
    """The draft no longer counts. `content` is the digest of the reason, if one was given."""

    document_id: DocumentId
    content: Digest | None


class DraftDeleted(Struct, frozen=True, tag="draft-deleted/1"):
    """The draft is gone; it never had a number."""

    document_id: DocumentId


Event = (
    SeriesOpened
    | SeriesDescribed
    | SeriesMadePrimary
    | SeriesLocked
    | SeriesUnlocked
    | NumbersReserved
    | ReservationConsumed
    | ReservationReleased
    | ReservationExpired
    | DocumentVoided
    | DocumentUnvoided
    | NumberWithdrawn
    | DocumentChanged
    | DocumentReversed
    | DraftSaved
    | DraftVoided
    | DraftDeleted
)
