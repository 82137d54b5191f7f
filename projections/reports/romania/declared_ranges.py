"""Makes the rows of the declaration for one series from facts that come in the order of the numbers.

By the reference, `nrFacturi` counts invoices, a range is a series text and a run of numbers without a hole, and what
never became a document has no element: it is listed apart. The period of an invoice is that of its date.
"""

from collections.abc import Iterator, Sequence

import msgspec

from projections.reports.romania.number_facts import CarriedBy, NumberFact, OpenedSeries, RangesDeclared, YearSums
from projections.reports.romania.reporting_period import ReportingPeriod
from schemas.api.d394 import D394Part, D394Report, D394Row, D394SeriesWarning, NotIssuedReason
from schemas.api.reports import Moment
from schemas.number_formats import d394_faults, padded, printed_parts, text_around
from schemas.values import NUMBER_MAX, Fate, Number

_GAPS: dict[Fate, NotIssuedReason] = {
    Fate.RELEASED: "released",
    Fate.EXPIRED: "expired",
    Fate.WITHDRAWN: "withdrawn",
    Fate.LOST: "lost",
    Fate.PENDING: "pending",
}


class SeriesRanges:
    """The rows of one series.

    Facts are added in the order of the numbers; invoices of other periods may be left out.
    """

    def __init__(self, series: OpenedSeries, wanted: RangesDeclared) -> None:
        self.series = series
        self.allocated: list[D394Row] = []
        self.issued: list[D394Row] = []
        self.reversed: list[D394Row] = []
        self.voided: list[D394Row] = []
        self.not_issued: list[D394Row] = []
        self.invoices = 0
        self._wanted = wanted
        self._first_day, self._last_day = wanted.period.days
        self._begins_at, self._over_at = wanted.period.begins_at, wanted.period.over_at
        self._last_issued: Number | None = None
        self._waiting: list[NumberFact] = []

    def allocate(self, years: Sequence[tuple[ReportingPeriod, YearSums]]) -> None:
        """Add what was allocated: for each year from its first number to the last one taken, or to a later one planned.

        Years that print the same text are one range.
        """
        for year, sums in years:
            first = sums.first_number(self.series.start_number)
            planned = first + (self._wanted.range_size or 0) - 1
            last = Number(min(max(planned, sums.reached), NUMBER_MAX))
            if last < first:
                continue
            before, after = text_around(self.series.format, str(year.start.year))
            row = self._row("allocated", before, after, first, last)
            if self.allocated and _texts(self.allocated[-1]) == _texts(row):
                row = _joined(self.allocated.pop(), row)
            self.allocated.append(row)

    def add(self, fact: NumberFact) -> None:
        """Add these numbers; they come after all that were added before."""
        carried = fact.document
        if carried is None or fact.fate is Fate.WITHDRAWN or not self._first_day <= carried.date <= self._last_day:
            self._waiting.append(fact)
            return
        self._explain_waiting(fact.first)
        self._issue(fact, carried)

    def end(self) -> "SeriesRanges":
        """These rows, once all numbers were added."""
        self._explain_waiting(None)
        return self

    def rows(self) -> Iterator[D394Row]:
        """All rows, in the order of the report."""
        for part in (self.allocated, self.issued, self.reversed, self.voided, self.not_issued):
            yield from part

    def warnings(self) -> Iterator[D394SeriesWarning]:
        """Why the declaration cannot hold what the series prints; none if it has no rows."""
        if self.allocated or self.issued or self.not_issued:
            for fault in d394_faults(self.series.format):
                yield D394SeriesWarning(fault.code, fault.message, self.series.series_id, self.series.name)

    def _issue(self, fact: NumberFact, carried: CarriedBy) -> None:
        before, text, after = printed_parts(self.series.format, carried.full_number)
        row = self._row("issued", before, after, fact.first, fact.last, text)
        follows = self.issued and self.issued[-1].last + 1 == fact.first
        if follows and _texts(self.issued[-1]) == _texts(row):
            self.issued[-1] = _joined(self.issued[-1], row)
        else:
            self.issued.append(row)
        part: D394Part | None = "voided" if fact.fate is Fate.VOIDED else "reversed" if carried.is_negative else None
        if part is not None:
            rows = self.voided if part == "voided" else self.reversed
            said = {"date": carried.date, "invoice_id": carried.document_id}
            rows.append(msgspec.structs.replace(row, part=part, **said))
        self.invoices += 1
        self._last_issued = fact.last

    def _explain_waiting(self, up_to: Number | None) -> None:
        """Explain the numbers since the last issued one, up to the next one, or to the end if there is none."""
        is_between = self._last_issued is not None and up_to is not None
        due = Number((self._last_issued or 0) + 1)
        for fact in self._waiting:
            if is_between and due < fact.first:
                self._explain(due, Number(fact.first - 1), "other_period")
            if (reason := self._reason(fact, is_between=is_between)) is not None:
                self._explain(fact.first, fact.last, reason)
            due = Number(fact.last + 1)
        if is_between and up_to is not None and due < up_to:
            self._explain(due, Number(up_to - 1), "other_period")
        self._waiting.clear()

    def _reason(self, fact: NumberFact, *, is_between: bool) -> NotIssuedReason | None:
        """Why no invoice of the period carries the numbers; None if the period has nothing to do with them."""
        if self._ended_in_period(fact):
            return _GAPS[fact.fate]
        if self._was_open_at_the_end(fact):
            return "pending"
        return _GAPS.get(fact.fate, "other_period") if is_between else None

    def _ended_in_period(self, fact: NumberFact) -> bool:
        """Whether the numbers became a gap in the period; a withdrawn invoice counts by its date."""
        if fact.document is not None:
            return fact.fate is Fate.WITHDRAWN and self._first_day <= fact.document.date <= self._last_day
        return fact.ended_at is not None and self._begins_at <= fact.ended_at < self._over_at

    def _was_open_at_the_end(self, fact: NumberFact) -> bool:
        """Whether the numbers were reserved, and nothing else, when the period was over."""
        is_later = fact.document is None or fact.document.date > self._last_day
        is_unsettled = fact.settled_at is None or fact.settled_at >= self._over_at
        return is_later and is_unsettled and fact.taken_at < self._over_at

    def _explain(self, first: Number, last: Number, reason: NotIssuedReason) -> None:
        before, after = text_around(self.series.format, "{year}")
        row = msgspec.structs.replace(self._row("not_issued", before, after, first, last), reason=reason)
        rows = self.not_issued
        if rows and rows[-1].last + 1 == first and rows[-1].reason == reason:
            row = _joined(rows.pop(), row)
        rows.append(row)

    def _row(
        self, part: D394Part, before: str, after: str, first: Number, last: Number, text: str | None = None
    ) -> D394Row:
        return D394Row(
            part=part,
            series_id=self.series.series_id,
            series_name=self.series.name,
            series_text=before,
            first_text=text or padded(first),
            last_text=text or padded(last),
            text_after=after,
            first=first,
            last=last,
            count=last - first + 1,
        )


