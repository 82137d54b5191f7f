"""A period of a declaration: whole days, by the clocks of one time zone."""

from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from msgspec import Struct

from schemas.values import IsoDate, UnixSeconds


class ReportingPeriod(Struct, frozen=True):
    """The days `start` to `end`, both included, in `zone`."""

    start: date
    end: date
    zone: ZoneInfo

    @classmethod
    def named(cls, name: str, zone: ZoneInfo) -> Self:
        """The month `2026-11` or the quarter `2026-Q4`. Raises ValueError for anything else."""
        year, _, part = name.partition("-")
        first = 3 * int(part[1:]) - 2 if part.startswith("Q") else int(part)
        last = first + 2 if part.startswith("Q") else first
        after = date(int(year) + last // 12, last % 12 + 1, 1)
        return cls(date(int(year), first, 1), after - timedelta(days=1), zone)

    @classmethod
    def last_month(cls, today: date, zone: ZoneInfo) -> Self:
        """The last month that is over."""
        end = today.replace(day=1) - timedelta(days=1)
        return cls(end.replace(day=1), end, zone)

    @property
    def begins_at(self) -> UnixSeconds:
        """The first second of the period."""
        return self._midnight(self.start)

    @property
    def over_at(self) -> UnixSeconds:
        """The first second after the period."""
        return self._midnight(self.end + timedelta(days=1))

    @property
    def years(self) -> list["ReportingPeriod"]:
        """The calendar years that the period touches, each up to the end of the year or of the period."""
        years = range(self.start.year, self.end.year + 1)
        return [ReportingPeriod(date(each, 1, 1), min(date(each, 12, 31), self.end), self.zone) for each in years]

    @property
    def days(self) -> tuple[IsoDate, IsoDate]:
        """The first and the last day, as texts that compare in the order of the calendar."""
        return IsoDate(self.start.isoformat()), IsoDate(self.end.isoformat())

    def _midnight(self, day: date) -> UnixSeconds:
        return UnixSeconds(int(datetime.combine(day, time.min, self.zone).timestamp()))
