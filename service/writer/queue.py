"""The writer's queue: bounded, in order of arrival, and no request in it waits for ever."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from schemas.values import CommandId
from service.random_ids import random_hex
from service.writer.request import Submission, Waiting

OVERDUE_CHECK_SECONDS: Final = 0.25


class WriterBusyError(Exception):
    """The queue is full or its writer has stopped: nothing was done, and asking again a little later may find room."""


class WriterQueue:
    """Requests that wait to be decided, and those that are being written."""

    def __init__(self, length_max: int, bytes_max: int) -> None:
        """At most `length_max` requests, and about `bytes_max` bytes of their documents."""
        self._length_max = length_max
        self._bytes_max = bytes_max
        self._bytes = 0
        self._waiting: deque[Waiting] = deque()
        self._taken: Sequence[Waiting] = ()
        self._arrived = asyncio.Event()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def enqueue(self, request: Submission) -> Waiting:
        """Add a request; raises WriterBusyError if the queue is full or closed."""
        if self._is_closed:
            raise WriterBusyError("the writer has stopped")
        if len(self._waiting) >= self._length_max:
            raise WriterBusyError(f"{self._length_max} commands are waiting")
        if self._bytes > self._bytes_max:
            raise WriterBusyError(f"documents of {self._bytes} bytes are waiting")
        loop = asyncio.get_running_loop()
        waiting = Waiting(request, CommandId(random_hex(16)), loop.create_future(), loop.time())
        self._waiting.append(waiting)
        self._bytes += _size(waiting)
        self._arrived.set()
        return waiting

    async def take(self, count_max: int, bytes_max: int) -> Sequence[Waiting]:
        """Everything that is waiting, in order, up to the bounds; waits until there is something.

        The first request is taken whatever its size. What was taken before must have been answered.
        """
        self._taken = ()
        while not self._taken:
            await self._arrived.wait()
            self._taken = self._take(count_max, bytes_max)
        return self._taken

    async def fail_overdue(self, seconds_max: float, fault: Callable[[bool], Exception]) -> None:
        """For ever: fail what has waited longer; `fault` is told whether the request may have been written."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(OVERDUE_CHECK_SECONDS)
            oldest = loop.time() - seconds_max
            for waiting in self._taken:
                if waiting.asked_at < oldest:
                    waiting.fail(fault(True))
            while self._waiting and self._waiting[0].asked_at < oldest:
                self._pop().fail(fault(False))

    def close(self, fault: Callable[[bool], Exception]) -> None:
        """Fail whatever has no answer yet and refuse what comes later; `fault` as in `fail_overdue`."""
        self._is_closed = True
        for waiting in self._taken:
            waiting.fail(fault(True))
        while self._waiting:
            self._pop().fail(fault(False))

    def _take(self, count_max: int, bytes_max: int) -> list[Waiting]:
        taken: list[Waiting] = []
        size = 0
        while self._waiting and len(taken) < count_max:
            size += _size(self._waiting[0])
            if taken and size > bytes_max:
                break
            waiting = self._pop()
            if not waiting.future.done():  # a caller that hung up before anything was decided
                taken.append(waiting)
        if not self._waiting:
            self._arrived.clear()
        return taken

    def _pop(self) -> Waiting:
        waiting = self._waiting.popleft()
        self._bytes -= _size(waiting)
        return waiting


def _size(waiting: Waiting) -> int:
    content = waiting.request.content
    return 0 if content is None else len(content.body)
