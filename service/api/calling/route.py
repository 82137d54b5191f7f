"""The description of one call of the API. The carriers route by it, and the OpenAPI document is made from it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct

from schemas.api.bodies import NothingBody
from schemas.api.queries import NoQuery
from service.api.calling.call import Call
from service.writer.request import Answered

Tag = Literal["Series", "Aliases", "Reservations", "Invoices", "Accounting", "Service"]
"""The sections of the OpenAPI document."""

Handle = Callable[[Call], Awaitable[Any]]
"""Does a call. Returns Answered if it submitted a command, else the data of the reply."""

Show = Callable[[Call, Answered], Awaitable[Any]]
"""Makes the data of the reply from a command that was done; a repeat gets the same data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path, for callers with a credential.

    `status` is the status of success, `reply` the type of the reply's `data`. If `handle` submits a command, `show`
    makes the data.
    """

    method: str
    path: str
    tag: Tag
    handle: Handle
    show: Show | None = None
    summary: str
    reply: Any
    body: type[Struct] = NothingBody
    status: int = 200
    query: type[Struct] = NoQuery
    refusals: tuple[type, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoute:
    """GET of one path that needs no credential and has no rate limit. If `reply` is none, the reply is text."""

    path: str
    summary: str
    reply: Any = None
    refusals: tuple[type, ...] = ()
