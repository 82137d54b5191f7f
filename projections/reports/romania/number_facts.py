"""What the declaration needs to know of numbers; the projections and the log both give it."""

from datetime import date
from zoneinfo import ZoneInfo

from msgspec import Struct

from projections.reports.romania.reporting_period import ReportingPeriod
from schemas.events import SeriesOpened
from schemas.record import Record
from schemas.values import (
    DEFAULT_LOG,
    DocumentId,
    DocumentType,
    Fate,
    FirmId,
    IsoDate,
    LogId,
    Mode,
    Number,
    SeriesId,
    UnixSeconds,
)


class RangesDeclared(Struct, frozen=True, kw_only=True):
    """The firm, mode and period of a report; `range_size` is how many numbers the firm's decision plans for a year."""

    firm_id: FirmId
    mode: Mode
    period: ReportingPeriod
    range_size: int | None = None
    log_id: LogId = DEFAULT_LOG


class CarriedBy(Struct, frozen=True, gc=False):
    """The document of a number; `is_negative` is about its total, or, if that is erased, whether it is a reversal."""

    document_id: DocumentId
    full_number: str
    date: IsoDate
    issued_at: UnixSeconds
    is_negative: bool


class NumberFact(Struct, frozen=True, gc=False):
    """Numbers beside each other with one fate; exactly one number if a document carries or carried it."""

    first: Number
    last: Number
    fate: Fate
    taken_at: UnixSeconds
    ended_at: UnixSeconds | None
    document: CarriedBy | None

    @property
    def settled_at(self) -> UnixSeconds | None:
        """When the number was no longer pending; None while it is."""
        return self.ended_at if self.document is None else self.document.issued_at


class OpenedSeries(Struct, frozen=True):
    """A series, as it was opened."""

    series_id: SeriesId
    name: str
    document_type: DocumentType
    format: str
    start_number: Number
    opened_at: UnixSeconds

    @classmethod
    def of(cls, record: Record, event: SeriesOpened) -> "OpenedSeries":
        """The series that the event opened."""
        return cls(record.stream, event.name, event.document_type, event.format, event.start_number, record.at)


class YearSums(Struct, frozen=True, gc=False):
    """Which numbers of a series belong to a year: highest and lowest ones, 0 or None if there is none.

    `taken_before` was taken before the year began, `taken` before the looked at part of it was over; `dated_before` is
    on a document of an earlier year, `dated_first` and `dated_last` are on documents of this part of the year.
    """

    taken_before: int
    taken: int
    dated_before: int
    dated_first: int | None
    dated_last: int

    def first_number(self, start_number: Number) -> Number:
        """The number of the first document of the year: what the counter gave next when the year began.

        Numbers that were reserved in the year before and then carried documents of this one come in front of it.
        """
        next_number = max(start_number, self.taken_before + 1, self.dated_before + 1)
        return Number(next_number if self.dated_first is None else min(next_number, self.dated_first))

    @property
    def reached(self) -> int:
        """The highest number of the year so far."""
        return max(self.taken, self.dated_last)


class SumsOfYear:
    """Finds the sums of a year in facts that come in any order."""

    def __init__(self, year: ReportingPeriod) -> None:
        self._year = year
        self._begins_at, self._over_at = year.begins_at, year.over_at
        self._start, self._end = year.days
        self._taken_before = self._taken = self._dated_before = self._dated_last = 0
        self._dated_first: int | None = None

    def add(self, fact: NumberFact) -> None:
        """Add these numbers."""
        if fact.taken_at < self._over_at:
            self._taken = max(self._taken, fact.last)
            if fact.taken_at < self._begins_at:
                self._taken_before = max(self._taken_before, fact.last)
        if fact.document is None or fact.document.date > self._end:
            return
        if fact.document.date < self._start:
            self._dated_before = max(self._dated_before, fact.last)
        else:
            self._dated_last = max(self._dated_last, fact.last)
            self._dated_first = min(self._dated_first or fact.first, fact.first)

    def sums(self) -> YearSums:
        """The sums of all that was added."""
        return YearSums(self._taken_before, self._taken, self._dated_before, self._dated_first, self._dated_last)


def whole_year(year: int, zone: ZoneInfo) -> ReportingPeriod:
    """The calendar year."""
    return ReportingPeriod(date(year, 1, 1), date(year, 12, 31), zone)
