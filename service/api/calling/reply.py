"""The envelope of every reply, success or refusal (CONTRACT.md section 2), ready for whatever carries it."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct

from schemas.api.envelope import Failure, Meta, Problem, Success
from service.api.admission.rate_limit import Allowance
from service.api.refusals.table import Refusal

JSON: Final = "application/json"

_encoder: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(slots=True)
class Exchange:
    """One request on its way: what its reply, its count and its log line need to know, however it ends.

    `carrier` is http or nats; `method` and `route` are words of ours, of bounded variety: a path may hold a token.
    `holder` is whom the rate limit counted the request for.
    """

    carrier: str
    method: str
    route: str
    started: float = field(default_factory=time.perf_counter)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    allowance: Allowance | None = None
    holder: str | None = None

    def milliseconds(self) -> float:
        """How long it has taken so far."""
        return (time.perf_counter() - self.started) * 1000

    def meta(self) -> Meta:
        """About this reply."""
        return Meta(request_id=self.request_id, response_time=f"{self.milliseconds():.2f}ms")


class Page(Struct, frozen=True):
    """A reply without the envelope: a text of this content type, in UTF-8."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request came to; `data` is a struct of `schemas.api`, a list of them, or a Page."""

    data: Any
    status: int = 200
    is_replay: bool = False


class Told(Struct, frozen=True):
    """The answer to one request: its status as in HTTP and its bytes; `refusal` if the request was not done."""

    status: int
    body: bytes
    refusal: Refusal | None = None
    is_replay: bool = False
    content_type: str = JSON


def done(exchange: Exchange, reply: Reply) -> Told:
    """The answer to a request that was done."""
    if isinstance(reply.data, Page):
        return Told(reply.status, reply.data.body, content_type=reply.data.content_type)
    body = _encoder.encode(Success(data=reply.data, meta=exchange.meta()))
    return Told(reply.status, body, is_replay=reply.is_replay)


def not_done(exchange: Exchange, refusal: Refusal) -> Told:
    """The answer to a request that was refused."""
    body = _encoder.encode(Failure(error=problem_of(refusal, exchange.request_id), meta=exchange.meta()))
    return Told(refusal.status, body, refusal)


def problem_of(refusal: Refusal, request_id: str) -> Problem:
    """The error object of this refusal."""
    return Problem(
        message=refusal.message,
        type=refusal.type,
        code=refusal.code,
        status=refusal.status,
        param=refusal.param or UNSET,
        errors=dict(refusal.errors) if refusal.errors else UNSET,
        retry_after=refusal.retry_after or UNSET,
        request_id=request_id if refusal.status == 500 else UNSET,
        **(refusal.details or {}),
    )
