"""Series of an old log that print the same numbers: the later document is refused, and all else goes on (D87)."""

import asyncio

from schemas.outcomes import DocumentOutcome
from schemas.rejections import PrintedAlready
from service.log.event_log import EventLog
from service.writer.request import Answered
from tests.support.domain.batches import write
from tests.support.domain.commands import (
    SECOND,
    SERIES,
    a_consumption,
    a_document,
    a_lock,
    a_request,
    a_reservation_of,
    a_slot,
    an_issue,
    shown,
)
from tests.support.domain.history import two_series_that_meet
from tests.support.domain.writers import checked, do, running


async def test_a_number_that_another_series_has_printed_is_refused_and_the_others_are_issued(log: EventLog) -> None:
    """CONTRACT.md D87: of many commands in one batch only that one is refused, also when it is sent again."""
    await write(log, two_series_that_meet())
    async with running(log) as writer:
        await do(writer, an_issue(a_document("first")))
        requests = [an_issue(a_document(f"inv_{place}")) for place in range(20)]
        requests[7] = an_issue(a_document("twin"), SECOND)
        answers = await asyncio.gather(*(writer.submit(a_request(each)) for each in requests))
        again = await writer.submit(a_request(an_issue(a_document("twin"), SECOND)))

    assert answers[7] == again == PrintedAlready(shown(1), SECOND)
    assert all(isinstance(answer, Answered) for place, answer in enumerate(answers) if place != 7)
    state = await checked(log)
    assert (state.series[SERIES].taken, state.series[SECOND].taken) == (20, 0)


async def test_of_two_series_that_come_to_one_number_the_first_prints_it(log: EventLog) -> None:
    """CONTRACT.md D87: a reserved number is not printed before its document is there."""
    await write(log, two_series_that_meet())
    async with running(log) as writer:
        await do(writer, a_lock(SECOND))
        await do(writer, a_reservation_of(2, SECOND))
        await do(writer, an_issue(a_document("first")))
        slots = [a_slot(number, 4, SECOND) for number in (1, 2)]
        late = await writer.submit(a_request(a_consumption(slots[0], a_document("late"))))
        printed = await do(writer, a_consumption(slots[1], a_document("second")))
        refused = await writer.submit(a_request(an_issue(a_document("third"))))

    assert late == PrintedAlready(shown(1), SECOND)
    assert isinstance(printed, DocumentOutcome)
    assert refused == PrintedAlready(shown(2), SERIES)
    assert (await checked(log)).series[SECOND].pending == 1
