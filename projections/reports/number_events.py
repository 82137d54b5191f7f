"""Every event of the numbers of a range: from the projections as an index, or from the events of their series."""

from collections.abc import Iterable
from typing import Final, assert_never

import asyncpg
from msgspec import Struct

from projections.keeping.one_moment import Connection, from_projections
from projections.reports.as_of import ROWS_FETCHED
from projections.statements import statement
from schemas.events import (
    DocumentEvent,
    DocumentReversed,
    DraftEvent,
    Event,
    GapExplained,
    NumbersLost,
    NumbersReserved,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesEvent,
    SeriesOpened,
)
from schemas.record import StoredRecord, decode_record
from schemas.values import LogId, NumberRange, Position, SeriesId

EVENTS_MAX: Final = 1_000
"""The most events that are read of the numbers of a range."""


class TooManyEventsError(Exception):
    """The numbers have more than EVENTS_MAX events."""


class NumberEvents(Struct, frozen=True):
    """Every event of the numbers up to `as_of`, in the order of the log, that of the opened series first."""

    records: list[StoredRecord]
    as_of: Position


def is_about(event: Event, numbers: NumberRange) -> bool:
    """Whether it is an event of one of the numbers, or opened their series (service/evidence/README.md section 8)."""
    match event:
        case SeriesOpened():
            return True
        case NumbersReserved() | NumbersLost() | GapExplained():
            return _meet(NumberRange(event.first, event.last), numbers)
        case ReservationExpired(ranges=ranges):
            return any(_meet(each, numbers) for each in ranges)
        case DocumentReversed(number=number, reversal_number=reversal):
            return any(numbers.first <= each <= numbers.last for each in (number, reversal))
        case ReservationConsumed() | ReservationReleased() | DocumentEvent():
            return numbers.first <= event.number <= numbers.last
        case SeriesEvent() | DraftEvent():
            return False
        case _:
            assert_never(event)


async def kept_number_events(
    connection: Connection, log_id: LogId, series_id: SeriesId, numbers: NumberRange, *, at_least: Position
) -> NumberEvents | None:
    """The events as of `at_least` or later; None if the projections are behind, or do not have the numbers.

    Needs SELECT on the log and the projections, and a connection that is in no transaction. Raises TooManyEventsError
    and asyncpg's errors.
    """

    async def read() -> NumberEvents | None:
        as_of = await connection.fetchval(statement("places_as_of"), log_id)
        if as_of is None or as_of < at_least:
            return None
        places = await connection.fetch(statement("places_of_numbers"), series_id, *_ends(numbers), EVENTS_MAX + 1)
        _require_few(places)
        positions = {place[name] for place in places for name in ("reserved_position", "ended_position")} - {None}
        documents = [place["document_id"] for place in places if place["document_id"] is not None]
        rows = await connection.fetch(
            statement("log_of_numbers"), log_id, series_id, list(positions), documents, EVENTS_MAX + 1
        )
        _require_few(rows)
        found = [each for each in _stored(rows) if is_about(each.record.event, numbers)]
        if len(found) < 2:
            return None
        return NumberEvents([each for each in found if each.record.position <= as_of], as_of)

    return await from_projections(connection, ("register", "gaps"), read, is_waiting=True)


async def folded_number_events(
    connection: Connection, series_id: SeriesId, numbers: NumberRange, until: Position
) -> NumberEvents:
    """The same as of `until`, without the projections. Raises TooManyEventsError.

    This reads every event of the series, so the caller must bound how many run at once.
    """
    found: list[StoredRecord] = []
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(statement("log_read_stream"), series_id, until)
        while rows := await cursor.fetch(ROWS_FETCHED):
            found += [each for each in _stored(rows) if is_about(each.record.event, numbers)]
            _require_few(found)
    return NumberEvents(found, until)


def _stored(rows: Iterable[asyncpg.Record]) -> list[StoredRecord]:
    return [StoredRecord(decode_record(row["record"]), row["record"].encode()) for row in rows]


def _require_few(found: list[StoredRecord] | list[asyncpg.Record]) -> None:
    if len(found) > EVENTS_MAX:
        raise TooManyEventsError


def _ends(numbers: NumberRange) -> tuple[int, int]:
    return numbers.first, numbers.last


def _meet(one: NumberRange, other: NumberRange) -> bool:
    return one.first <= other.last and other.first <= one.last
