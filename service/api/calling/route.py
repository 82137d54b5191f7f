"""What a path of the API is: the one description that carriers route by and the OpenAPI document is made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct

from schemas.api.bodies import NothingBody
from schemas.api.queries import NoQuery
from service.api.calling.call import Call
from service.writer.request import Answered

Tag = Literal["Series", "Aliases", "Reservations", "Invoices", "Accounting", "Service"]
"""The chapters of the OpenAPI document."""

Handle = Callable[[Call], Awaitable[Any]]
"""Does what was asked. Returns Answered if a command was done, and else what the reply shows."""

Show = Callable[[Call, Answered], Awaitable[Any]]
"""What the reply shows of a command that was done: the same for a fresh answer and for a repeated one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path, for callers with a credential.

    `status` is that of success, `reply` the type of `data`, which `show` makes where `handle` had a command done.
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
    """GET of one path, without a credential and without a limit. A reply of none is text."""

    path: str
    summary: str
    reply: Any = None
    refusals: tuple[type, ...] = ()
