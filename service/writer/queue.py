"""The writer's queue: bounded, in order of arrival, and no request in it waits for ever."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

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
        # In order; those at its beginning that have an answer are dropped when more are taken.
        self._taken: deque[Waiting] = deque()
        # Set while at least `_wanted` requests wait, or something else happened that `until` waits for.
        self._woken = asyncio.Event()
        self._wanted = 1
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
        if len(self._waiting) >= self._wanted:
            self._woken.set()
        return waiting

    async def until(self, count: int, other: "asyncio.Future[Any] | None" = None) -> None:
        """Return when `count` requests wait, or when `other` is done. One caller waits at a time."""
        if other is not None:
            other.add_done_callback(lambda _: self._woken.set())
        self._wanted = count
        while len(self._waiting) < count and (other is None or not other.done()):
            self._woken.clear()
            await self._woken.wait()

    def take(self, count_max: int, bytes_max: int) -> Sequence[Waiting]:
        """What is waiting, in order, up to the bounds; the first request whatever its size, unless `bytes_max` is 0."""
        while self._taken and self._taken[0].future.done():
            self._taken.popleft()
        taken: list[Waiting] = []
        size = 0
        while self._waiting and len(taken) < count_max:
            size += _size(self._waiting[0])
            if size > bytes_max and (taken or not bytes_max):
                break
            waiting = self._pop()
            if not waiting.future.done():  # a caller that hung up before anything was decided
                taken.append(waiting)
        self._taken.extend(taken)
        return taken

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

    def _pop(self) -> Waiting:
        waiting = self._waiting.popleft()
        self._bytes -= _size(waiting)
        return waiting


def _size(waiting: Waiting) -> int:
    content = waiting.request.content
    return 0 if content is None else len(content.body)
