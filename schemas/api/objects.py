"""The objects in replies about series and reservations (CONTRACT.md sections 5.1 and 5.2)."""

from typing import Generic, Literal, TypeVar

from msgspec import Struct

from schemas.api.d394 import D394Warning
from schemas.values import DocumentType, Platform

Item = TypeVar("Item")


class Lock(Struct, frozen=True, kw_only=True):
    """The device that holds a series."""

    device_id: str
    """The device, as its session names it; it outlives the session."""
    session_id: int | None
    """The session that locked the series; null if it has no number."""
    user_id: int | None
    """The user of that session; null if it has none."""
    device_name: str | None
    """The name of the device, as its session gave it."""
    device_platform: Platform | None
    """What the device runs on."""
    locked_at: int | None
    """When the series was locked, in Unix seconds."""


class InvoiceSeries(Struct, frozen=True, kw_only=True):
    """An invoice series: a counter with a name, a document type, a format and a lock."""

    id: str
    """The id of the series; it never changes."""
    object: Literal["invoice_series"] = "invoice_series"
    name: str
    """The prefix of its numbers, such as `FACT`; unique in firm, mode and document type."""
    document_type: DocumentType
    """What the series numbers."""
    description: str | None
    """Text for people; null if none was given."""
    start_number: int
    """The first number of the series."""
    next_number: int
    """The number that the counter gives next; it is above every reserved number."""
    format: str
    """How a number is printed; `{number}` is padded to five digits, `{year}` is the year of the invoice's date."""
    is_primary: bool
    """Whether the series is the default of its document type."""
    is_used: bool
    """Whether a document was ever given a number of the series; drafts and pending reservations do not count."""
    is_locked: bool
    """Whether a device holds the series."""
    lock: Lock | None
    """The device that holds the series; null while none does."""
    year: int
    """The calendar year in which the series was opened."""
    created_at: int
    """When the series was opened, in Unix seconds."""


class OpenedInvoiceSeries(InvoiceSeries, frozen=True, kw_only=True):
    """A series that was just opened."""

    warnings: list[D394Warning] = []
    """What speaks against the format of the series, though it is open; empty if nothing does."""


class NumberReservation(Struct, frozen=True, kw_only=True):
    """One reserved number. `invoice_id` and `client_local_uuid` are null until an invoice uses the number."""

    object: Literal["number_reservation"] = "number_reservation"
    token: str
    """What `reservation_token` of a new invoice must be, for the invoice to get this number."""
    series_id: str
    """The series of the number."""
    number: int
    """The reserved number."""
    status: Literal["pending", "consumed", "released", "expired"]
    """What became of the reservation; only a pending one can be used."""
    device_id: str
    """The device that reserved the number; only this device can use or release it."""
    reserved_at: int
    """When the number was reserved, in Unix seconds."""
    expires_at: int
    """When the reservation expires, in Unix seconds; from then on the number cannot be used."""
    consumed_at: int | None = None
    """When an invoice used the number, in Unix seconds."""
    client_local_uuid: str | None = None
    """The client's own id of the invoice that used the number, or the Idempotency-Key of its request."""
    invoice_id: str | None = None
    """The invoice that used the number."""


class ListOf(Struct, Generic[Item], frozen=True, kw_only=True):
    """A list that has no pages; `data` holds all of it."""

    object: Literal["list"] = "list"
    data: list[Item]
    """The entries."""
    total: int
    """How many entries there are; at most as many are in `data`."""


class ApiRoot(Struct, frozen=True, kw_only=True):
    """The name and the version of the service."""

    name: str
    """The name of the service."""
    version: str
    """The version of the service."""
    documentation: str
    """The path of the documentation for people."""
    status: Literal["operational"] = "operational"
    """Always the same: what answers is operational."""


class Alive(Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: Literal["ok"] = "ok"
    """Always the same: what answers is alive."""


class Readiness(Struct, frozen=True, kw_only=True):
    """The service answers requests, also if some parts are `degraded`."""

    status: Literal["ready"] = "ready"
    """Always the same: a service that is not ready answers 503."""
    parts: dict[str, Literal["ok", "degraded"]]
    """The health of each part by its name."""
