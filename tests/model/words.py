"""The words of the model: callers, requests and expected replies (from CONTRACT.md, and nothing else).

Series, tokens and documents are named by handles (`series 1`, `series 1 #4`, `document 2`), so that a history reads the
same with any random ids of the service.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Who:
    """A credential: an API key if it has neither device nor session, else a session; its device may be empty."""

    name: str
    firm: str
    mode: str
    device: str | None = None
    is_key: bool = False
    is_admin: bool = False

    def __repr__(self) -> str:
        return f"{self.firm}.{self.name}"


@dataclass(frozen=True)
class OpenSeries:
    """POST /invoice-series."""

    name: str
    document_type: str
    start_number: int
    is_primary: bool
    format: str | None = None


@dataclass(frozen=True)
class MakePrimary:
    """POST /invoice-series/{id}/set-primary."""

    series: str


@dataclass(frozen=True)
class Describe:
    """PATCH /invoice-series/{id}."""

    series: str
    description: str | None


@dataclass(frozen=True)
class Lock:
    """POST /invoice-series/{id}/lock."""

    series: str


@dataclass(frozen=True)
class Unlock:
    """POST /invoice-series/{id}/unlock."""

    series: str
    force: bool


@dataclass(frozen=True)
class Reserve:
    """POST /invoice-series/{id}/reserve-numbers; no count is an empty body."""

    series: str
    count: int | None


@dataclass(frozen=True)
class Release:
    """POST /invoice-series/reservations/{token}/release."""

    token: str


@dataclass(frozen=True)
class Issue:
    """POST /invoices, dated `days` from today, or without a date."""

    series: str | None
    token: str | None
    document_type: str
    days: int | None
    force_chronology: bool
    is_draft: bool = False
    names_rate: bool = True
    """Whether the line says 19 % of VAT, or leaves the rate to the date."""


@dataclass(frozen=True)
class Void:
    """POST /invoices/{id}/void."""

    document: str
    reason: str | None


@dataclass(frozen=True)
class Unvoid:
    """POST /invoices/{id}/unvoid."""

    document: str


@dataclass(frozen=True)
class Storno:
    """POST /invoices/{id}/storno, with the lines to reverse or for all."""

    document: str
    names_items: bool = False


@dataclass(frozen=True)
class Update:
    """PATCH /invoices/{id}: another date, `days` from today, or other notes only; and what nobody can change.

    `number` is what the caller thinks the number is, none for a caller that does not say.
    """

    document: str
    days: int | None
    number: int | None = None


@dataclass(frozen=True)
class Delete:
    """DELETE /invoices/{id}."""

    document: str


@dataclass(frozen=True)
class ReadSeries:
    """GET /invoice-series/{id}."""

    series: str


@dataclass(frozen=True)
class ListSeries:
    """GET /invoice-series."""

    document_type: str | None


@dataclass(frozen=True)
class ListPending:
    """GET /invoice-series/{id}/reservations."""

    series: str


@dataclass(frozen=True)
class ReadToken:
    """GET /invoice-series/reservations/{token}."""

    token: str


@dataclass(frozen=True)
class ReadDocument:
    """GET /invoices/{id}."""

    document: str


Write = (
    OpenSeries
    | MakePrimary
    | Describe
    | Lock
    | Unlock
    | Reserve
    | Release
    | Issue
    | Void
    | Unvoid
    | Storno
    | Update
    | Delete
)
Read = ReadSeries | ListSeries | ListPending | ReadToken | ReadDocument
Command = Write | Read


@dataclass(frozen=True)
class Expected:
    """The reply of the contract. `data` has the keys that matter, and handles in the places of ids."""

    status: int
    code: str | None = None
    param: str | None = None
    data: Any = None
    is_repeat: bool = False

    @property
    def is_success(self) -> bool:
        """Whether the request was done."""
        return self.status < 400


class RefusedError(Exception):
    """The model refuses a request; nothing was changed."""

    def __init__(self, status: int, code: str, param: str | None = None) -> None:
        super().__init__(code)
        self.expected = Expected(status, code, param)
