"""Where a log breaks a rule of what stands on paper, computed from its events alone (CONTRACT.md D87 to D89, D93).

The service refuses these cases today. A log that was written before may hold them, and goes on with them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise
from typing import Final

from msgspec import Struct

from projections.replay.paper_findings import (
    DateOutOfRange,
    DatesOutOfOrder,
    Finding,
    FormatsMeet,
    FormatUnprintable,
    PrintedTwice,
    Shown,
    TakenBackTwice,
)
from schemas.events import (
    DocumentChanged,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    NumberWithdrawn,
    ReservationConsumed,
    SeriesOpened,
)
from schemas.number_formats import can_print_the_same, is_printable
from schemas.record import Record
from schemas.values import EARLIEST_DATE, DocumentId, DocumentType, FirmId, IsoDate, Mode, Number, SeriesId

_DIGITS: Final = re.compile(r"(?:\{year\}|\{number\}|[0-9])+")


class _Document(Struct):
    document_id: DocumentId
    full_number: str
    date: IsoDate
    is_void: bool = False
    is_withdrawn: bool = False
    reversals: list[Number] = []

    @property
    def stands(self) -> bool:
        return not (self.is_void or self.is_withdrawn)


class _Series(Struct):
    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    opened: SeriesOpened
    documents: dict[Number, _Document]

    @property
    def partition(self) -> tuple[FirmId, Mode, DocumentType]:
        return self.firm_id, self.mode, self.opened.document_type

    def shown(self, number: Number) -> Shown:
        document = self.documents[number]
        return Shown(self.series_id, self.opened.name, number, document.document_id, document.date)


class Paper:
    """What documents show, after the events so far."""

    def __init__(self) -> None:
        self._series: dict[SeriesId, _Series] = {}

    def apply(self, record: Record) -> None:
        """Add the next record; `Replay` says whether it follows from those before it."""
        event = record.event
        if isinstance(event, SeriesOpened):
            self._series[record.stream] = _Series(record.stream, record.firm_id, record.mode, event, {})
            return
        series = self._series.get(record.stream)
        if series is None:
            return
        documents = series.documents
        match event:
            case ReservationConsumed(number=number, document_id=document_id, full_number=full_number, date=date):
                documents[number] = _Document(document_id, full_number, date)
            case DocumentChanged(number=number, date=date):
                documents[number].date = date
            case DocumentVoided(number=number):
                documents[number].is_void = True
            case DocumentUnvoided(number=number):
                documents[number].is_void = False
            case NumberWithdrawn(number=number):
                documents[number].is_withdrawn = True
            case DocumentReversed(number=number, reversal_number=reversal_number):
                documents[number].reversals.append(reversal_number)
            case _:
                pass

    def findings(self, latest_date: IsoDate, firm_id: FirmId | None = None) -> Iterator[Finding]:
        """Every place where a rule is broken, of one firm or of all; no date may be after `latest_date`."""
        found = [series for series in self._series.values() if firm_id in {None, series.firm_id}]
        partitions = defaultdict[tuple[FirmId, Mode, DocumentType], list[_Series]](list)
        for series in found:
            partitions[series.partition].append(series)
        for partition in partitions.values():
            yield from _formats(partition)
            yield from _printed(partition)
        for series in found:
            yield from _dates(series, latest_date)
            yield from _taken_back(series)


def _formats(partition: Iterable[_Series]) -> Iterator[Finding]:
    alike = defaultdict[str, list[_Series]](list)
    for series in partition:
        if not is_printable(series.opened.format):
            opened = series.opened
            yield FormatUnprintable(series.firm_id, series.mode, series.series_id, opened.name, opened.format)
        # Two formats that meet are equal but for digits.
        alike[_DIGITS.sub("0", series.opened.format)].append(series)
    for group in alike.values():
        for one, other in combinations(group, 2):
            if can_print_the_same(one.opened.format, other.opened.format):
                names = (one.series_id, one.opened.name, other.series_id, other.opened.name)
                yield FormatsMeet(one.firm_id, one.mode, *names)


def _printed(partition: Iterable[_Series]) -> Iterator[Finding]:
    shown = defaultdict[str, list[tuple[_Series, Number]]](list)
    for series in partition:
        for number, document in series.documents.items():
            shown[document.full_number].append((series, number))
    for full_number, places in shown.items():
        if len(places) > 1:
            series = places[0][0]
            on = tuple(series.shown(number) for series, number in places)
            yield PrintedTwice(series.firm_id, series.mode, full_number, on)


def _dates(series: _Series, latest_date: IsoDate) -> Iterator[Finding]:
    standing = [number for number in sorted(series.documents) if series.documents[number].stands]
    for number in standing:
        if not EARLIEST_DATE <= series.documents[number].date <= latest_date:
            yield DateOutOfRange(series.firm_id, series.mode, series.shown(number), EARLIEST_DATE, latest_date)
    for lower, higher in pairwise(standing):
        if series.documents[lower].date > series.documents[higher].date:
            yield DatesOutOfOrder(series.firm_id, series.mode, series.shown(lower), series.shown(higher))


def _taken_back(series: _Series) -> Iterator[Finding]:
    for number, document in series.documents.items():
        for reversal in document.reversals:
            if document.is_void and series.documents[reversal].stands:
                yield TakenBackTwice(series.firm_id, series.mode, series.shown(number), series.shown(reversal))
