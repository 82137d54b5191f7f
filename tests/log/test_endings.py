"""What ends a number names the block that holds it; no process could fold a log with an event that does not."""

import pytest
from msgspec.structs import replace

from schemas.events import ReservationReleased
from schemas.values import Number, Position, Version
from service.log.event_log import EventLog, LogBrokenError
from tests.support.domain.batches import a_batch, a_working_day, an_expiry, write
from tests.support.domain.commands import SECOND, a_lock, a_reservation_of, a_series
from tests.support.domain.history import a_history


async def test_what_ends_a_number_names_the_block_that_holds_it(log: EventLog) -> None:
    day = a_working_day()
    await log.append(Position(0), a_batch(day.records[:4]))
    ends = (ReservationReleased(Position(3), Number(10)), an_expiry(3, (2, 2), (4, 9))(day.records[4]).event)
    for event in ends:
        record = replace(day.records[4], event=event)
        stranger = replace(record, event=replace(event, reservation=Position(2)))
        with pytest.raises(LogBrokenError):
            await log.append(Position(4), a_batch([stranger]))
    await log.append(Position(4), a_batch([replace(day.records[4], event=ends[0])]))
    await log.append(Position(5), a_batch([replace(day.records[5], event=ends[1])]))
    assert await log.head() == 6


async def test_a_series_never_ends_numbers_of_another(log: EventLog) -> None:
    day = a_history(a_lock(), a_series(SECOND, "SECOND"), a_reservation_of(10))
    await write(log, day)
    block = day.records[-1]
    other = next(record for record in day.records if record.stream != block.stream)
    last = max(record.version for record in day.records if record.stream == other.stream)
    stranger = replace(
        block,
        stream=other.stream,
        series_name=other.series_name,
        position=Position(block.position + 1),
        version=Version(last + 1),
        event=ReservationReleased(block.position, Number(1)),
    )
    with pytest.raises(LogBrokenError):
        await log.append(block.position, a_batch([stranger]))
