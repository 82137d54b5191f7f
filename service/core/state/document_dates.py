"""The date of every document of a series, by its number: an immutable value, cheap to copy, and small.

Neighbours mostly have the same date, so runs of equal dates are kept, not dates. A run goes on over numbers that have
no document: what it says of them means nothing.
"""

from __future__ import annotations  # rpds' maps are generic to type checkers only

import datetime
from bisect import bisect_right
from typing import Final

from msgspec import Struct
from rpds import HashTrieMap

from schemas.values import IsoDate, Number

SHELF_WIDTH: Final = 1024
"""How many numbers lie on one shelf. It bounds what one change copies."""

_PLACE_BYTES: Final = 2
_RUN_BYTES: Final = 6
"""A run is its first place on the shelf, 2 bytes, and the day, 4 bytes: 0001-01-01 is day 1."""


class DocumentDates(Struct, frozen=True):
    """The runs of each shelf, ascending and packed. `last` is the highest number that ever had a date; 0 for none."""

    shelves: HashTrieMap[int, bytes] = HashTrieMap()
    last: Number = Number(0)

    def of(self, number: Number) -> IsoDate:
        """The date of a document; the number must be that of a document."""
        shelf, place = self.shelves[number // SHELF_WIDTH], number % SHELF_WIDTH
        return IsoDate(datetime.date.fromordinal(_day(shelf, _run_at(shelf, place))).isoformat())

    def put(self, number: Number, date: IsoDate) -> DocumentDates:
        """These dates, with this one for the document that has the number."""
        index, place = divmod(number, SHELF_WIDTH)
        shelf, day = self.shelves.get(index, b""), datetime.date.fromisoformat(date).toordinal()
        last = max(self.last, number)
        run = _run_at(shelf, place)
        if run >= 0 and _day(shelf, run) == day:
            return self if last == self.last else DocumentDates(self.shelves, last)
        changed = _with(shelf, run, place, day, has_later=number < self.last)
        return DocumentDates(self.shelves.insert(index, changed), last)


def _with(shelf: bytes, run: int, place: int, day: int, *, has_later: bool) -> bytes:
    """The shelf, with `day` at `place`, which is in the run `run` of another day, or before all runs (-1).

    The places after it keep the day that they had, if a document can stand there.
    """
    before = shelf[: (run + 1) * _RUN_BYTES]
    after = shelf[(run + 1) * _RUN_BYTES :]
    following = _place(after, 0) if after else SHELF_WIDTH
    if run >= 0 and has_later and place + 1 < following:
        after = _packed(place + 1, _day(shelf, run)) + after
    elif after and _day(after, 0) == day:
        after = after[_RUN_BYTES:]
    if run >= 0 and _place(shelf, run) == place:
        before = before[:-_RUN_BYTES]
    if before and _day(before, len(before) // _RUN_BYTES - 1) == day:
        return before + after
    return before + _packed(place, day) + after


def _run_at(shelf: bytes, place: int) -> int:
    """The run that `place` lies in; -1 if it lies before the first one. Mostly it is the last one."""
    last = len(shelf) // _RUN_BYTES - 1
    if last >= 0 and _place(shelf, last) <= place:
        return last
    return bisect_right(range(len(shelf) // _RUN_BYTES), place, key=lambda run: _place(shelf, run)) - 1


def _place(shelf: bytes, run: int) -> int:
    return int.from_bytes(shelf[run * _RUN_BYTES : run * _RUN_BYTES + _PLACE_BYTES])


def _day(shelf: bytes, run: int) -> int:
    return int.from_bytes(shelf[run * _RUN_BYTES + _PLACE_BYTES : (run + 1) * _RUN_BYTES])


def _packed(place: int, day: int) -> bytes:
    return place.to_bytes(_PLACE_BYTES) + day.to_bytes(_RUN_BYTES - _PLACE_BYTES)
