"""Writers that run until a block ends, and what tests ask of them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager

from schemas.commands import Caller, Command
from schemas.outcomes import Outcome
from schemas.rejections import Rejection
from schemas.values import Position, UnixSeconds
from service.core.state.state import State
from service.log.event_log import EventLog, LogUnavailableError
from service.writer.batch import Plan
from service.writer.request import Answered
from service.writer.writer import Limits, OutcomeUnknownError, Writer
from tests.support.domain.commands import NOW, a_key, a_lock, a_request, a_reservation_of, a_series
from tests.support.domain.invariants import check_invariants
from tests.support.waiting import until

RETRY_SECONDS = 0.01


@asynccontextmanager
async def running(
    log: EventLog,
    *,
    clock: Callable[[], UnixSeconds] = lambda: NOW,
    limits: Limits | None = None,
    on_append: Callable[[Plan], None] = lambda _: None,
) -> AsyncGenerator[Writer]:
    """A writer of the log, stopped at the end of the block."""
    writer = Writer(log, clock=clock, limits=limits, on_append=on_append)
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def do(writer: Writer, command: Command, caller: Caller | None = None, key: str | None = None) -> Outcome:
    """Submit a command that must be accepted."""
    answer = await writer.submit(a_request(command, caller, key))
    assert isinstance(answer, Answered), f"{command} was refused: {answer}"
    return answer.outcome


async def open_and_lock(writer: Writer) -> None:
    """A series FACT, locked to the device till_1: two records."""
    await do(writer, a_series(), a_key())
    await do(writer, a_lock())


async def together(submissions: Sequence[Coroutine[object, object, Answered | Rejection]]) -> list[Answered]:
    """The outcomes of these commands, submitted at once; every one must be accepted."""
    answers = await asyncio.gather(*submissions)
    assert not [answer for answer in answers if not isinstance(answer, Answered)], "none is refused"
    return [answer for answer in answers if isinstance(answer, Answered)]


async def until_told(writer: Writer, key: str) -> Answered:
    """Reserve 2 numbers, asking under one key until there is an answer, as the outbox of a till does."""
    while True:
        try:
            answer = await writer.submit(a_request(a_reservation_of(2), key=key))
        except (LogUnavailableError, OutcomeUnknownError):
            await asyncio.sleep(RETRY_SECONDS)
            continue
        assert isinstance(answer, Answered), f"it was refused: {answer}"
        return answer


async def until_queued(writer: Writer, count: int) -> None:
    """Return once `count` commands wait to be decided."""

    async def are_queued() -> bool:
        return writer.queue_depth == count

    await until(are_queued)


async def checked(log: EventLog, answers: Sequence[Answered] = ()) -> State:
    """The state of the whole log, after checking its invariants and the outcomes that callers got."""
    return check_invariants(await log.read(Position(0), 100_000), answers)
