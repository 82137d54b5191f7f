"""Computes the equation, the ranges and the gaps from the events alone, without any projection.

It refuses an event that does not follow from those before it, so a replay also checks the log.
"""

from collections.abc import Iterator
from heapq import merge
from itertools import pairwise
from sys import intern
from typing import assert_never

from projections.replay.drafts import DraftReplay
from projections.replay.endings import Block, Ending, Endings, Kept
from projections.replay.explanations import explanation_of, with_explanations
from projections.replay.gap_neighbours import ends_of, stretches, with_neighbours
from projections.replay.gap_numbers import gaps_of
from projections.replay.number_ranges import merged
from projections.replay.terms import moved_by, taken_by
from projections.replay.words import actor_text
from schemas.api.reports import Gap, GapExplanation, Neighbour, NumberRangeRow, Terms
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
    SeriesDescribed,
    SeriesLocked,
    SeriesMadePrimary,
    SeriesOpened,
    SeriesUnlocked,
)
from schemas.record import Record
from schemas.values import (
    DocumentId,
    Fate,
    FirmId,
    IsoDate,
    Mode,
    Number,
    NumberRange,
    Position,
    SeriesId,
    UnixSeconds,
    Version,
)


class HistoryBrokenError(Exception):
    """An event does not follow from the ones before it."""

    def __init__(self, record: Record, why: str) -> None:
        super().__init__(f"position {record.position} of log {record.log}, stream {record.stream}: {why}")
        self.position = record.position
        self.series_id = record.stream


