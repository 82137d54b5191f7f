"""Query parameters, one struct for each call (CONTRACT.md section 6 and D68)."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from schemas.api.fields import Currency, Day, Flag, Identifier, Label, SeriesReference
from schemas.values import NUMBER_MAX, DocumentType, Fate

PER_PAGE: Final = 100


class NoQuery(Struct, frozen=True):
    """A call without query parameters."""


class SeriesQuery(Struct, frozen=True, kw_only=True):
    """GET /invoice-series."""

    document_type: Annotated[DocumentType, Meta(description="Only series of this type")] | None = None


class AsOfQuery(Struct, frozen=True, kw_only=True):
    """The moment that a report is about: an earlier event or time, or now if neither is given."""

    as_of_position: (
        Annotated[int, Meta(ge=1, le=NUMBER_MAX, description="As of the event at this position of the log")] | None
    ) = None
    as_of_time: Annotated[int, Meta(ge=0, le=NUMBER_MAX, description="As of this time, in Unix seconds")] | None = None


class NumbersQuery(AsOfQuery, frozen=True, kw_only=True):
    """GET /invoice-series/{id}/numbers."""

    after: Annotated[int, Meta(ge=0, le=NUMBER_MAX, description="Only numbers above this one")] | None = None
    per_page: Annotated[int, Meta(ge=1, le=1000, description="The most ranges of one page")] = PER_PAGE
    fate: Annotated[Fate, Meta(description="Only numbers that have this fate")] | None = None


class PageQuery(Struct, frozen=True, kw_only=True):
    """Which page of a list, and how long a page is (CONTRACT.md D63)."""

    page: Annotated[int, Meta(ge=1, le=2_147_483_647, description="Which page, from 1")] = 1
    per_page: Annotated[int, Meta(ge=1, le=100, description="The most entries of one page")] = 50


class InvoicesQuery(PageQuery, frozen=True, kw_only=True):
    """GET /invoices. Both dates are inclusive. `sent` means issued, `cancelled` means voided (CONTRACT.md D27)."""

    client_id: Identifier | None = None
    series_id: SeriesReference | None = None
    is_paid: Annotated[Flag, Meta(description="0 also leaves out drafts, voided invoices and reversals")] | None = None
    is_void: Flag | None = None
    document_type: Literal["fiscal", "proforma", "receipt"] | None = None
    status: Literal["draft", "issued", "sent", "paid", "overdue", "voided", "cancelled"] | None = None
    currency: Currency | None = None
    start_date: Day | None = None
    end_date: Day | None = None
    sort: Literal["created_at", "date", "due_date", "total", "number"] = "created_at"
    order: Literal["asc", "desc"] = "desc"
    search: (
        Annotated[Label, Meta(description="Text to find in the full number, the client's name or the tax id")] | None
    ) = None
    q: Annotated[Label, Meta(description="Another name of search")] | None = None
    expand: Annotated[Label, Meta(description="Ignored: lines, payments and client are always there")] | None = None
    expand_list: Annotated[Label, Meta(description="Ignored, as expand")] | None = field(default=None, name="expand[]")


class InvoiceParts(Struct, frozen=True, kw_only=True):
    """GET /invoices/{id}."""

    expand: Annotated[str, Meta(description="Ignored: lines, payments and client are always there")] | None = None
    expand_list: Annotated[str, Meta(description="Ignored, as expand")] | None = field(default=None, name="expand[]")
