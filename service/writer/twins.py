"""Requests with the same idempotency key, in this process and in others: they share one answer."""

import asyncio
from collections.abc import Sequence
from typing import Final

from schemas.outcomes import AnswerLost
from schemas.rejections import IdempotencyAnswerLost, IdempotencyInProgress, IdempotencyKeyReused, Rejection
from service.log.event_log import EventLog, LogUnavailableError
from service.writer.barrier import SharedBarrier
from service.writer.request import Answered, Idempotency, Waiting

TWIN_SECONDS_MAX: Final = 5.0
"""How long a request waits for one under the same key that is still running (CONTRACT.md D72)."""


class Twins:
    """The requests with a key that run in this process, and the answers that the log keeps for all processes."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        # By the scope of its key; a request stays from `add` until its future is done, and removes itself then.
        self._running: dict[bytes, Waiting] = {}
        self._barrier = SharedBarrier(lambda: log.barrier("writer"))

    def running(self, idempotency: Idempotency) -> Waiting | None:
        """The request under this key that has no answer yet, if there is one in this process."""
        return self._running.get(idempotency.scope)

    def add(self, idempotency: Idempotency, waiting: Waiting) -> None:
        """This is now the running request under its key; the caller has not awaited since `running` gave none."""
        self._running[idempotency.scope] = waiting
        waiting.future.add_done_callback(lambda _: self._running.pop(idempotency.scope))

    async def answer_of(self, twin: Waiting, idempotency: Idempotency) -> Answered | Rejection:
        """What the running request `twin` is answered, as the answer to another request under its key.

        Waits up to TWIN_SECONDS_MAX. Raises the faults of the running request, and LogUnavailableError.
        """
        first = twin.request.idempotency
        if first is not None and first.request != idempotency.request:
            return IdempotencyKeyReused()
        try:
            async with asyncio.timeout(TWIN_SECONDS_MAX):
                result = await asyncio.shield(twin.future)
        except TimeoutError:
            return IdempotencyInProgress()
        if isinstance(result, Answered):
            return Answered(result.outcome, is_repeat=True)
        return await self.answer_in_log(idempotency) or result

    async def answer_under(self, idempotency: Idempotency) -> Answered | Rejection | None:
        """What a running or an earlier request under this key got; none if there is none. Raises as `answer_of`."""
        twin = self.running(idempotency)
        return await (self.answer_in_log(idempotency) if twin is None else self.answer_of(twin, idempotency))

    async def answer_from_log(self, waiting: Sequence[Waiting]) -> None:
        """Give every one of `waiting` whose key has an answer in the log that answer: another process wrote it."""
        for item in waiting:
            idempotency = item.request.idempotency
            try:
                answer = None if idempotency is None else await self.answer_in_log(idempotency)
            except LogUnavailableError as fault:
                item.fail(fault)
                continue
            if answer is not None:
                item.answer(answer)

    async def answer_in_log(self, idempotency: Idempotency) -> Answered | Rejection | None:
        """What was answered under this key, by any process; none if nothing was. Raises LogUnavailableError."""
        answer = await self._log.answer(idempotency.scope)
        if answer is None:
            return None
        if isinstance(answer.outcome, AnswerLost):
            # Only the key of the request came back, so no process can tell whether this one is the same.
            return IdempotencyAnswerLost(answer.outcome.position)
        if not idempotency.is_of(answer.request):
            return IdempotencyKeyReused()
        # Visible is not yet safe if an operator ended a commit's wait for its standbys: our commit, after it, is both.
        await self._barrier.passed()
        return Answered(answer.outcome, is_repeat=True)