class SeriesReplay:
    """A series after the events so far."""

    def __init__(self, record: Record, event: SeriesOpened, endings: Endings | None = None) -> None:
        self.firm_id: FirmId = record.firm_id
        self.mode: Mode = record.mode
        self.name = event.name
        self.document_type = event.document_type
        self.format = event.format
        self.position: Position = Position(0)
        self.version: Version = Version(0)
        self.next_number = event.start_number
        self.gaps: list[Gap] = []
        self.explanations: list[GapExplanation] = []
        self._taken = 0
        self._counts = dict.fromkeys(Fate, 0)
        self._blocks: dict[Position, Block] = {}
        self._endings = endings or Endings()

    def apply(self, record: Record) -> None:
        """Add the next event. Raises HistoryBrokenError if it does not follow from those before it."""
        if record.version != self.version + 1 or record.previous != self.position:
            raise HistoryBrokenError(record, f"it does not follow version {self.version} at position {self.position}")
        match record.event:
            case NumbersReserved() as event:
                self._reserve(record, event)
            case ReservationConsumed(reservation=reservation, number=number) as event:
                self._end(record, reservation, NumberRange(number, number), Fate.STANDING, event)
            case ReservationReleased(reservation=reservation, number=number):
                self._end(record, reservation, NumberRange(number, number), Fate.RELEASED)
            case ReservationExpired(reservation=reservation, ranges=ranges):
                for numbers in ranges:
                    self._end(record, reservation, numbers, Fate.EXPIRED)
            case NumbersLost() as event:
                self._lose(record, event)
            case DocumentVoided() | DocumentUnvoided() | NumberWithdrawn() as event:
                self._change(record, event)
            case DocumentChanged() | DocumentReversed() as event:
                self._confirm(record, event)
            case DocumentErased() as event:
                self._erase(record, event)
            case GapExplained() as event:
                self._explain(record, event)
            case SeriesOpened():
                if record.version != 1:
                    raise HistoryBrokenError(record, "the series is open already")
            case DraftSaved() | DraftVoided() | DraftDeleted() | DraftErased():
                raise HistoryBrokenError(record, "the stream is a series, not a draft")
            case SeriesDescribed() | SeriesMadePrimary() | SeriesLocked() | SeriesUnlocked():
                pass
            case _:
                assert_never(record.event)
        self._count(record)
        self.position, self.version = record.position, record.version

    def terms(self) -> Terms:
        """Every term of the equation."""
        return Terms(taken=self._taken, **{str(fate): count for fate, count in self._counts.items()})

    def ranges(self) -> list[NumberRangeRow]:
        """What became of every number, in order; neighbours of the same fate and device are merged."""
        return list(merged(self.pieces()))

    def pieces(self) -> Iterator[NumberRangeRow]:
        """What became of every number, in order, as the events say it."""
        ended = (ending.row(self.format) for ending in self._endings.in_order())
        pending = (row for block in self._blocks.values() for row in block.pending(self.format))
        return merge(ended, sorted(pending, key=lambda row: row.first), key=lambda row: row.first)

    def finished_gaps(self) -> list[Gap]:
        """The gaps, in order, with their neighbours and explanations."""
        gaps = sorted(self.gaps, key=lambda gap: gap.first)
        ends = list(ends_of(self._documents(), stretches(gaps)))
        return with_explanations(with_neighbours(gaps, ends), self.explanations)

    def date_inversions(self) -> int:
        """How many standing documents are dated before the standing document with the next lower number."""
        dates = (str(each.date) for each in self._endings.in_order() if each.fate is Fate.STANDING)
        return sum(higher < lower for lower, higher in pairwise(dates))

    def _documents(self) -> Iterator[Neighbour]:
        for ending in self._endings.in_order():
            if ending.full_number is not None and ending.date is not None and ending.fate is not Fate.WITHDRAWN:
                yield Neighbour(ending.numbers.last, ending.full_number, ending.date)

    def _reserve(self, record: Record, event: NumbersReserved) -> None:
        self._take(record, event)
        mask = (1 << (event.last - event.first + 1)) - 1
        expires_at = None if event.token_key is None else event.expires_at
        self._blocks[record.position] = Block(
            record.position,
            event.first,
            event.last,
            event.device_id,
            record.at,
            actor_text(record.actor),
            expires_at,
            mask,
        )

    def _lose(self, record: Record, event: NumbersLost) -> None:
        self._take(record, event)
        numbers = NumberRange(event.first, event.last)
        by = actor_text(record.actor)
        never_open = Block(record.position, event.first, event.last, None, record.at, by, None, 0)
        ending = Ending(numbers, never_open, Fate.LOST, record.at, None, None, None)
        self._endings.put(ending)
        self._add_gap(record, ending, event.reason)

    def _take(self, record: Record, event: NumbersReserved | NumbersLost) -> None:
        if event.first != self.next_number or event.last < event.first:
            why = f"it takes numbers {event.first}-{event.last}, but the next number is {self.next_number}"
            raise HistoryBrokenError(record, why)
        self.next_number = Number(event.last + 1)

    def _end(
        self,
        record: Record,
        reservation: Position,
        numbers: NumberRange,
        fate: Fate,
        document: ReservationConsumed | None = None,
    ) -> None:
        block = self._blocks.get(reservation)
        mask = block.mask(numbers) if block else 0
        if block is None or not mask or block.open & mask != mask:
            raise HistoryBrokenError(record, f"numbers {numbers.first}-{numbers.last} are not pending")
        block.open &= ~mask
        if not block.open:
            del self._blocks[reservation]
        if document is None:
            ending = Ending(numbers, block, fate, record.at, None, None, None)
            self._add_gap(record, ending)
        else:
            said = document.document_id, document.full_number, IsoDate(intern(document.date))
            ending = Ending(numbers, block, fate, record.at, *said)
        self._endings.put(ending)

    def _change(self, record: Record, event: DocumentVoided | DocumentUnvoided | NumberWithdrawn) -> None:
        ending = self._endings.get(event.number)
        source, target, _ = moved_by(event)
        if ending is None or target is None or ending.fate != source or ending.document_id != event.document_id:
            raise HistoryBrokenError(record, f"number {event.number} is not {source} on {event.document_id}")
        ending.fate, ending.at = target, record.at
        self._endings.put(ending)
        if gaps_of(record):
            self._add_gap(record, ending)

    def _confirm(self, record: Record, event: DocumentChanged | DocumentReversed) -> None:
        """Refuse the event unless each document that it names stands on its number."""
        due = {event.number: event.document_id}
        if isinstance(event, DocumentReversed):
            due[event.reversal_number] = event.reversal_id
        for number, document_id in due.items():
            ending = self._endings.get(number)
            if ending is None or ending.fate is not Fate.STANDING or ending.document_id != document_id:
                raise HistoryBrokenError(record, f"number {number} is not standing on {document_id}")
        if isinstance(event, DocumentChanged):
            self._redate(event)

    def _redate(self, event: DocumentChanged) -> None:
        ending = self._endings.get(event.number)
        assert ending is not None, "the document was confirmed"
        ending.date = IsoDate(intern(event.date))
        self._endings.put(ending)

    def _erase(self, record: Record, event: DocumentErased) -> None:
        ending = self._endings.get(event.number)
        if ending is None or ending.document_id != event.document_id:
            raise HistoryBrokenError(record, f"number {event.number} was never on {event.document_id}")

    def _explain(self, record: Record, event: GapExplained) -> None:
        """Keep the explanation. Raises HistoryBrokenError unless gaps hold all of its numbers."""
        held = sum(max(0, min(gap.last, event.last) - max(gap.first, event.first) + 1) for gap in self.gaps)
        if held != event.last - event.first + 1:
            raise HistoryBrokenError(record, f"numbers {event.first}-{event.last} are not all gaps")
        self.explanations.append(explanation_of(record, event))

    def _add_gap(self, record: Record, ending: Ending, reason_text: str | None = None) -> None:
        numbers, block, row = ending.numbers, ending.block, ending.row(self.format)
        self.gaps.append(
            Gap(
                first=numbers.first,
                last=numbers.last,
                count=len(numbers),
                printed_first=row.printed_first,
                printed_last=row.printed_last,
                reason=ending.fate,
                device_id=block.device_id,
                reserved_at=block.at,
                reserved_by=block.by,
                expires_at=block.expires_at,
                ended_at=record.at,
                ended_by=actor_text(record.actor),
                positions=(block.position, record.position),
                reason_text=reason_text,
            )
        )

    def _count(self, record: Record) -> None:
        source, target, count = moved_by(record.event)
        if source:
            self._counts[source] -= count
        if target:
            self._counts[target] += count
        self._taken += taken_by(record.event)
        if self._taken != sum(self._counts.values()):
            raise HistoryBrokenError(record, f"the equation does not hold: {self.terms().words()}")


