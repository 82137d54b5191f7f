"""Builders of commands and callers, with a default for everything that a test does not care about."""

import hashlib

from schemas.commands import (
    AdvanceSeries,
    Caller,
    ChangeDocument,
    Command,
    ConsumeReservation,
    DeleteDocument,
    Document,
    EraseDocument,
    ExpireReservations,
    ExplainGap,
    IssueOnline,
    LockSeries,
    OpenSeries,
    ReleaseReservation,
    ReserveNumbers,
    ReverseDocument,
    Slot,
    UnvoidDocument,
    VoidDocument,
)
from schemas.values import (
    Actor,
    ActorKind,
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
    UnixSeconds,
)
from service.log.event_log import Content
from service.writer.request import Idempotency, Submission

FIRM = FirmId("firm_a")
OTHER_FIRM = FirmId("firm_b")
SERIES = SeriesId("seriesaaaa")
SECOND = SeriesId("second")
NOW = UnixSeconds(1_800_000_000)
HOLD_SECONDS = 3_600
NONCE = TokenNonce(4_000_000_000)
TODAY = IsoDate("2027-01-15")


def a_device(
    name: str = "till_1", *, firm: FirmId = FIRM, mode: Mode = Mode.LIVE, session_id: int = 7, is_admin: bool = False
) -> Caller:
    """A session of a device."""
    actor = Actor(ActorKind.SESSION, f"session_{session_id}", user_id=3)
    return Caller(firm, mode, actor, DeviceId(name), Platform.ANDROID, session_id, is_admin)


def a_session_without_device(*, is_admin: bool = False) -> Caller:
    """A session whose device id is empty."""
    return Caller(FIRM, Mode.LIVE, Actor(ActorKind.SESSION, "session_8", user_id=4), session_id=8, is_admin=is_admin)


def a_key(*, firm: FirmId = FIRM, mode: Mode = Mode.LIVE) -> Caller:
    """An API key."""
    return Caller(firm, mode, Actor(ActorKind.KEY, "key_1", user_id=1))


def the_sweeper() -> Caller:
    """The sweeper of the service, which acts for no firm."""
    return Caller(FirmId(""), Mode.LIVE, Actor(ActorKind.SYSTEM, "sweeper"))


def a_series(
    series_id: SeriesId = SERIES,
    name: str = "FACT",
    document_type: DocumentType = DocumentType.FISCAL,
    *,
    start_number: int = 1,
    is_primary: bool = False,
) -> OpenSeries:
    """Open a series."""
    return OpenSeries(series_id, name, document_type, 2027, start_number=Number(start_number), is_primary=is_primary)


def a_lock(series_id: SeriesId = SERIES) -> LockSeries:
    """Lock a series to the caller."""
    return LockSeries(series_id)


def a_reservation_of(
    count: int, series_id: SeriesId = SERIES, *, hold_seconds: int = HOLD_SECONDS, pending_max: int = 0
) -> ReserveNumbers:
    """Reserve `count` numbers."""
    return ReserveNumbers(series_id, count, hold_seconds, "k1", NONCE, pending_max)


def an_advance(to: int, reason: str = "restored from a copy", series_id: SeriesId = SERIES) -> AdvanceSeries:
    """Step over lost numbers."""
    return AdvanceSeries(series_id, Number(to), reason)


def the_operator() -> Caller:
    """An operator at the command line, who acts for no firm."""
    return Caller(FirmId(""), Mode.LIVE, Actor(ActorKind.SYSTEM, "operator"))


def a_slot(number: int, reservation: int = 3, series_id: SeriesId = SERIES, device: str | None = "till_1") -> Slot:
    """The slot that a token names; by default of a block that is reserved right after opening and locking."""
    return Slot(Position(reservation), series_id, Number(number), None if device is None else DeviceId(device))


def a_document(name: str = "inv_1", date: str = TODAY, document_type: DocumentType = DocumentType.FISCAL) -> Document:
    """A document; its digest follows from its id."""
    return Document(DocumentId(name), document_type, IsoDate(date), digest(name))


