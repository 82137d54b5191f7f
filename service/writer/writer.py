"""The writer: one per log in each process. It queues commands, decides them in batches, appends a batch in one call.

Any number of processes may write one log. Each decides against the state it knows; the log refuses a batch that does
not continue it, and the writer then takes the log's lock first, reads what it missed, and decides again, so it cannot
starve.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from msgspec import Struct

from schemas.rejections import IdempotencyInProgress, IdempotencyKeyReused, Rejection
from schemas.values import Position, UnixSeconds
from service.core.evolve import evolve
from service.core.state import State, empty_state
from service.log.event_log import (
    AnswerExistsError,
    AppendInDoubtError,
    Batch,
    EventLog,
    HeldLog,
    LogBrokenError,
    LogFaultError,
    LogHaltedError,
    LogUnavailableError,
    StalePositionError,
)
from service.log.snapshots import load
from service.writer.barrier import SharedBarrier
from service.writer.batch import Plan, plan_batch
from service.writer.queue import WriterQueue
from service.writer.request import Answered, Idempotency, Request, Waiting

READ_LIMIT: Final = 1_000
TWIN_SECONDS_MAX: Final = 5.0
RETRY_SECONDS: Final = 0.1
RETRY_SECONDS_MAX: Final = 2.0

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


class Appended(Struct, frozen=True):
    """One batch that was written: how many commands and events, and how long the append took."""

    commands: int
    events: int
    seconds: float
    head: Position


class Writer:
    """Turns requests into events of one log. `run` belongs in a TaskGroup; everything else may be called beside it."""

    def __init__(
        self,
        log: EventLog,
        *,
        clock: Callable[[], UnixSeconds],
        limits: Limits | None = None,
        on_append: Callable[[Appended], None] = lambda _: None,
    ) -> None:
        self.state: State = empty_state(log.log_id)
        self._log = log
        self._clock = clock
        self._limits = limits or Limits()
        self._on_append = on_append
        self._queue = WriterQueue(self._limits.queue_max, self._limits.queue_bytes_max)
        self._running: dict[bytes, Waiting] = {}
        self._is_contended = False
        self._head_seen = Position(0)
        self._barrier = SharedBarrier(lambda: log.barrier("writer"))
        self._may_use_snapshot = True
        self.snapshot_position = Position(0)

    @property
    def queue_depth(self) -> int:
        """How many commands wait to be decided."""
        return len(self._queue)

    async def run(self) -> None:
        """Write what is submitted until cancelled, once. Every queued command gets an answer or a fault."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._queue.fail_overdue(self._limits.wait_seconds_max, _overdue))
                while True:
                    waiting = await self._queue.take(self._limits.batch_max, self._limits.batch_bytes_max)
                    await self._write(waiting)
        finally:
            self._queue.close(_stopped)

    async def submit(self, request: Request) -> Answered | Rejection:
        """Have the command decided and made durable; the answer is what the log says.

        Requests with the same idempotency key share one answer, in this process and across processes. Raises
        WriterBusyError, LogUnavailableError and LogHaltedError with nothing done, OutcomeUnknownError if that is not
        known.
        """
        idempotency = request.idempotency
        if idempotency is None:
            return await self._queue.enqueue(request).future
        twin = self._running.get(idempotency.scope)
        if twin is not None:
            return await self._answer_of_twin(twin, idempotency)
        waiting = self._queue.enqueue(request)
        self._running[idempotency.scope] = waiting
        waiting.future.add_done_callback(lambda _: self._running.pop(idempotency.scope))
        # Shielded, because twins wait for the same future: a caller that hangs up must not take it from them.
        result = await asyncio.shield(waiting.future)
        if isinstance(result, Answered):
            return result
        # A twin on another process may have used up what this one asked for: then its answer is ours as well.
        return await self._answer_in_log(idempotency) or result

    async def replay(self, idempotency: Idempotency) -> Answered | Rejection | None:
        """What an earlier or a running request under this key got; none if there is none, and it may be submitted.

        Waits up to 5 seconds for a running one (CONTRACT.md D72). Raises LogUnavailableError, and a running request's
        own faults.
        """
        twin = self._running.get(idempotency.scope)
        if twin is not None:
            return await self._answer_of_twin(twin, idempotency)
        return await self._answer_in_log(idempotency)

    async def read(self) -> State:
        """The state at the log's present head, whichever process wrote last. Raises LogUnavailableError."""
        await self._catch_up(self._log, await self._log.head())
        return self.state

    async def _answer_of_twin(self, twin: Waiting, idempotency: Idempotency) -> Answered | Rejection:
        first = twin.request.idempotency
        if first is not None and first.request != idempotency.request:
            return IdempotencyKeyReused()
        try:
            async with asyncio.timeout(TWIN_SECONDS_MAX):
                result = await asyncio.shield(twin.future)
        except TimeoutError:
            return IdempotencyInProgress()
        if isinstance(result, Answered):
            return Answered(result.outcome, is_replay=True)
        return await self._answer_in_log(idempotency) or result

    async def _answer_in_log(self, idempotency: Idempotency) -> Answered | Rejection | None:
        answer = await self._log.answer(idempotency.scope)
        if answer is None:
            return None
        if answer.request != idempotency.request:
            return IdempotencyKeyReused()
        # Visible is not yet safe where somebody ended a commit's wait for its standbys: ours, after it, is both.
        await self._barrier.passed()
        return Answered(answer.outcome, is_replay=True)

    async def _write(self, waiting: Sequence[Waiting]) -> None:
        """Answer every one of `waiting`, by writing or by a fault."""
        while waiting:
            try:
                plan = await (self._write_holding(waiting) if self._is_contended else self._write_at_once(waiting))
            except StalePositionError as stale:
                self._is_contended, self._head_seen = True, stale.head
            except AnswerExistsError:
                await self._answer_twins_elsewhere(waiting)
            except LogBrokenError as fault:
                await self._isolate(waiting, fault)
            except _TailLostError as lost:
                await self._stop_issuing(waiting, lost)
            except LogFaultError as fault:
                _fail(waiting, fault)
            else:
                self._settle(plan)
            waiting = [item for item in waiting if not item.future.done()]

    async def _write_at_once(self, waiting: Sequence[Waiting]) -> Plan:
        """Decide on what is known here, and let the append find out whether that was the head."""
        plan = plan_batch(self.state, waiting, self._clock())
        if plan.batch.records or plan.batch.answers:
            await self._append(plan, self._log.append)
        elif (head := await self._log.head()) != plan.expected:
            # Refusals and no-ops are answers too: they must be true at the head, not at some earlier position.
            raise StalePositionError(head)
        return plan

    async def _write_holding(self, waiting: Sequence[Waiting]) -> Plan:
        """Take the log's lock, read what others wrote, then decide: nobody can come first any more."""
        if self._head_seen - self.state.position > READ_LIMIT:
            # Who has just started reads the bulk first: everybody else waits while the lock is held.
            await self._catch_up(self._log, self._head_seen)
        plan: Plan | None = None
        try:
            async with self._log.hold() as held:
                if held.head < self.state.position:
                    raise _TailLostError(held.head, self.state.position)
                self._is_contended = held.head != self.state.position
                await self._catch_up(held, held.head)
                plan = plan_batch(self.state, waiting, self._clock())
                if plan.batch.records or plan.batch.answers:
                    await held.append(plan.expected, plan.batch)
        except AppendInDoubtError:
            if plan is None:
                raise LogUnavailableError("the connection was lost before anything was written") from None
            await self._resolve(plan)
        return plan

    async def _append(self, plan: Plan, append: Callable[[Position, Batch], Awaitable[None]]) -> None:
        try:
            started = asyncio.get_running_loop().time()
            await append(plan.expected, plan.batch)
            plan.seconds = asyncio.get_running_loop().time() - started
        except AppendInDoubtError:
            await self._resolve(plan)

    async def _resolve(self, plan: Plan) -> None:
        """Learn what became of an append whose connection died, by trying the very same batch again.

        The same bytes at the same position are written once or not at all, even if the first try arrives late: whoever
        comes second is stale. If it is we, the event at that position tells whose batch it was. Raises the faults of
        append with nothing written. Gives up when nobody waits any more: later batches then find out.
        """
        pause = RETRY_SECONDS
        while not all(waiting.future.done() for waiting, _ in plan.results):
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_SECONDS_MAX)
            try:
                await self._log.append(plan.expected, plan.batch)
            except (AppendInDoubtError, LogUnavailableError):
                continue
            except (StalePositionError, LogHaltedError):
                # Halted meanwhile, but perhaps after the first try: nobody may be told that nothing was done.
                if not await self._is_written(plan):
                    raise
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

    async def _catch_up(self, log: EventLog | HeldLog, head: Position) -> None:
        """Fold in what was written up to `head`. Others may fold while this waits; nothing is folded twice."""
        if self._may_use_snapshot and head - self.state.position > READ_LIMIT:
            self._may_use_snapshot = False
            snapshot = await load(self._log)
            if snapshot is not None and snapshot.position > self.state.position:
                self.state, self.snapshot_position = snapshot, snapshot.position
        while self.state.position < head:
            for stored in await log.read(self.state.position, READ_LIMIT):
                if stored.record.position == self.state.position + 1:
                    self.state = evolve(self.state, stored.record)

    async def _isolate(self, waiting: Sequence[Waiting], fault: LogBrokenError) -> None:
        """The log refused the batch as broken: find the command it is about, so that the others are answered."""
        if len(waiting) > 1:
            for item in waiting:
                await self._write([item])
            return
        # The log contradicts what this process believes: it must not decide anything more on that belief.
        _say.error("the log refused a command", fault=str(fault), position=self.state.position)
        self.state, self._may_use_snapshot = empty_state(self._log.log_id), False
        self.snapshot_position = Position(0)
        _fail(waiting, fault)

    async def _stop_issuing(self, waiting: Sequence[Waiting], lost: "_TailLostError") -> None:
        """Halt the log: numbers given out from here on might have been given out before (DESIGN.md section 6)."""
        _say.critical("the log lost its tail", head=lost.head, position=lost.position)
        self.state, self.snapshot_position = empty_state(self._log.log_id), Position(0)
        try:
            await self._log.halt(str(lost))
        except LogUnavailableError as fault:
            _say.critical("the log could not be halted", fault=str(fault))
        _fail(waiting, LogHaltedError(str(lost)))

    async def _answer_twins_elsewhere(self, waiting: Sequence[Waiting]) -> None:
        """Another process answered one of these keys while this one was deciding: give out its answer."""
        for item in waiting:
            idempotency = item.request.idempotency
            try:
                answer = None if idempotency is None else await self._answer_in_log(idempotency)
            except LogUnavailableError as fault:
                item.fail(fault)
                continue
            if answer is not None:
                item.answer(answer)

    def _settle(self, plan: Plan) -> None:
        """The plan is durable: from here on its numbers are spent, and its callers may know."""
        if plan.state.position > self.state.position:
            self.state = plan.state
        for waiting, result in plan.results:
            waiting.answer(result)
        if plan.batch.records:
            self._on_append(Appended(len(plan.results), len(plan.batch.records), plan.seconds, plan.state.position))


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
