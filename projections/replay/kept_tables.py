"""Events become the rows of the projections, in memory: without PostgreSQL and the code that fills its tables."""

import hashlib
from collections.abc import Iterable, Iterator
from sys import intern
from typing import Final, assert_never

import msgspec
from msgspec import Struct

from projections.replay.gap_numbers import gaps_of
from projections.replay.kept_rows import (
    PROJECTIONS,
    BlockRow,
    CounterRow,
    EndingRow,
    ExplanationRow,
    GapRow,
    InvoiceRow,
    Row,
    RowsOfSeries,
)
from projections.replay.terms import moved_by, taken_by
from projections.replay.words import actor_text
from schemas.events import (
    AnyDraftEvent,
    DocumentChanged,
    DocumentErased,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftErased,
    DraftEvent,
    DraftSaved,
    DraftVoided,
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
from schemas.record import Record
from schemas.values import (
    Digest,
    DocumentId,
    DocumentType,
    Fate,
    FirmId,
    IsoDate,
    Mode,
    Number,
    NumberRange,
    Position,
    SeriesId,
    UnixSeconds,
)

_NOTHING: Final = Digest("")
"""The content of a document of which nothing is left."""

_encoder: Final = msgspec.json.Encoder()


class Scope(Struct, frozen=True, order=True):
    """What a digest is about: a firm in one mode, with its drafts; or these series of it, in the order of their ids."""

    firm_id: FirmId
    mode: Mode
    series: tuple[SeriesId, ...] | None = None


class SeriesTables:
    """The rows of one series after its events so far. `at` is the time of the last one.

    The events must be those that `SeriesReplay` accepts. Raises KeyError and AttributeError for others.
    """

    def __init__(self, record: Record, event: SeriesOpened) -> None:
        start = event.start_number
        counter = CounterRow(
            record.stream,
            record.log,
            record.firm_id,
            record.mode,
            event.name,
            event.document_type,
            record.at,
            record.position,
            start,
            start,
        )
        self.rows = RowsOfSeries(counter)
        self.document_type: DocumentType = event.document_type
        self.at: UnixSeconds = record.at
        # Of each block the actor who took it, and when its tokens expired if it had any.
        self._taken: dict[Position, tuple[str, UnixSeconds | None]] = {}

    def apply(self, record: Record) -> None:
        """Add the next event."""
        event, counter = record.event, self.rows.counter
        self.at, counter.position = record.at, record.position
        counter.move(*moved_by(event))
        counter.next_number = Number(counter.next_number + taken_by(event))
        match event:
            case NumbersReserved():
                self._reserve(record, event)
            case ReservationConsumed(reservation=reservation, number=number):
                self._end(record, reservation, NumberRange(number, number), Fate.STANDING, event)
                self._issue(record, event)
            case ReservationReleased(reservation=reservation, number=number):
                self._end(record, reservation, NumberRange(number, number), Fate.RELEASED)
            case ReservationExpired(reservation=reservation, ranges=ranges):
                for numbers in ranges:
                    self._end(record, reservation, numbers, Fate.EXPIRED)
            case NumbersLost(first=first, last=last):
                at, position = record.at, record.position
                self._taken[position] = intern(actor_text(record.actor)), None
                self.rows.endings[last] = EndingRow(
                    record.stream, first, last, Fate.LOST, None, at, at, None, position, position
                )
            case DocumentVoided() | DocumentUnvoided() | NumberWithdrawn():
                self._change_fate(record, event)
            case DocumentChanged() | DocumentReversed() | DocumentErased():
                self._change(record, event)
            case GapExplained():
                self._explain(record, event)
            case SeriesEvent() | DraftEvent():
                pass
            case _:
                assert_never(event)
        for numbers, reason, _ in gaps_of(record):
            self._add_gap(record, numbers, reason)

    def _reserve(self, record: Record, event: NumbersReserved) -> None:
        count = event.last - event.first + 1
        expires_at = None if event.token_key is None else event.expires_at
        self._taken[record.position] = intern(actor_text(record.actor)), expires_at
        self.rows.blocks[record.position] = BlockRow(
            record.stream,
            event.first,
            event.last,
            count,
            event.device_id,
            record.at,
            event.expires_at,
            record.position,
        )

    def _end(
        self,
        record: Record,
        reservation: Position,
        numbers: NumberRange,
        fate: Fate,
        document: ReservationConsumed | None = None,
    ) -> None:
        block = self.rows.blocks[reservation]
        block.pending -= len(numbers)
        if not block.pending:
            del self.rows.blocks[reservation]
        self.rows.endings[numbers.last] = EndingRow(
            record.stream,
            numbers.first,
            numbers.last,
            fate,
            block.device_id,
            block.reserved_at,
            record.at,
            None if document is None else document.document_id,
            reservation,
            record.position,
            None if document is None else document.full_number,
            None if document is None else IsoDate(intern(document.date)),
        )

    def _issue(self, record: Record, event: ReservationConsumed) -> None:
        self.rows.invoices[event.document_id] = InvoiceRow(
            event.document_id,
            record.log,
            record.firm_id,
            record.mode,
            record.stream,
            event.number,
            event.full_number,
            event.date,
            self.document_type,
            Fate.STANDING,
            event.reverses,
            None,
            None,
            record.at,
            record.at,
            record.position,
            record.position,
            event.content,
            None,
            event.client_local_uuid,
        )

    def _change_fate(self, record: Record, event: DocumentVoided | DocumentUnvoided | NumberWithdrawn) -> None:
        _, fate, _ = moved_by(event)
        assert fate is not None, "each of these gives a fate"
        ending = self.rows.endings[event.number]
        ending.fate, ending.ended_at, ending.ended_position = fate, record.at, record.position
        invoice = _touched(self.rows.invoices[event.document_id], record)
        invoice.stand(fate, record.at, event.content if isinstance(event, DocumentVoided) else None)

    def _change(self, record: Record, event: DocumentChanged | DocumentReversed | DocumentErased) -> None:
        invoice = _touched(self.rows.invoices[event.document_id], record)
        if isinstance(event, DocumentChanged):
            invoice.date, invoice.content = event.date, event.content
            self.rows.endings[event.number].date = IsoDate(intern(event.date))
        elif isinstance(event, DocumentErased):
            invoice.content = event.content or _NOTHING

    def _explain(self, record: Record, event: GapExplained) -> None:
        self.rows.explanations.append(
            ExplanationRow(
                record.stream,
                event.first,
                event.last,
                event.code,
                event.text,
                record.at,
                actor_text(record.actor),
                record.position,
            )
        )

    def _add_gap(self, record: Record, numbers: NumberRange, reason: Fate) -> None:
        ending = self.rows.endings[numbers.last]
        self.rows.gaps[numbers.first] = GapRow(
            record.stream,
            numbers.first,
            numbers.last,
            reason,
            ending.device_id,
            ending.reserved_at,
            *self._taken[ending.reserved_position],
            record.at,
            actor_text(record.actor),
            ending.reserved_position,
            record.position,
            record.event.reason if isinstance(record.event, NumbersLost) else None,
            ending.full_number,
        )


class KeptTables:
    """The rows of all series and drafts after the events so far; they hold as much memory as the log has documents."""

    def __init__(self) -> None:
        self.series: dict[SeriesId, SeriesTables] = {}
        self.drafts: dict[DocumentId, InvoiceRow] = {}
        self.ends: dict[tuple[FirmId, Mode], tuple[Position, UnixSeconds]] = {}
        """Of each firm and mode the position and time of its last event."""

    def apply(self, record: Record) -> None:
        """Add the next record, which `Replay` has accepted."""
        event = record.event
        self.ends[record.firm_id, record.mode] = record.position, record.at
        if isinstance(event, DraftEvent):
            apply_to_drafts(self.drafts, record, event)
            return
        if isinstance(event, SeriesOpened):
            self.series[record.stream] = SeriesTables(record, event)
        self.series[record.stream].apply(record)

    def end(self, scope: Scope) -> tuple[Position, UnixSeconds | None]:
        """The position and time of the last event of the scope; 0 and none if it has none."""
        if scope.series is None:
            return self.ends.get((scope.firm_id, scope.mode), (Position(0), None))
        ends = [(self.series[each].rows.counter.position, self.series[each].at) for each in scope.series]
        return max(ends, default=(Position(0), None))

    def digests(self, scope: Scope) -> dict[str, str]:
        """By projection the SHA-256 of its rows in the scope, in hexadecimal."""
        return {projection: digest_of(self._rows(scope, projection)) for projection in PROJECTIONS}

    def series_of(self, scope: Scope) -> list[SeriesId]:
        """The series of the scope, in the order of their ids."""
        if scope.series is not None:
            return sorted(scope.series)
        firm, mode = scope.firm_id, scope.mode
        counters = (tables.rows.counter for tables in self.series.values())
        return sorted(each.series_id for each in counters if each.firm_id == firm and each.mode == mode)

    def _rows(self, scope: Scope, projection: str) -> Iterator[Row]:
        for series_id in self.series_of(scope):
            yield from self.series[series_id].rows.of(projection)
        if projection == "invoices" and scope.series is None:
            for document_id in sorted(self.drafts):
                draft = self.drafts[document_id]
                if (draft.firm_id, draft.mode) == (scope.firm_id, scope.mode):
                    yield draft


def digest_of(rows: Iterable[Row]) -> str:
    """The SHA-256 of the lines of these rows, each with U+000A after it, in hexadecimal."""
    total = hashlib.sha256()
    for row in rows:
        total.update(_encoder.encode(row) + b"\n")
    return total.hexdigest()


def apply_to_drafts(drafts: dict[DocumentId, InvoiceRow], record: Record, event: AnyDraftEvent) -> None:
    """Add the next event of a draft to the rows of drafts."""
    document_id, at, position = event.document_id, record.at, record.position
    if record.version == 1:
        of = (record.log, record.firm_id, record.mode)
        nothing = (None, None, None, None, None)
        drafts[document_id] = InvoiceRow(
            document_id, *of, *nothing, Fate.STANDING, None, None, None, at, at, position, position, _NOTHING
        )
    draft = _touched(drafts[document_id], record)
    match event:
        case DraftSaved(content=content):
            draft.content = content
        case DraftVoided(content=reason):
            draft.stand(Fate.VOIDED, at, reason)
        case DraftErased(content=left):
            draft.content = left or _NOTHING
        case DraftDeleted():
            del drafts[document_id]
        case _:
            assert_never(event)


def _touched(invoice: InvoiceRow, record: Record) -> InvoiceRow:
    invoice.modified_at, invoice.position = record.at, record.position
    return invoice