def a_consumption(
    slot: Slot | None,
    document: Document | None = None,
    series_id: SeriesId | None = None,
    *,
    is_chronology_checked: bool = True,
) -> ConsumeReservation:
    """Put a reserved number on a document."""
    return ConsumeReservation(slot, document or a_document(), series_id, is_chronology_checked=is_chronology_checked)


def an_issue(
    document: Document | None = None, series_id: SeriesId | None = SERIES, *, is_chronology_checked: bool = True
) -> IssueOnline:
    """Put the next number on a document."""
    return IssueOnline(document or a_document(), series_id, is_chronology_checked=is_chronology_checked)


def a_void(number: int, name: str, series_id: SeriesId = SERIES) -> VoidDocument:
    """Void a document."""
    return VoidDocument(series_id, Number(number), shown(number), DocumentId(name))


def an_unvoid(number: int, name: str, series_id: SeriesId = SERIES) -> UnvoidDocument:
    """Let a voided document count again."""
    return UnvoidDocument(series_id, Number(number), shown(number), DocumentId(name))


def a_deletion(number: int, name: str, date: str = TODAY) -> DeleteDocument:
    """Delete a document that was issued with this date."""
    return DeleteDocument(SERIES, Number(number), shown(number), DocumentId(name), IsoDate(date))


def an_erasure(number: int, name: str, *, left: Digest | None = None, before: Digest | None = None) -> EraseDocument:
    """Erase what a document says; `before` is by default the content with which it was issued."""
    before = before or a_document(name).content
    return EraseDocument(SERIES, Number(number), shown(number), DocumentId(name), before, left, digest("asked"))


def an_explanation(first: int, last: int, text: str = "The till broke with these") -> ExplainGap:
    """Explain a gap."""
    return ExplainGap(SERIES, Number(first), Number(last), GapCode.DEVICE_FAILURE, text)


def a_reversal(number: int, name: str, reversal: Document, *, content: Digest | None = None) -> ReverseDocument:
    """Reverse a document by another; `content` is by default the one with which it was issued."""
    content = content or a_document(name).content
    return ReverseDocument(SERIES, Number(number), shown(number), DocumentId(name), content, reversal)


def a_change(
    number: int,
    name: str,
    *,
    date: str = TODAY,
    issued_date: str = TODAY,
    before: Digest | None = None,
    to: str = "changed",
    is_chronology_checked: bool = True,
) -> ChangeDocument:
    """Give a document another content, and perhaps another date; `before` is by default its first content."""
    return ChangeDocument(
        SERIES,
        Number(number),
        shown(number),
        DocumentId(name),
        IsoDate(issued_date),
        IsoDate(date),
        before or a_document(name).content,
        digest(to),
        is_chronology_checked,
    )


def shown(number: int) -> str:
    """A number as documents of the series FACT show it in 2027."""
    return f"FACT-2027-{number:05}"


def digest(text: str) -> Digest:
    """A digest that follows from a name."""
    return Digest(hashlib.sha256(text.encode()).hexdigest())


def a_release(slot: Slot | None) -> ReleaseReservation:
    """Give a number up."""
    return ReleaseReservation(slot)


def a_sweep(first: int = 1, last: int = 1_000) -> ExpireReservations:
    """Record the overdue numbers of the blocks that were reserved at positions `first` .. `last`."""
    return ExpireReservations(tuple(Position(position) for position in range(first, last + 1)))


def a_content(body: bytes = b'{"client":"c"}', salt: bytes = bytes(16)) -> Content:
    """A content under its right digest."""
    return Content(Digest(hashlib.sha256(salt + body).hexdigest()), salt, body)


def a_key_of(name: str, body: str = "") -> Idempotency:
    """An Idempotency-Key and the digest of the request under it."""
    return Idempotency(name, hashlib.sha256(name.encode()).digest(), hashlib.sha256(body.encode()).digest())


def a_request(command: Command, caller: Caller | None = None, key: str | None = None, body: str = "") -> Submission:
    """What a caller submits; by default the caller is a device, without an idempotency key."""
    return Submission(command, caller or a_device(), idempotency=None if key is None else a_key_of(key, body))
