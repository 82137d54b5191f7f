"""The writer: one per log in each process. It queues commands, decides them in batches, appends a batch in one call.

Any number of processes may write one log. Each decides against the state it knows; the log refuses a batch that does
not continue it, and the writer then takes the log's lock first, reads what it missed, and decides again, so it cannot
starve.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import time_ns
from typing import Final

import structlog
from msgspec import Struct

from schemas.events import ReservationConsumed
from schemas.rejections import PrintedAlready, Rejection
from schemas.values import Position, UnixSeconds
from service.backoff import Backoff
from service.log.event_log import (
    AnswerExistsError,
    AppendInDoubtError,
    Batch,
    EventLog,
    LogBrokenError,
    LogFaultError,
    LogHaltedError,
    LogUnavailableError,
    PrintedTwiceError,
    StalePositionError,
)
from service.log.gate import Gate
from service.writer.batch import Plan, plan_batch
from service.writer.known_state import KnownState
from service.writer.queue import WriterQueue
from service.writer.request import Answered, Idempotency, Submission, Waiting
from service.writer.twins import Twins

RETRY_SECONDS: Final = 0.1
RETRY_SECONDS_MAX: Final = 2.0
TOGETHER_MIN: Final = 16
"""How many requests are worth a look at the queue while a batch is being committed."""

HALVED_FROM: Final = 128
"""How many are written as two batches: with fewer, a batch costs more beside its requests than this saves."""

_say = structlog.get_logger(__name__)


class Limits(Struct, frozen=True):
    """How much the writer takes on: commands and bytes queued and in one batch, seconds a caller waits."""

    queue_max: int = 10_000
    queue_bytes_max: int = 268_435_456
    batch_max: int = 1_024
    batch_bytes_max: int = 8_388_608
    wait_seconds_max: float = 10.0


class OutcomeUnknownError(Exception):
    """The store did not say in time whether the command was written; asking again under the same key tells."""


class Writer:
    """Turns requests into events of one log. `run` belongs in a TaskGroup; everything else may be called beside it."""

    def __init__(
        self,
        log: EventLog,
        *,
        clock: Callable[[], UnixSeconds],
        limits: Limits | None = None,
        gate: Gate | None = None,
        on_append: Callable[[Plan], None] = lambda _: None,
    ) -> None:
        """Nothing is taken while `gate` is closed; without one, from the first moment on.

        `on_append` hears of each batch with events that is durable.
        """
        # Shared with every reader of the process: readers move it forward by reading the log. Only `run` moves it by
        # what it wrote, once that is durable, or makes it forget.
        self.known = KnownState(log)
        # The composition root's; it closes the log after `run` has ended.
        self._log = log
        self._clock = clock
        self._gate = gate or Gate(None)
        self._limits = limits or Limits()
        self._on_append = on_append
        # `submit` adds, for any caller; only `run` takes from it, one batch at a time, and closes it at the end.
        self._queue = WriterQueue(self._limits.queue_max, self._limits.queue_bytes_max)
        # `submit` adds; each request removes itself when its future is done.
        self._twins = Twins(log)
        # Of `run` alone: whether another process wrote first the last time, and where the log's head was then.
        self._is_contended = False
        self._head_seen = Position(0)
        # Of `run` alone: how many commands are decided for the batch after the one that is being committed.
        self._ahead = 0

    @property
    def queue_depth(self) -> int:
        """How many commands wait to be written, those that were decided ahead too."""
        return len(self._queue) + self._ahead

    async def run(self) -> None:
        """Write what is submitted until cancelled, once. Every queued command gets an answer or a fault."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._queue.fail_overdue(self._limits.wait_seconds_max, _overdue))
                while True:
                    await self._queue.until(1)
                    if self._is_contended:
                        await self._write(self._queue.take(self._limits.batch_max, self._limits.batch_bytes_max))
                    else:
                        await self._write_one_after_another(group)
        finally:
            self._queue.close(_stopped)

    async def submit(self, request: Submission) -> Answered | Rejection:
        """Have the command decided and made durable; the answer is what the log says.

        Requests with the same idempotency key share one answer, in this process and across processes. Raises
        WriterBusyError, LogUnavailableError and LogHaltedError with nothing done, OutcomeUnknownError if that is not
        known.
        """
        self._gate.refuse_if_closed()
        idempotency = request.idempotency
        if idempotency is None:
            return await self._queue.enqueue(request).future
        twin = self._twins.running(idempotency)
        if twin is not None:
            return await self._twins.answer_of(twin, idempotency)
        waiting = self._queue.enqueue(request)
        self._twins.add(idempotency, waiting)
        # Shielded, because twins wait for the same future: a caller that hangs up must not take it from them.
        result = await asyncio.shield(waiting.future)
        if isinstance(result, Answered):
            return result
        # A twin on another process may have used up what this one asked for: then its answer is ours as well.
        return await self._twins.answer_in_log(idempotency) or result

    async def stored_answer(self, idempotency: Idempotency) -> Answered | Rejection | None:
        """What an earlier or a running request under this key got; none if there is none, and it may be submitted.

        Waits up to 5 seconds for a running one (CONTRACT.md D72). Raises LogUnavailableError, and a running request's
        own faults.
        """
        return await self._twins.answer_under(idempotency)

    async def _write_one_after_another(self, group: asyncio.TaskGroup) -> None:
        """Write what waits, and batch after batch of what comes, each decided while the one before is being committed.

        It is decided on what that one will leave, so it is dropped and decided again if that one fails. Nobody is
        answered before the batch of the answer is durable, and with it all before it.
        """
        count = len(self._queue)
        # Of many that wait, half: otherwise all their callers wait while PostgreSQL works, and nobody asks for more.
        plan, before = Plan(self.known.state), None
        self._add_to(plan, count if count < HALVED_FROM else (count + 1) // 2)
        while True:
            self._ahead = 0
            committing = group.create_task(self._commit(plan))
            try:
                await asyncio.sleep(0)  # the batch goes to the log before anything else is done
            finally:
                if before is not None:
                    self._settle(before)
                    plan.state.lie_over(self.known.state)
            following = await self._decide_beside(plan, committing)
            fault = await committing
            if fault is not None:
                self._ahead = 0
                await self._meet(plan.waiting, fault)
                await self._write([item for item in plan.waiting if not item.future.done()])
                await self._write([item for item in following.waiting if not item.future.done()])
                return
            if not following.results:
                self._settle(plan)
                return
            plan, before = following, plan

    async def _decide_beside(self, plan: Plan, committing: "asyncio.Task[LogFaultError | None]") -> Plan:
        """The batch after `plan`: what is asked until that one is committed, decided as soon as some have come."""
        following = Plan(plan.state)
        while True:
            await self._queue.until(TOGETHER_MIN, committing)
            # Readers move the state too. If they did, it may have what others wrote, and a layer over it would be torn.
            is_whole = self.known.state.position == plan.expected
            is_added = is_whole and self._add_to(following, self._limits.batch_max)
            self._ahead = len(following.results)
            if committing.done():
                return following
            if not is_added:
                await asyncio.wait([committing])

    def _add_to(self, plan: Plan, count_max: int) -> bool:
        """Decide more of what waits, as long as the batch keeps its bounds; whether there was any."""
        limits = self._limits
        count = min(count_max, limits.batch_max - len(plan.results))
        waiting = self._queue.take(count, max(0, limits.batch_bytes_max - plan.size))
        plan.add(waiting, self._clock())
        return bool(waiting)

    async def _commit(self, plan: Plan) -> LogFaultError | None:
        """Make the plan durable. A fault is returned, because the writer does something else at that moment."""
        try:
            await self._make_durable(plan)
        except LogFaultError as fault:
            return fault
        return None

    async def _write(self, waiting: Sequence[Waiting]) -> None:
        """Answer every one of `waiting`, by writing or by a fault, and nothing else beside it."""
        while waiting:
            try:
                plan = await (self._write_holding(waiting) if self._is_contended else self._write_at_once(waiting))
            except LogFaultError as fault:
                await self._meet(waiting, fault)
            except _TailLostError as lost:
                await self._stop_issuing(waiting, lost)
            else:
                self._settle(plan)
            waiting = [item for item in waiting if not item.future.done()]

    async def _meet(self, waiting: Sequence[Waiting], fault: LogFaultError) -> None:
        """Do what a fault asks for. Nothing of the batch is written; what has no answer then is to be decided again."""
        match fault:
            case StalePositionError():
                self._is_contended, self._head_seen = True, fault.head
            case AnswerExistsError():
                await self._twins.answer_from_log(waiting)
            case PrintedTwiceError():
                await self._refuse_printed(waiting)
            case LogBrokenError():
                await self._isolate(waiting, fault)
            case _:
                _fail(waiting, fault)

    async def _write_at_once(self, waiting: Sequence[Waiting]) -> Plan:
        """Decide on what is known here, and let the append find out whether that was the head."""
        plan = plan_batch(self.known.state, waiting, self._clock())
        await self._make_durable(plan)
        return plan

    async def _make_durable(self, plan: Plan) -> None:
        if plan.writes:
            await self._append(plan, self._log.append)
        elif (head := await self._log.head()) != plan.expected:
            # Refusals and no-ops are answers too: they must be true at the head, not at some earlier position.
            raise StalePositionError(head)

    async def _write_holding(self, waiting: Sequence[Waiting]) -> Plan:
        """Take the log's lock, read what others wrote, then decide: no other process can come first any more."""
        if self.known.is_far_behind(self._head_seen):
            # A process that has just started reads the bulk first: all others wait while the lock is held.
            await self.known.catch_up(self._log, self._head_seen)
        plan: Plan | None = None
        try:
            async with self._log.hold(self.known.state.position) as held:
                if held.head < self.known.state.position:
                    raise _TailLostError(held.head, self.known.state.position)
                self._is_contended = held.head != self.known.state.position
                await self.known.catch_up(held, held.head)
                plan = plan_batch(self.known.state, waiting, self._clock())
                plan.started_ns = time_ns()
                if plan.writes:
                    await held.append(plan.expected, plan.batch)
            plan.ended_ns = time_ns()
        except AppendInDoubtError:
            if plan is None:
                raise LogUnavailableError("the connection was lost before anything was written") from None
            await self._resolve(plan)
        return plan

    async def _append(self, plan: Plan, append: Callable[[Position, Batch], Awaitable[None]]) -> None:
        try:
            started = asyncio.get_running_loop().time()
            plan.started_ns = time_ns()
            await append(plan.expected, plan.batch)
            plan.seconds = asyncio.get_running_loop().time() - started
            plan.ended_ns = time_ns()
        except AppendInDoubtError:
            await self._resolve(plan)

    async def _resolve(self, plan: Plan) -> None:
        """Learn what became of an append whose connection died, by trying the very same batch again.

        The same bytes at the same position are written once or not at all, even if the first try arrives late: the
        second try is stale. If that is ours, the event at that position tells whose batch it was. Raises the faults of
        append with nothing written. Gives up when no caller waits any more: later batches then find out.
        """
        # Not jittered: this process has one writer, and the seeded simulation must repeat to the moment.
        backoff = Backoff(RETRY_SECONDS, RETRY_SECONDS_MAX, is_jittered=False)
        while not all(waiting.future.done() for waiting, _ in plan.results):
            await asyncio.sleep(backoff.step())
            try:
                await self._log.append(plan.expected, plan.batch)
            except (AppendInDoubtError, LogUnavailableError):
                continue
            except (StalePositionError, LogHaltedError):
                # Halted by now, but perhaps after the first try: no caller may be told that nothing was done.
                if not await self._is_written(plan):
                    raise
            plan.ended_ns = time_ns()
            return
        raise LogUnavailableError("nobody waits for this batch any more")

    async def _is_written(self, plan: Plan) -> bool:
        """Whether the batch is in the log, as a durable commit of our own sees it."""
        while True:
            try:
                found = await self._log.record_at(Position(plan.expected + 1))
                # A commit that still waits for its standbys is visible but not yet safe: ours after it is both.
                await self._log.barrier("writer")
            except LogUnavailableError:
                await asyncio.sleep(RETRY_SECONDS_MAX)
                continue
            return found is not None and bool(plan.batch.records) and found == plan.batch.records[0]

    async def _refuse_printed(self, waiting: Sequence[Waiting]) -> None:
        """The log refused what one document would show: find the command it is about, in halves, and refuse it.

        Only formats of series that were opened before formats were compared can meet (CONTRACT.md D87). So the state is
        right, and the next number of the series is refused as long as the series has its format.
        """
        if len(waiting) > 1:
            middle = len(waiting) // 2
            await self._write(waiting[:middle])
            await self._write(waiting[middle:])
            return
        plan = plan_batch(self.known.state, waiting, self._clock())
        for stored in plan.batch.records:
            if isinstance(stored.record.event, ReservationConsumed):
                waiting[0].answer(PrintedAlready(stored.record.event.full_number, stored.record.stream))

    async def _isolate(self, waiting: Sequence[Waiting], fault: LogBrokenError) -> None:
        """The log refused the batch as broken: find the command it is about, so that the others are answered."""
        if len(waiting) > 1:
            for item in waiting:
                await self._write([item])
            return
        # The log contradicts what this process believes: it must not decide anything more on that belief.
        _say.error("the log refused a command", fault=str(fault), position=self.known.state.position)
        self.known.forget(is_snapshot_wrong=True)
        _fail(waiting, fault)

    async def _stop_issuing(self, waiting: Sequence[Waiting], lost: "_TailLostError") -> None:
        """Halt the log: numbers given out from here on might have been given out before (DESIGN.md section 6)."""
        _say.critical("the log lost its tail", head=lost.head, position=lost.position)
        self.known.forget(is_snapshot_wrong=False)
        try:
            await self._log.halt(str(lost))
        except LogUnavailableError as fault:
            _say.critical("the log could not be halted", fault=str(fault))
        _fail(waiting, LogHaltedError(str(lost)))

    def _settle(self, plan: Plan) -> None:
        """The plan is durable: from here on its numbers are spent, and its callers may know."""
        self.known.advance(plan.state, plan.batch.records)
        for waiting, result in plan.results:
            waiting.answer(result)
        if plan.batch.records:
            self._on_append(plan)


class _TailLostError(Exception):
    """The log ends before what this process has read in it or written to it."""

    def __init__(self, head: Position, position: Position) -> None:
        super().__init__(f"the log ends at {head}, but position {position} was written: the store lost its tail")
        self.head = head
        self.position = position


def _overdue(is_taken: bool) -> Exception:
    if is_taken:
        return OutcomeUnknownError("the store has not answered in time")
    return LogUnavailableError("the command waited too long to be decided; nothing was written")


def _stopped(is_taken: bool) -> Exception:
    if is_taken:
        return OutcomeUnknownError("the writer stopped before the store answered")
    return LogUnavailableError("the writer stopped before the command was decided; nothing was written")


def _fail(waiting: Sequence[Waiting], fault: Exception) -> None:
    for item in waiting:
        item.fail(fault)
