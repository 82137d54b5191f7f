"""What a replay comes to: by firm and mode the digests of the projections and of the reports."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import zip_longest
from typing import Final, TypeGuard

import msgspec
from msgspec import Struct

from projections.replay.kept_tables import KeptTables, Scope
from projections.replay.replay import Replay
from projections.reports.as_of import SeriesAsOf
from projections.reports.whole_reports import gap_report_piece, joined, register_piece
from schemas.api.reports import Moment
from schemas.record import Record
from schemas.values import FirmId, Mode, Position, SeriesId, UnixSeconds

GAP_REPORTS: Final = "gap_reports"
REGISTERS: Final = "registers"

_ABSENT: Final = object()


class Partition(Struct, frozen=True, tag_field="object", tag="replayed_partition"):
    """A firm in one mode, or some series of it, after its last event; digests are SHA-256 in hexadecimal."""

    firm_id: FirmId
    mode: Mode
    series: tuple[SeriesId, ...] | None
    position: Position
    at: UnixSeconds | None
    digests: dict[str, str]


class Replayed:
    """The series and drafts after the events so far."""

    def __init__(self) -> None:
        self.replay = Replay()
        self.tables = KeptTables()

    def apply(self, record: Record) -> None:
        """Add the next record. Raises HistoryBrokenError if it does not follow from those before it."""
        self.replay.apply(record)
        self.tables.apply(record)

    def partitions(self, firm_id: FirmId | None, chosen: Iterable[SeriesId] | None) -> list[Partition]:
        """Of each firm and mode the digests; only of the `chosen` series if they are given, else with the drafts."""
        named = None if chosen is None else set(chosen)
        return [
            self._partition(scope)
            for firm, mode in sorted(self.tables.ends)
            if firm_id in {None, firm}
            for scope in self._scope(firm, mode, named)
        ]

    def reports(self, scope: Scope, moment: Moment) -> tuple[bytes, bytes]:
        """gaps.json and register.json of the scope, as a bundle has them."""
        chosen = set(self.tables.series_of(scope))
        found = [
            (series_id, SeriesAsOf(moment, series))
            for series_id, series in self.replay.series.items()
            if series_id in chosen
        ]
        return joined(gap_report_piece(*each) for each in found), joined(register_piece(*each) for each in found)

    def _scope(self, firm_id: FirmId, mode: Mode, named: set[SeriesId] | None) -> Iterator[Scope]:
        whole = Scope(firm_id, mode)
        if named is None:
            yield whole
            return
        series = tuple(each for each in self.tables.series_of(whole) if each in named)
        if series:
            yield Scope(firm_id, mode, series)

    def _partition(self, scope: Scope) -> Partition:
        position, at = self.tables.end(scope)
        # The moment is that of the scope's own last event: a bundle does not have the events of others.
        gaps, registers = self.reports(scope, Moment(position, at))
        made = {GAP_REPORTS: sha256(gaps).hexdigest(), REGISTERS: sha256(registers).hexdigest()}
        digests = self.tables.digests(scope) | made
        return Partition(scope.firm_id, scope.mode, scope.series, position, at, digests)


def difference(name: str, said: bytes, made: bytes) -> str | None:
    """The first place where a file of reports is not the one that the events make, in words; None if it is the same."""
    if said == made:
        return None
    try:
        there, here = msgspec.json.decode(said), msgspec.json.decode(made)
    except msgspec.DecodeError as error:
        return f"{name} is no JSON: {error}"
    place = _first_difference(name, there, here)
    if place is not None:
        return place
    at = next((at for at, (one, other) in enumerate(zip(said, made, strict=False)) if one != other), len(said))
    return f"{name}, byte {at}: it says the same as the events, but is not written as they make it"


def _first_difference(place: str, said: object, made: object) -> str | None:
    if _is_object(said) and _is_object(made):
        pairs = [(f"{place}.{name}", said.get(name, _ABSENT), made.get(name, _ABSENT)) for name in {**made, **said}]
    elif _is_array(said) and _is_array(made):
        items = enumerate(zip_longest(said, made, fillvalue=_ABSENT))
        pairs = [(f"{place}[{at}]", *pair) for at, pair in items]
    else:
        same = type(said) is type(made) and said == made
        return None if same else f"{place}: the bundle says {_shown(said)}, the events say {_shown(made)}"
    return next((found for each in pairs if (found := _first_difference(*each)) is not None), None)


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _is_array(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _shown(value: object) -> str:
    return "nothing" if value is _ABSENT else msgspec.json.encode(value).decode()[:200]
