"""A command on its way to the log, and the answer on its way back."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct

from schemas.commands import Caller, Command
from schemas.outcomes import Outcome
from schemas.record import Record
from schemas.rejections import Rejection
from schemas.traceparent import TraceParent
from schemas.values import CommandId
from service.log.event_log import Content

Came = TypeVar("Came", bound=Struct)


class Idempotency(Struct, frozen=True):
    """`key` as the client sent it; `scope` and `request` are SHA-256 digests of key and scope, and of the body.

    `request` is kept with the answer. Answers of the version before D90 were kept with `request_as_written`, in which a
    number counts by its written form; so a repeat of such a request must be written as it was then.
    """

    key: str
    scope: bytes
    request: bytes
    request_as_written: Callable[[], bytes] = bytes

    def is_of(self, kept: bytes) -> bool:
        """Whether the request that was kept with this digest is the same as this one."""
        return kept == self.request or kept == self.request_as_written()


class Submission(Struct, frozen=True):
    """What one caller asks, with the body of the document it concerns, if any, and a second one beside it.

    The events name the trace, if the request belongs to one. `asked_ns` is the time now, in nanoseconds since 1970, if
    spans are made of the request; else 0.
    """

    command: Command
    caller: Caller
    content: Content | None = None
    idempotency: Idempotency | None = None
    also: Content | None = None
    traceparent: TraceParent | None = None
    asked_ns: int = 0


class Answered(Struct, frozen=True):
    """What the command came to; `is_repeat` if an earlier request under the same key did it.

    `records` and `content` are what this command wrote just now, so that its caller need not read them back.
    """

    outcome: Outcome
    is_repeat: bool
    records: Sequence[Record] = ()
    content: Content | None = None

    def came_to(self, kind: type[Came]) -> Came:
        """The outcome, which is of this kind: the command says which, and a key answers one kind of request."""
        assert isinstance(self.outcome, kind), f"expected {kind.__name__}, found {type(self.outcome).__name__}"
        return self.outcome


class Waiting:
    """A request in the writer's hands. Its future gets exactly one answer or fault."""

    __slots__ = ("asked_at", "command_id", "future", "request")

    def __init__(
        self,
        request: Submission,
        command_id: CommandId,
        future: "asyncio.Future[Answered | Rejection]",
        asked_at: float,
    ) -> None:
        self.request = request
        self.command_id = command_id
        self.future = future
        self.asked_at = asked_at

    def answer(self, result: Answered | Rejection) -> None:
        """Tell the caller, unless it has been told that the wait was too long."""
        if not self.future.done():
            self.future.set_result(result)

    def fail(self, fault: Exception) -> None:
        """Raise the fault at the caller, unless it has been told something before."""
        if not self.future.done():
            self.future.set_exception(fault)
            self.future.exception()  # a caller that hung up does not make it an unhandled one
