"""Requests over NATS, one struct for each operation: the fields of the HTTP body and those of the HTTP path."""

from typing import Annotated

from msgspec import Meta, Struct

from schemas.api.bodies import CreateInvoiceBody, ReserveNumbersBody, UnlockBody
from schemas.api.fields import SeriesReference, Token
from schemas.values import NUMBER_MAX


class SeriesRequest(Struct, frozen=True, kw_only=True):
    """`lock`, `series` and `reservations`: which series."""

    series_id: SeriesReference
    """The series."""


class ReserveRequest(ReserveNumbersBody, frozen=True, kw_only=True):
    """`reserve`: take `count` consecutive numbers of a series."""

    series_id: SeriesReference
    """The series whose numbers to reserve."""


class UnlockRequest(UnlockBody, frozen=True, kw_only=True):
    """`unlock`: lift the lock of a series."""

    series_id: SeriesReference
    """The series to unlock."""


class ReleaseRequest(Struct, frozen=True, kw_only=True):
    """`release`: give up the number that this token stands for."""

    token: Token
    """The token of the reserved number."""


class IssueRequest(CreateInvoiceBody, frozen=True, kw_only=True):
    """`issue`: a document with the next number of this series, or of the firm's primary series if none is named."""


class ConsumeRequest(CreateInvoiceBody, frozen=True, kw_only=True):
    """`consume`: a document with a reserved number."""

    reservation_token: Token  # pyright: ignore[reportGeneralTypeIssues] - a keyword may lose its default
    """The token of a reserved number of the calling device: the document gets this number."""


class NumberRequest(Struct, frozen=True, kw_only=True):
    """`number`: what became of this number of a series."""

    series_id: SeriesReference
    """The series of the number."""
    number: Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
    """The number."""