def report_of(found: Sequence[SeriesRanges], wanted: RangesDeclared, as_of: Moment) -> D394Report:
    """The report of these series."""
    rows = [row for each in found for row in each.rows()]
    not_issued = (row for row in rows if row.part == "not_issued" and row.reason != "other_period")
    first_day, last_day = wanted.period.days
    return D394Report(
        firm_id=wanted.firm_id,
        mode=wanted.mode,
        start_date=first_day,
        end_date=last_day,
        time_zone=str(wanted.period.zone.key),
        range_size=wanted.range_size,
        as_of=as_of,
        invoices=sum(each.invoices for each in found),
        invoices_reversed=sum(len(each.reversed) for each in found),
        invoices_voided=sum(len(each.voided) for each in found),
        numbers_not_issued=sum(row.count for row in not_issued),
        warnings=[warning for each in found for warning in each.warnings()],
        data=rows,
    )


def _texts(row: D394Row) -> tuple[str, str]:
    return row.series_text, row.text_after


def _joined(left: D394Row, right: D394Row) -> D394Row:
    """One row from the lower to the higher numbers."""
    low, high = min(left, right, key=lambda row: row.first), max(left, right, key=lambda row: row.last)
    count = high.last - low.first + 1
    return msgspec.structs.replace(
        left, first=low.first, first_text=low.first_text, last=high.last, last_text=high.last_text, count=count
    )
