"""A log like that of tills after a year: reservations, consumptions and releases of many series."""

from typing import Final

import asyncpg

from schemas.events import Event, NumbersReserved, ReservationConsumed, ReservationReleased, SeriesOpened
from schemas.record import Record, StoredRecord, encode_record
from schemas.values import (
    DEFAULT_LOG,
    Actor,
    ActorKind,
    CommandId,
    DeviceId,
    Digest,
    DocumentId,
    DocumentType,
    FirmId,
    IsoDate,
    Mode,
    Number,
    Position,
    SeriesId,
    UnixSeconds,
    Version,
)
from service.log.event_log import Batch, EventLog
from tests.benchmarks.place import sql

SERIES: Final = 100
BATCH: Final = 2_000
SLICE: Final = 500_000
ROUND: Final = 10
"""How many events one block has: it is reserved, eight numbers are used and one is given up."""


async def fill(log: EventLog, events: int) -> None:
    """Append this number of events to an empty log."""
    for first in range(1, events + 1, BATCH):
        positions = range(first, min(first + BATCH, events + 1))
        await log.append(Position(first - 1), Batch([record_at(Position(each)) for each in positions]))


async def fill_at_once(database_url: str, events: int) -> None:
    """Give an empty log the same events, a multiple of SERIES, without the function that appends, which takes longer.

    All constraints and triggers hold all the time, and some records are compared with those that `fill` would write.
    """
    assert events % SERIES == 0, "each series has its turn"
    connection = await asyncpg.connect(database_url)
    try:
        for first in range(1, events + 1, SLICE):
            last = min(first + SLICE - 1, events)
            async with connection.transaction():
                await connection.execute(sql("long_log_events"), first, last)
                await connection.execute(sql("long_log_ranges"), first, last)
        await connection.execute(sql("long_log_streams"), events)
        await connection.execute(sql("long_log_head"), events)
        await connection.execute("ANALYZE")
        for position in {*range(1, events + 1, max(events // 37, 1)), *range(max(events - 999, 1), events + 1, 99)}:
            found = await connection.fetchval(sql("long_log_record"), position)
            assert found.encode() == record_at(Position(position)).canonical, found
    finally:
        await connection.close()


def record_at(position: Position) -> StoredRecord:
    """What such a log has at this position. Series take turns: event `turn` of series `series`."""
    turn, series = divmod(position - 1, SERIES)
    found = Record(
        log=DEFAULT_LOG,
        position=position,
        stream=SeriesId(f"series{series:04}"),
        series_name=f"FACT{series}",
        version=Version(turn + 1),
        previous=Position(position - SERIES if turn else 0),
        firm_id=FirmId(f"firm_{series // 10}"),
        mode=Mode.LIVE,
        at=UnixSeconds(1_780_000_000 + position // 50),
        actor=Actor(ActorKind.SESSION, f"{series}", 7),
        device_id=DeviceId(f"till-{series}"),
        command_id=CommandId(f"{position:032x}"),
        idempotency_key=f"0f8fad5b-d9cb-469f-a165-{position:012x}",
        event=_event(turn, series, position),
    )
    return StoredRecord(found, encode_record(found))


def _event(turn: int, series: int, position: Position) -> Event:
    if turn == 0:
        return SeriesOpened(f"FACT{series}", DocumentType.FISCAL, None, "{number}", Number(1), 2026, is_primary=False)
    block, step = divmod(turn - 1, ROUND)
    first, reserved = Number(block * (ROUND - 1) + 1), Position(position - step * SERIES)
    if step == 0:
        last = Number(first + ROUND - 2)
        return NumbersReserved(first, last, DeviceId(f"till-{series}"), UnixSeconds(1_790_000_000), "k1")
    number = Number(first + step - 1)
    if step == ROUND - 1:
        return ReservationReleased(reserved, number)
    document = DocumentId(f"inv_{position:010}")
    content = Digest(f"{position:064x}")
    return ReservationConsumed(reserved, number, f"FACT{series}-{number:05}", document, IsoDate("2026-05-28"), content)