class Replay:
    """A log, or some series of it, after the events so far."""

    def __init__(self, kept: Kept | None = None) -> None:
        """`kept` says where numbers and documents are kept; by default in memory."""
        self.series: dict[SeriesId, SeriesReplay] = {}
        self.drafts: dict[SeriesId, DraftReplay] = {}
        self.position: Position = Position(0)
        self.at: UnixSeconds | None = None
        self._kept = kept or Kept()

    def apply(self, record: Record) -> None:
        """Add the next record. Raises HistoryBrokenError if it does not follow from those before it."""
        if record.position <= self.position or (self.at is not None and record.at < self.at):
            why = f"it stands after position {self.position}, but its own position or time is earlier"
            raise HistoryBrokenError(record, why)
        if isinstance(record.event, DraftEvent):
            self._apply_to_draft(record, record.event)
        else:
            self._apply_to_series(record)
        self.position, self.at = record.position, record.at

    def equation(self, series_id: SeriesId) -> Terms:
        """Every term of the equation of a series. Raises KeyError for an unknown series."""
        return self.series[series_id].terms()

    def gaps(self, series_id: SeriesId) -> list[Gap]:
        """The gaps of a series, in order, with neighbours and explanations. Raises KeyError for an unknown series."""
        return self.series[series_id].finished_gaps()

    def ranges(self, series_id: SeriesId) -> list[NumberRangeRow]:
        """What became of every number of a series, in order. Raises KeyError for an unknown series."""
        return self.series[series_id].ranges()

    def _apply_to_series(self, record: Record) -> None:
        series = self.series.get(record.stream)
        if series is None:
            if not isinstance(record.event, SeriesOpened) or record.stream in self.drafts:
                raise HistoryBrokenError(record, "no event before it opened the series")
            series = self.series[record.stream] = SeriesReplay(record, record.event, self._kept.endings())
        series.apply(record)
        if isinstance(record.event, ReservationConsumed):
            self._number_document(record, record.event.document_id)

    def _number_document(self, record: Record, document_id: DocumentId) -> None:
        """Refuse a second number for the document, in any series, as PostgreSQL would."""
        if not self._kept.is_new(document_id):
            raise HistoryBrokenError(record, f"document {document_id} has a number already")

    def _apply_to_draft(self, record: Record, event: AnyDraftEvent) -> None:
        if record.stream in self.series:
            raise HistoryBrokenError(record, "the stream is a series, not a draft")
        draft = self.drafts.setdefault(record.stream, DraftReplay())
        if refusal := draft.refusal(record, event):
            raise HistoryBrokenError(record, refusal)
        draft.apply(record, event)
