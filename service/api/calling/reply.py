"""The envelope of every reply, success or refusal (CONTRACT.md section 2), as bytes for any carrier."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET, Struct

from schemas.api.envelope import Failure, Meta, Problem, Success
from schemas.traceparent import TraceParent, span_id_of, trace_id_of
from schemas.values import FirmId
from service.access.callers import Principal
from service.api.admission.rate_limit import Allowance
from service.api.admission.reply_room import SMALL_BYTES, Held
from service.api.calling.rows import ENCODER, MARK, Sliced
from service.api.calling.sent import Sent
from service.api.calling.streamed import Streamed
from service.api.refusals.table import Refusal
from service.random_ids import random_uuid

if TYPE_CHECKING:
    from service.tracing.tracer import RequestSpan

JSON: Final = "application/json"
NO_TRACE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(slots=True)
class Exchange:
    """One request while it is being answered: what its reply, its count and its log line need.

    `carrier` is http or nats. `method` and `route` come from a fixed set of words, never from the path itself, which
    may hold a token. `holder` is the one for which the rate limit counted the request,
    `firm_id` the firm that it is of, if we know it. `principal` and `sent` are there once they are known.
    `traceparent` is the trace that it belongs to, if it does to one (CONTRACT.md D119). `span` is there if spans are
    made.
    """

    carrier: str
    method: str
    route: str
    started: float = field(default_factory=time.perf_counter)
    request_id: str = field(default_factory=random_uuid)
    allowance: Allowance | None = None
    firm_id: FirmId | None = None
    holder: str | None = None
    principal: Principal | None = None
    sent: Sent | None = None
    traceparent: TraceParent | None = None
    span: "RequestSpan | None" = None

    def milliseconds(self) -> float:
        """The milliseconds since the request arrived."""
        return (time.perf_counter() - self.started) * 1000

    def begin_span(self, span: "RequestSpan") -> None:
        """From here on the trace goes on in this span."""
        self.span, self.traceparent = span, span.traceparent

    def trace_fields(self) -> Mapping[str, str]:
        """What a log line says of the trace, in the words of OpenTelemetry; nothing where there is none."""
        if self.traceparent is None:
            return NO_TRACE
        return {"trace_id": trace_id_of(self.traceparent), "span_id": span_id_of(self.traceparent)}

    def meta(self) -> Meta:
        """The `meta` of the reply."""
        return Meta(request_id=self.request_id, response_time=f"{self.milliseconds():.2f}ms")


class Page(Struct, frozen=True):
    """A text without the envelope, in UTF-8."""

    body: bytes
    content_type: str


class Attachment(Struct, frozen=True):
    """A file to take away; its name is in ASCII, `language` that of its texts. `held` counts its bytes."""

    pieces: Sequence[bytes]
    content_type: str
    file_name: str
    language: str
    held: Held


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a request that was done; `data` is a struct of `schemas.api`, a list, Sliced, Streamed, a Page or
    an Attachment.

    `is_done` for a command: whatever becomes of its reply, it was done.
    """

    data: Any
    status: int = 200
    is_repeat: bool = False
    is_done: bool = False


class Reply(Struct, frozen=True):
    """The reply to one request: an HTTP status and the bytes of its body; `refusal` if the request was refused.

    A large body is `body` and then `more`. The carrier sends one piece after another, and frees what it holds as it is
    read. With a `file_name` it is a file to be stored, not shown. A file that is made while it is read is `stream`,
    which the carrier closes.
    """

    status: int
    body: bytes
    refusal: Refusal | None = None
    is_repeat: bool = False
    content_type: str = JSON
    more: Sequence[bytes] = ()
    held: Held | None = None
    file_name: str | None = None
    language: str = "en"
    stream: Streamed | None = None

    @property
    def size(self) -> int:
        """The bytes of the body."""
        return len(self.body) + (sum(map(len, self.more)) if self.more else 0)

    def whole(self) -> bytes:
        """The body in one piece."""
        return b"".join((self.body, *self.more)) if self.more else self.body


def done(exchange: Exchange, result: Result) -> Reply:
    """The reply to a request that was done."""
    if isinstance(result.data, Streamed):
        return Reply(result.status, b"", content_type=result.data.content_type, stream=result.data)
    if isinstance(result.data, Page):
        return Reply(result.status, result.data.body, content_type=result.data.content_type)
    if isinstance(result.data, Attachment):
        return _attachment(result.status, result.data)
    if isinstance(result.data, Sliced):
        rows = result.data.rows
        hollow = ENCODER.encode(Success(data=result.data.with_hole(), meta=exchange.meta()))
        head, _, tail = hollow.partition(MARK)
        if rows.held.size <= SMALL_BYTES:
            return Reply(result.status, b"".join((head, *rows.slices, tail)))
        return Reply(result.status, head, more=(*rows.slices, tail), held=rows.held)
    body = ENCODER.encode(Success(data=result.data, meta=exchange.meta()))
    return Reply(result.status, body, is_repeat=result.is_repeat)


def _attachment(status: int, file: Attachment) -> Reply:
    first, *others = file.pieces or [b""]
    is_large = file.held.size > SMALL_BYTES
    return Reply(
        status,
        first if is_large else b"".join(file.pieces),
        content_type=file.content_type,
        more=others if is_large else (),
        held=file.held if is_large else None,
        file_name=file.file_name,
        language=file.language,
    )


def not_done(exchange: Exchange, refusal: Refusal) -> Reply:
    """The reply to a request that was refused."""
    body = ENCODER.encode(Failure(error=problem_of(refusal, exchange.request_id), meta=exchange.meta()))
    return Reply(refusal.status, body, refusal)


def problem_of(refusal: Refusal, request_id: str) -> Problem:
    """The `error` object of this refusal."""
    details: Mapping[str, Any] = refusal.details or {}
    return Problem(
        message=refusal.message,
        type=refusal.type,
        code=refusal.code,
        status=refusal.status,
        param=refusal.param or UNSET,
        errors=dict(refusal.errors) if refusal.errors else UNSET,
        retry_after=refusal.retry_after or UNSET,
        request_id=request_id if refusal.status == 500 else UNSET,
        **details,
    )
