"""The positions of the events about one number: from the register as an index, or from the events of its series."""

from msgspec import Struct

from projections.keeping.one_moment import Connection, from_projections
from projections.reports.as_of import ROWS_FETCHED
from projections.statements import statement
from schemas.events import (
    Event,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
)
from schemas.record import Record, decode_record
from schemas.values import DocumentId, LogId, Number, Position, SeriesId


class NumberPlace(Struct, frozen=True):
    """The positions at which a number was reserved and ended, and its document; true as of the position `as_of`.

    A lost number has one event, which is both.
    """

    reserved: Position
    ended: Position | None
    document_id: DocumentId | None
    as_of: Position


async def kept_number_place(
    connection: Connection, log_id: LogId, series_id: SeriesId, number: Number, *, at_least: Position
) -> NumberPlace | None:
    """The place of `number` as of `at_least` or later; None if the register is behind or does not have the number.

    Needs SELECT on the log and the projections, and a connection that is in no transaction. Raises asyncpg's errors.
    """

    async def read() -> NumberPlace | None:
        row = await connection.fetchrow(statement("register_number"), series_id, number, log_id)
        if row is None or row["position"] < at_least:
            return None
        return NumberPlace(row["reserved_position"], row["ended_position"], row["document_id"], row["position"])

    return await from_projections(connection, ("register",), read, is_waiting=True)


async def folded_number_place(
    connection: Connection, series_id: SeriesId, number: Number, until: Position
) -> NumberPlace | None:
    """The same as of `until`, without the register; None if the number was not taken by then.

    This reads every event of the series, so the caller must bound how many run at once.
    """
    place: NumberPlace | None = None
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(statement("log_read_stream"), series_id, until)
        while rows := await cursor.fetch(ROWS_FETCHED):
            for row in rows:
                place = _with(place, decode_record(row["record"]), number, until)
    return place


def _with(place: NumberPlace | None, record: Record, number: Number, until: Position) -> NumberPlace | None:
    event = record.event
    if isinstance(event, NumbersLost) and event.first <= number <= event.last:
        return NumberPlace(record.position, record.position, None, until)
    if place is None:
        is_ours = isinstance(event, NumbersReserved) and event.first <= number <= event.last
        return NumberPlace(record.position, None, None, until) if is_ours else None
    if not _ends(event, number):
        return place
    document_id = event.document_id if isinstance(event, ReservationConsumed | NumberWithdrawn) else None
    return NumberPlace(place.reserved, record.position, document_id, until)


def _ends(event: Event, number: Number) -> bool:
    if isinstance(event, ReservationExpired):
        return any(each.first <= number <= each.last for each in event.ranges)
    return isinstance(event, ReservationConsumed | ReservationReleased | NumberWithdrawn) and event.number == number
