"""What must be true of every log, whatever happened. All layers of tests call this after everything that they do.

The fates are counted here with a plain dictionary, number by number, without the code of `service.core`.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import assert_never

from schemas.events import (
    AnyDocumentEvent,
    AnyDraftEvent,
    AnyReservationEvent,
    AnySeriesEvent,
    DocumentChanged,
    DocumentErased,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftErased,
    DraftEvent,
    DraftSaved,
    Event,
    GapExplained,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesEvent,
    SeriesOpened,
)
from schemas.outcomes import (
    AnswerLost,
    DeletedOutcome,
    DocumentOutcome,
    ExpiredOutcome,
    ExplainedOutcome,
    Outcome,
    ReleasedOutcome,
    ReservedOutcome,
    SeriesOutcome,
)
from schemas.record import Record, StoredRecord, decode_record, encode_record, is_canonical
from schemas.values import DEFAULT_LOG, DocumentId, Fate, IsoDate, Number, NumberRange, Position, SeriesId, Version
from service.core.evolve import evolve
from service.core.state.state import Series, State, empty_state
from service.writer.request import Answered

TOKEN = re.compile(rb"rsv_[0-9a-f]{32}")
CREDENTIAL = re.compile(rb"sk_(live|test)_|eyJ[A-Za-z0-9_-]{10,}\.")


def check_invariants(records: Sequence[StoredRecord | Record], answers: Iterable[Answered] = ()) -> State:
    """Assert all of them and return the state at the end.

    `records` is a whole log from position 1; `answers` are the outcomes that each caller got.
    """
    state = empty_state(_record(records[0]).log if records else DEFAULT_LOG)
    lives: dict[SeriesId, list[tuple[Position, Series]]] = {}
    accounts: dict[SeriesId, _Account] = {}
    for position, item in enumerate(records, start=1):
        record = _record(item)
        _check_bytes(item)
        assert record.position == position, "positions have no holes"
        assert record.at >= state.at, "times never decrease along a log"
        account = accounts.setdefault(record.stream, _Account())
        account.apply(record)
        evolve(state, record)
        demoted: SeriesId | None = getattr(record.event, "replaces", None)
        for series_id in (record.stream, demoted):
            if series_id is not None and series_id in state.series:
                lives.setdefault(series_id, []).append((record.position, state.series[series_id]))
        account.check_equation(state.series.get(record.stream))
    documents = [number for account in accounts.values() for number in account.documents]
    assert len(documents) == len(set(documents)), "a document carries one number"
    _check_answers([_record(item) for item in records], lives, answers)
    return state


def _record(item: StoredRecord | Record) -> Record:
    return item.record if isinstance(item, StoredRecord) else item


def _check_bytes(item: StoredRecord | Record) -> None:
    canonical = item.canonical if isinstance(item, StoredRecord) else encode_record(item)
    assert decode_record(canonical) == _record(item), "the bytes say what the record says"
    assert is_canonical(canonical, _record(item)), "the bytes are canonical"
    assert not TOKEN.search(canonical), "no token is in the log"
    assert not CREDENTIAL.search(canonical), "no credential is in the log"


@dataclass
class _Document:
    """The facts of a numbered document."""

    number: Number
    full_number: str
    date: IsoDate
    reverses: DocumentId | None


class _Account:
    """One stream, event by event: a series number by number, or a draft."""

    def __init__(self) -> None:
        self.opened: SeriesOpened | None = None
        self.version: Version = Version(0)
        self.previous: Position = Position(0)
        self.start = self.next = 0
        self.fates: dict[Number, Fate] = {}
        self.counts: Counter[Fate] = Counter()
        self.blocks: dict[Position, NumberRange] = {}
        self.documents: dict[DocumentId, _Document] = {}
        self.is_deleted = False

    def apply(self, record: Record) -> None:
        """Add the next record of the stream, and assert that it breaks no invariant."""
        assert record.version == self.version + 1, "versions have no holes"
        assert record.previous == self.previous, "each record names the one before it in its stream"
        self.version, self.previous = record.version, record.position
        event = record.event
        if isinstance(event, DraftEvent):
            self._apply_to_draft(record, event)
            return
        assert (record.version == 1) == isinstance(event, SeriesOpened), "a series opens first, and once"
        if isinstance(event, SeriesOpened):
            self.opened = event
            self.start = self.next = event.start_number
        assert self.opened is not None, "a series opens before anything happens to it"
        assert record.series_name == self.opened.name, "a record names its series"
        self._apply_to_numbers(record.position, event)

    def _apply_to_draft(self, record: Record, event: AnyDraftEvent) -> None:
        assert record.series_name is None, "a draft has no series"
        assert record.stream == SeriesId(event.document_id), "a draft is a stream of its own"
        assert self.opened is None, "a series has no drafts"
        assert not self.is_deleted, "a deleted draft is gone"
        assert record.version > 1 or isinstance(event, DraftSaved), "a draft begins by being saved"
        self.is_deleted = isinstance(event, DraftDeleted)

    def _apply_to_numbers(
        self, position: Position, event: AnySeriesEvent | AnyReservationEvent | AnyDocumentEvent
    ) -> None:
        match event:
            case NumbersReserved(first, last):
                self._reserve(position, first, last)
            case NumbersLost(first, last, reason):
                assert reason.strip(), "lost numbers have a reason"
                self._take(first, last, Fate.LOST)
            case ReservationConsumed():
                self._consume(event)
            case ReservationReleased(reservation, number):
                self._end(reservation, number, Fate.RELEASED)
            case ReservationExpired(reservation, ranges):
                for item in ranges:
                    for expired in range(item.first, item.last + 1):
                        self._end(reservation, Number(expired), Fate.EXPIRED)
            case DocumentVoided():
                self._turn(event, Fate.STANDING, Fate.VOIDED)
            case DocumentUnvoided():
                self._turn(event, Fate.VOIDED, Fate.STANDING)
                self._check_reversals()
            case NumberWithdrawn():
                assert event.number == self.next - 1, "only the last number taken is withdrawn"
                assert event.date == self.documents[event.document_id].date, "a withdrawal has the date of the document"
                self._turn(event, Fate.VOIDED, Fate.WITHDRAWN)
            case DocumentChanged():
                self._turn(event, Fate.STANDING, Fate.STANDING)
                document = self.documents[event.document_id]
                assert event.date_before == document.date, "a change has the date before it"
                document.date = event.date
            case DocumentReversed(reversal_id=reversal_id):
                self._turn(event, Fate.STANDING, Fate.STANDING)
                assert self.documents[reversal_id].reverses == event.document_id, "a reversal names its source"
                assert self.documents[reversal_id].number == event.reversal_number, "the source names its reversal"
                self._check_reversals()
            case DocumentErased() | SeriesEvent():
                pass
            case _:
                assert_never(event)

    def _reserve(self, position: Position, first: Number, last: Number) -> None:
        self.blocks[position] = NumberRange(first, last)
        self._take(first, last, Fate.PENDING)

    def _take(self, first: Number, last: Number, fate: Fate) -> None:
        assert first == self.next, "a range begins where the numbers end"
        assert last >= first, "a range is not empty"
        for number in range(first, last + 1):
            self.fates[Number(number)] = fate
        self.counts[fate] += last - first + 1
        self.next = last + 1

    def _consume(self, event: ReservationConsumed) -> None:
        assert event.document_id not in self.documents, "a document carries one number"
        assert self.opened is not None
        shown = self.opened.format.replace("{year}", event.date[:4]).replace("{number}", f"{event.number:05}")
        assert event.full_number == shown, "the number is shown as the format says"
        self.documents[event.document_id] = _Document(event.number, shown, event.date, event.reverses)
        self._end(event.reservation, event.number, Fate.STANDING)

    def _end(self, reservation: Position, number: Number, fate: Fate) -> None:
        block = self.blocks[reservation]
        assert block.first <= number <= block.last, "a slot is of the block it names"
        self._move(number, Fate.PENDING, fate)

    def _turn(self, event: AnyDocumentEvent, before: Fate, after: Fate) -> None:
        document = self.documents[event.document_id]
        assert (event.number, event.full_number) == (document.number, document.full_number), "it keeps its number"
        self._move(event.number, before, after)

    def _move(self, number: Number, before: Fate, after: Fate) -> None:
        assert self.fates[number] is before, f"number {number} is {self.fates[number]}, not {before}"
        self.fates[number] = after
        self.counts[before] -= 1
        self.counts[after] += 1

    def _check_reversals(self) -> None:
        sources = [
            document.reverses
            for document in self.documents.values()
            if document.reverses is not None and self.fates[document.number] is Fate.STANDING
        ]
        assert len(sources) == len(set(sources)), "one reversal of a document stands"

    def check_equation(self, series: Series | None) -> None:
        """The core counts the same as this file, and every number taken is accounted for."""
        if series is None:
            assert self.opened is None, "the core knows every series"
            return
        equation = series.equation()
        assert equation == {fate: self.counts[fate] for fate in Fate}, "the core counts every fate alike"
        assert sum(equation.values()) == series.taken == self.next - self.start == len(self.fates)
        assert series.next_number == self.next, "the counter stands after the last number taken"


_Lives = Mapping[SeriesId, Sequence[tuple[Position, Series]]]
"""Each series after every event that changed it, and the position of that event."""


def _check_answers(records: Sequence[Record], lives: _Lives, answers: Iterable[Answered]) -> None:
    """Every outcome is true, and no two callers got the same one, except by a repeat."""
    blocks = Counter[Position]()
    issued = Counter[DocumentId]()
    for answer in answers:
        _check_outcome(records, lives, answer.outcome)
        if not answer.is_repeat and isinstance(answer.outcome, ReservedOutcome):
            blocks[answer.outcome.position] += 1
        if not answer.is_repeat and isinstance(answer.outcome, DocumentOutcome):
            document_id, event = answer.outcome.document_id, records[answer.outcome.position - 1].event
            is_issue = isinstance(event, ReservationConsumed | DocumentReversed)
            issued[document_id] += is_issue and _is_about(event, document_id)
    assert all(count == 1 for count in blocks.values()), "a block was given to one caller"
    assert all(count <= 1 for count in issued.values()), "a document was issued for one caller"


def _is_about(event: Event, document_id: DocumentId) -> bool:
    return document_id in {getattr(event, "document_id", None), getattr(event, "reversal_id", None)}


def _is_done_already(records: Sequence[Record], document_id: DocumentId) -> bool:
    """Whether an event of the document made true what may be asked for again, when nothing is written."""
    done = DocumentErased | DraftErased | DocumentChanged
    return any(isinstance(each.event, done) and _is_about(each.event, document_id) for each in records)


def _check_outcome(records: Sequence[Record], lives: _Lives, outcome: Outcome) -> None:
    match outcome:
        case ReservedOutcome(position, series_id, first, last, device_id, reserved_at, expires_at, key, nonce):
            record = records[position - 1]
            assert record.stream == series_id, "the block is of the series that was asked for"
            assert record.at == reserved_at, "the block was reserved at the time in the outcome"
            assert record.event == NumbersReserved(first, last, device_id, expires_at, key, nonce)
        case ReleasedOutcome(reservation, number):
            series_id = records[reservation - 1].stream
            assert number in lives[series_id][-1][1].released, "the number is released"
        case DocumentOutcome(document_id, position):
            event = records[position - 1].event
            assert _is_about(event, document_id) or _is_done_already(records[:position], document_id), (
                "the document's event is at the position in the outcome, or what was asked for was done before"
            )
        case SeriesOutcome(view):
            life = lives[view.series_id]
            _, then = life[bisect_right(life, view.position, key=itemgetter(0)) - 1]
            assert then.view(view.position) == view, "the series was as the outcome says"
        case ExplainedOutcome(position, at):
            assert isinstance(records[position - 1].event, GapExplained), "the explanation is at its position"
            assert records[position - 1].at == at, "the gap was explained at the time in the outcome"
        case DeletedOutcome(document_id, at):
            mine = [record for record in records if getattr(record.event, "document_id", None) == document_id]
            ended = [record for record in mine if not isinstance(record.event, DocumentErased)][-1]
            assert isinstance(ended.event, NumberWithdrawn | DraftDeleted), "nothing happens to a deleted document"
            assert ended.at == at, "the document was deleted at the time in the outcome"
        case ExpiredOutcome(blocks, numbers):
            assert numbers >= blocks, "an expired block has numbers"
        case AnswerLost(position):
            assert records[position - 1].idempotency_key is not None, "an event with a key came back there"
        case _:
            assert_never(outcome)
