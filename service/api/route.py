"""What a path of the API is: the one description that the server routes by and the OpenAPI document is made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from msgspec import Struct

from schemas.api.bodies import NothingBody
from schemas.api.queries import NoQuery
from service.api.call import Call
from service.api.reply import Reply
from service.writer.request import Answered

Answer = Answered | Reply
Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path, for callers with a credential. `status` is that of success, `reply` the type of `data`.

    A handler that had a command done returns what it came to, and the pipeline makes the reply of it.
    """

    method: str
    path: str
    handle: Handler
    summary: str
    reply: Any
    body: type[Struct] = NothingBody
    status: int = 200
    query: type[Struct] = NoQuery
    refusals: tuple[type, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoute:
    """GET of one path, without a credential and without a limit. A reply of none is text."""

    path: str
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]]
    summary: str
    reply: Any = None
    refusals: tuple[type, ...] = ()
