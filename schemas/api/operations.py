"""The operations over NATS, each with the HTTP call that it stands for (CONTRACT.md section 11.5)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from schemas.api.invoice import Invoice
from schemas.api.numbers import NumberStory
from schemas.api.objects import InvoiceSeries, ListOf, NumberReservation
from schemas.api.requests import (
    ConsumeRequest,
    IssueRequest,
    NumberRequest,
    ReleaseRequest,
    ReserveRequest,
    SeriesRequest,
    UnlockRequest,
)

REQUEST_ROOT: Final = "numbering.v1.requests"
"""Requests go to `numbering.v1.requests.<mode>.<firm>.<operation>`."""


class Operation(Struct, frozen=True, kw_only=True):
    """One operation. `in_path` maps each variable of the HTTP path to the field of the body that holds it.

    A request must have the field `needs` and must not have the field `refuses`. They tell apart two operations that are
    one call over HTTP.
    """

    name: str
    summary: str
    method: str
    path: str
    body: type[Struct]
    reply: Any
    in_path: Mapping[str, str] = MappingProxyType({})
    needs: str | None = None
    refuses: str | None = None


_SERIES: Final = "/v1/invoice-series/{id}"
_OF_SERIES: Final[Mapping[str, str]] = MappingProxyType({"id": "series_id"})

OPERATIONS: Final = (
    Operation(
        name="reserve",
        summary="Reserve consecutive numbers for the calling device",
        method="POST",
        path=_SERIES + "/reserve-numbers",
        body=ReserveRequest,
        reply=ListOf[NumberReservation],
        in_path=_OF_SERIES,
    ),
    Operation(
        name="consume",
        summary="Issue a document with a reserved number",
        method="POST",
        path="/v1/invoices",
        body=ConsumeRequest,
        reply=Invoice,
        needs="reservation_token",
    ),
    Operation(
        name="issue",
        summary="Issue a document with the next number",
        method="POST",
        path="/v1/invoices",
        body=IssueRequest,
        reply=Invoice,
        refuses="reservation_token",
    ),
    Operation(
        name="release",
        summary="Release a reserved number; it becomes a documented gap",
        method="POST",
        path="/v1/invoice-series/reservations/{token}/release",
        body=ReleaseRequest,
        reply=NumberReservation,
        in_path=MappingProxyType({"token": "token"}),
    ),
    Operation(
        name="lock",
        summary="Lock a series to the calling device",
        method="POST",
        path=_SERIES + "/lock",
        body=SeriesRequest,
        reply=InvoiceSeries,
        in_path=_OF_SERIES,
    ),
    Operation(
        name="unlock",
        summary="Lift the lock of a series",
        method="POST",
        path=_SERIES + "/unlock",
        body=UnlockRequest,
        reply=InvoiceSeries,
        in_path=_OF_SERIES,
    ),
    Operation(
        name="series",
        summary="The state of a series",
        method="GET",
        path=_SERIES,
        body=SeriesRequest,
        reply=InvoiceSeries,
        in_path=_OF_SERIES,
    ),
    Operation(
        name="reservations",
        summary="The reservations that the calling device can still use",
        method="GET",
        path=_SERIES + "/reservations",
        body=SeriesRequest,
        reply=ListOf[NumberReservation],
        in_path=_OF_SERIES,
    ),
    Operation(
        name="number",
        summary="What became of one number, and the events that led to it",
        method="GET",
        path=_SERIES + "/numbers/{number}",
        body=NumberRequest,
        reply=NumberStory,
        in_path=MappingProxyType({"id": "series_id", "number": "number"}),
    ),
)
