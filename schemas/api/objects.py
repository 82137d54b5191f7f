"""The objects in replies about series and reservations (CONTRACT.md sections 5.1 and 5.2)."""

from typing import Generic, Literal, TypeVar

from msgspec import Struct

from schemas.values import DocumentType, Platform

Item = TypeVar("Item")


class Lock(Struct, frozen=True, kw_only=True):
    """The device that holds a series."""

    device_id: str
    session_id: int | None
    user_id: int | None
    device_name: str | None
    device_platform: Platform | None
    locked_at: int | None


class InvoiceSeries(Struct, frozen=True, kw_only=True):
    """An invoice series: a counter with a name, a document type, a format and a lock."""

    id: str
    object: Literal["invoice_series"] = "invoice_series"
    name: str
    document_type: DocumentType
    description: str | None
    start_number: int
    next_number: int
    format: str
    is_primary: bool
    is_used: bool
    is_locked: bool
    lock: Lock | None
    year: int
    created_at: int


class NumberReservation(Struct, frozen=True, kw_only=True):
    """One reserved number. `invoice_id` and `client_local_uuid` are null until an invoice uses the number."""

    object: Literal["number_reservation"] = "number_reservation"
    token: str
    series_id: str
    number: int
    status: Literal["pending", "consumed", "released", "expired"]
    device_id: str
    reserved_at: int
    expires_at: int
    consumed_at: int | None = None
    client_local_uuid: str | None = None
    invoice_id: str | None = None


class ListOf(Struct, Generic[Item], frozen=True, kw_only=True):
    """A list that has no pages; `data` holds all of it."""

    object: Literal["list"] = "list"
    data: list[Item]
    total: int


class ApiRoot(Struct, frozen=True, kw_only=True):
    """GET /."""

    name: str
    version: str
    documentation: str
    status: Literal["operational"] = "operational"


class Alive(Struct, frozen=True, kw_only=True):
    """GET /healthz."""

    status: Literal["ok"] = "ok"


class Readiness(Struct, frozen=True, kw_only=True):
    """GET /readyz: the service answers, also if some parts are `degraded`."""

    status: Literal["ready"] = "ready"
    parts: dict[str, Literal["ok", "degraded"]]
