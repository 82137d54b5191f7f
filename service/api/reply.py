"""The envelope of every reply, success or error, and its headers (CONTRACT.md section 2)."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import UNSET

from schemas.api.envelope import Failure, Meta, Problem, Success
from service.api.admission.rate_limit import Allowance
from service.api.refusals.table import Refusal

_encoder: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers; `data` is a struct of `schemas.api`, or a list of them."""

    data: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Exchange:
    """One request on its way: what its reply needs to know about it, however it ends."""

    started: float = field(default_factory=time.perf_counter)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    allowance: Allowance | None = None
    credential_id: str | None = None

    def milliseconds(self) -> float:
        """How long it has taken so far."""
        return (time.perf_counter() - self.started) * 1000

    def meta(self) -> Meta:
        """About this reply."""
        return Meta(request_id=self.request_id, response_time=f"{self.milliseconds():.2f}ms")


EXCHANGE: Final = web.RequestKey("exchange", Exchange)


def success(exchange: Exchange, reply: Reply) -> web.Response:
    """The reply to a request that was done."""
    return _response(exchange, reply.status, Success(data=reply.data, meta=exchange.meta()), reply.headers)


def failure(exchange: Exchange, refusal: Refusal, headers: Mapping[str, str] | None = None) -> web.Response:
    """The reply to a request that was not done."""
    retry = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
    body = Failure(error=problem_of(refusal, exchange.request_id), meta=exchange.meta())
    return _response(exchange, refusal.status, body, {**retry, **(headers or {})})


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


def standard_headers(exchange: Exchange) -> dict[str, str]:
    """What every reply carries; the server's name, not its version."""
    limits = {} if exchange.allowance is None else exchange.allowance.headers()
    return {"X-Request-Id": exchange.request_id, "Content-Language": "en", "Server": "numbering", **limits}


def encoded(body: Success[Any] | Failure) -> bytes:
    """The envelope as it is sent."""
    return _encoder.encode(body)


def _response(
    exchange: Exchange, status: int, body: Success[Any] | Failure, headers: Mapping[str, str]
) -> web.Response:
    return web.Response(
        status=status,
        body=encoded(body),
        content_type="application/json",
        headers={**standard_headers(exchange), **headers},
    )
