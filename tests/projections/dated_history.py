"""A history whose events have the times and dates that a test chooses, by the clocks of Bucharest."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from schemas.commands import Command, DeleteDocument, Document, OpenSeries, ReverseDocument, Slot, VoidDocument
from schemas.record import Record
from schemas.values import (
    DocumentId,
    DocumentType,
    IsoDate,
    Mode,
    Number,
    Position,
    SeriesId,
    UnixSeconds,
)
from service.core.full_number import full_number
from tests.support.domain.commands import (
    SERIES,
    a_consumption,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_release,
    a_reservation_of,
    a_slot,
    a_sweep,
    an_advance,
    an_issue,
    digest,
    the_operator,
    the_sweeper,
)
from tests.support.domain.history import History

BUCHAREST: Final = ZoneInfo("Europe/Bucharest")
FORMAT: Final = "FACT-{year}-{number}"


class DatedHistory:
    """Each step happens at the time `now`, unless it cannot happen at all: then it changes nothing."""

    def __init__(self, number_format: str = FORMAT, start_number: int = 1, opened: str = "2026-01-05 09:00") -> None:
        self.history = History()
        self.formats: dict[SeriesId, str] = {}
        self.blocks: dict[tuple[SeriesId, int], Position] = {}
        self.dates: dict[tuple[SeriesId, int], str] = {}
        self.now = UnixSeconds(0)
        self.at(opened).open(number_format, start_number=start_number)

    @property
    def records(self) -> list[Record]:
        """All records so far."""
        return self.history.records

    def at(self, local_time: str) -> "DatedHistory":
        """Set the clock."""
        time = datetime.fromisoformat(local_time)
        self.now = UnixSeconds(int((time if time.tzinfo else time.replace(tzinfo=BUCHAREST)).timestamp()))
        return self

    def open(
        self,
        number_format: str,
        series_id: SeriesId = SERIES,
        name: str = "FACT",
        document_type: DocumentType = DocumentType.FISCAL,
        *,
        start_number: int = 1,
        mode: Mode = Mode.LIVE,
    ) -> None:
        """Open a series and lock it to the till."""
        command = OpenSeries(series_id, name, document_type, 2026, None, number_format, Number(start_number))
        self.formats[series_id] = number_format
        self.history.attempt(command, a_key(mode=mode), self.now)
        self.history.attempt(a_lock(series_id), a_device(mode=mode), self.now)

    def reserve(self, count: int, series_id: SeriesId = SERIES, hold_seconds: int = 86_400) -> None:
        """Reserve numbers for the till."""
        before = self.history.series(series_id).next_number
        if self.done(a_reservation_of(count, series_id, hold_seconds=hold_seconds)):
            for number in range(before, before + count):
                self.blocks[series_id, number] = self.records[-1].position

    def use(self, number: int, date: str, series_id: SeriesId = SERIES) -> None:
        """Put a reserved number on a document of this date."""
        document = self._document(number, date, series_id)
        if self.done(a_consumption(self._slot(number, series_id), document, is_chronology_checked=False)):
            self.dates[series_id, number] = date

    def issue(self, date: str, series_id: SeriesId = SERIES) -> None:
        """Put the next number on a document of this date."""
        number = self.history.series(series_id).next_number
        if self.done(an_issue(self._document(number, date, series_id), series_id, is_chronology_checked=False)):
            self.dates[series_id, number] = date

    def release(self, number: int, series_id: SeriesId = SERIES) -> None:
        """Give a reserved number up."""
        self.done(a_release(self._slot(number, series_id)))

    def sweep(self) -> None:
        """Record what has expired."""
        self.history.attempt(a_sweep(1, max(1, len(self.records))), the_sweeper(), self.now)

    def lose(self, to: int, series_id: SeriesId = SERIES) -> None:
        """Step over the numbers up to this one."""
        self.history.attempt(an_advance(to, series_id=series_id), the_operator(), self.now)

    def void(self, number: int, series_id: SeriesId = SERIES) -> None:
        """Void a document."""
        self.done(VoidDocument(series_id, Number(number), self._shown(number, series_id), _id(number, series_id)))

    def withdraw(self, number: int, series_id: SeriesId = SERIES) -> None:
        """Delete the voided document that has the last number."""
        of = (series_id, Number(number), self._shown(number, series_id), _id(number, series_id))
        self.done(DeleteDocument(*of, IsoDate(self.dates[series_id, number])))

    def reverse(self, number: int, date: str, series_id: SeriesId = SERIES) -> None:
        """Reverse a document."""
        reversal = self.history.series(series_id).next_number
        document = self._document(reversal, date, series_id)
        of = (series_id, Number(number), self._shown(number, series_id), _id(number, series_id))
        if self.done(ReverseDocument(*of, digest(_id(number, series_id)), document)):
            self.dates[series_id, reversal] = date

    def done(self, command: Command) -> bool:
        """Whether the till's command appended something."""
        before = len(self.records)
        self.history.attempt(command, a_device(), self.now)
        return len(self.records) > before

    def _document(self, number: int, date: str, series_id: SeriesId) -> Document:
        return a_document(_id(number, series_id), date)

    def _slot(self, number: int, series_id: SeriesId) -> Slot:
        return a_slot(number, self.blocks[series_id, number], series_id)

    def _shown(self, number: int, series_id: SeriesId) -> str:
        return full_number(self.formats[series_id], Number(number), IsoDate(self.dates[series_id, number]))


def _id(number: int, series_id: SeriesId) -> DocumentId:
    return DocumentId(f"inv_{series_id}_{number}")
