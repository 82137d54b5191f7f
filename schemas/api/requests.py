"""What other services ask over NATS, one struct an operation: the bodies of HTTP, and what HTTP has in the path."""

from typing import Annotated

from msgspec import Meta, Struct

from schemas.api.bodies import CreateInvoiceBody, ReserveNumbersBody, UnlockBody
from schemas.api.fields import SeriesReference, Token
from schemas.values import NUMBER_MAX


class SeriesRequest(Struct, frozen=True, kw_only=True):
    """`lock`, `series` and `reservations`: the series that is meant."""

    series_id: SeriesReference


class ReserveRequest(ReserveNumbersBody, frozen=True, kw_only=True):
    """`reserve`: so many consecutive numbers of a series."""

    series_id: SeriesReference


class UnlockRequest(UnlockBody, frozen=True, kw_only=True):
    """`unlock`."""

    series_id: SeriesReference


class ReleaseRequest(Struct, frozen=True, kw_only=True):
    """`release`: give up the number of this token."""

    token: Token


class IssueRequest(CreateInvoiceBody, frozen=True, kw_only=True):
    """`issue`: a document with the next number of the series, or of the firm's primary one."""


class ConsumeRequest(CreateInvoiceBody, frozen=True, kw_only=True):
    """`consume`: a document with a reserved number."""

    reservation_token: Token  # pyright: ignore[reportGeneralTypeIssues] - a keyword may lose its default


class NumberRequest(Struct, frozen=True, kw_only=True):
    """`number`: what became of this number of a series."""

    series_id: SeriesReference
    number: Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
