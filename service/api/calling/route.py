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
    makes the data. `about` tells a client what `summary` has no room for. `operation` is the name of the call, if it is
    another than that of `handle`. If the reply is a file, `file` is its content type and `reply` is none. If
    `is_listing`, the reply is also a CSV, XLSX or PDF file, as the client asks (D114).
    """

    method: str
    path: str
    tag: Tag
    handle: Handle
    show: Show | None = None
    summary: str
    about: str
    operation: str | None = None
    reply: Any
    body: type[Struct] = NothingBody
    status: int = 200
    query: type[Struct] = NoQuery
    refusals: tuple[type, ...] = ()
    is_listing: bool = False
    file: str | None = None

    @property
    def name(self) -> str:
        """The name of the call in clients that are made from the OpenAPI document. It never changes."""
        name = self.operation or str(getattr(self.handle, "__name__", self.summary))
        return f"{name}_alias" if self.tag == "Aliases" else name

    @property
    def writes(self) -> bool:
        """Whether the call may change something; an auditor may not ask for it."""
        return self.method != "GET"

    @property
    def has_body(self) -> bool:
        """Whether the call reads fields from a body."""
        return bool(self.body.__struct_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoute:
    """GET of one path that needs no credential and has no rate limit. If `reply` is none, the reply is text."""

    path: str
    operation: str
    summary: str
    about: str
    reply: Any = None
    refusals: tuple[type, ...] = ()
