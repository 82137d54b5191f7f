"""One series as it stood at an earlier position or time, folded from the log alone."""

from typing import Final, assert_never

from msgspec import Struct

from projections.keeping.one_moment import Connection
from projections.replay.endings import Kept
from projections.replay.replay import Replay, SeriesReplay
from projections.statements import statement
from schemas.api.reports import Moment
from schemas.record import decode_record
from schemas.values import LogId, Position, SeriesId, UnixSeconds

ROWS_FETCHED: Final = 200
"""How many events are decoded at once; for these few milliseconds nothing else runs in the process."""


class AtPosition(Struct, frozen=True):
    """As of the event at this position; a position beyond the head means the head."""

    position: Position


class AtTime(Struct, frozen=True):
    """As of the last event that is not later than this time."""

    time: UnixSeconds


AsOf = AtPosition | AtTime


class SeriesAsOf(Struct, frozen=True):
    """A series after its events up to `moment`."""

    moment: Moment
    series: SeriesReplay


async def fold_series(
    connection: Connection, series_id: SeriesId, as_of: AsOf | None, kept: Kept | None = None
) -> SeriesAsOf | None:
    """The series as of `as_of`, None meaning the head; returns None if there was no such series then.

    `kept` says where numbers are kept, by default in memory. The connection must be in no transaction. Raises asyncpg's
    errors, and HistoryBrokenError if an event of the log does not follow from those before it.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await fold_in_one_moment(connection, series_id, as_of, kept)


async def fold_in_one_moment(
    connection: Connection, series_id: SeriesId, as_of: AsOf | None, kept: Kept | None = None
) -> SeriesAsOf | None:
    """As fold_series, in the caller's transaction: all series that are folded in it are of one moment."""
    found = await connection.fetchrow(statement("log_of_stream"), series_id)
    if found is None:
        return None
    position = await position_as_of(connection, LogId(found["log_id"]), Position(found["position"]), as_of)
    series = await _replay(connection, series_id, position, kept)
    time = await connection.fetchval(statement("log_time"), found["log_id"], position)
    return SeriesAsOf(Moment(position, time), series) if series else None


async def position_as_of(connection: Connection, log_id: LogId, head: Position, as_of: AsOf | None) -> Position:
    """The position that is meant, None meaning the head. Raises asyncpg's errors."""
    match as_of:
        case None:
            return head
        case AtPosition(position=position):
            return min(position, head)
        case AtTime(time=time):
            return Position(await connection.fetchval(statement("log_position_at"), log_id, time))
        case _:
            assert_never(as_of)


async def _replay(
    connection: Connection, series_id: SeriesId, position: Position, kept: Kept | None
) -> SeriesReplay | None:
    replay = Replay(kept)
    cursor = await connection.cursor(statement("log_read_stream"), series_id, position)
    while rows := await cursor.fetch(ROWS_FETCHED):
        for row in rows:
            replay.apply(decode_record(row["record"]))
    return replay.series.get(series_id)
