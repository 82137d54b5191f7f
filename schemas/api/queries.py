"""Query parameters, one struct for each call (CONTRACT.md section 6 and D68)."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from schemas.api.fields import Currency, Day, DeclaredPeriod, Flag, Identifier, Label, SeriesReference
from schemas.values import NUMBER_MAX, DocumentType, Fate

PER_PAGE: Final = 100


class NoQuery(Struct, frozen=True):
    """A call without query parameters."""


class SeriesQuery(Struct, frozen=True, kw_only=True):
    """GET /invoice-series."""

    document_type: DocumentType | None = None
    """Only series of this type."""


class AsOfQuery(Struct, frozen=True, kw_only=True):
    """The moment that a report is about: an earlier event or time, or now if neither is given."""

    as_of_position: Annotated[int, Meta(ge=1, le=NUMBER_MAX)] | None = None
    """As of the event at this position of the log."""
    as_of_time: Annotated[int, Meta(ge=0, le=NUMBER_MAX)] | None = None
    """As of this time, in Unix seconds."""


class FileQuery(AsOfQuery, frozen=True, kw_only=True):
    """A report that is also a file to take away (CONTRACT.md D114)."""

    language: Literal["en", "ro"] | None = None
    """The language of a file; if it is not given, the header Accept-Language says it."""
    dialect: Literal["ro", "plain"] | None = None
    """How CSV is written: `ro`, the default, for Romanian spreadsheets, `plain` for programs."""


class ListingQuery(FileQuery, frozen=True, kw_only=True):
    """A report that is also a file in one of the forms of all listings."""

    format: Literal["json", "csv", "xlsx", "pdf"] | None = None
    """The form of the reply; if it is not given, the header Accept says it."""


class NumbersQuery(ListingQuery, frozen=True, kw_only=True):
    """GET /invoice-series/{id}/numbers."""

    after: Annotated[int, Meta(ge=0, le=NUMBER_MAX)] | None = None
    """Only numbers above this one."""
    per_page: Annotated[int, Meta(ge=1, le=1000)] = PER_PAGE
    """The most ranges of one page."""
    fate: Fate | None = None
    """Only numbers that have this fate."""


class BundleQuery(AsOfQuery, frozen=True, kw_only=True):
    """GET /audit/bundle. The file ends with the last day, or as of a position or time, or now."""

    series_id: SeriesReference | None = None
    """Only this series, by id or name; drafts are left out then."""
    start_date: Day | None = None
    """The first day of the period, which the file names; its events are always from the first one."""
    end_date: Day | None = None
    """The last day: nothing later is in the file."""
    bodies: Flag | None = None
    """With what the documents say, as far as it was not erased."""


class ProofQuery(Struct, frozen=True, kw_only=True):
    """GET /invoice-series/{id}/numbers/{number}/proof."""

    last: Annotated[int, Meta(ge=1, le=NUMBER_MAX)] | None = None
    """Certify that the numbers from the one in the path to this one are gaps, at most 1,000 numbers."""
    contents: Flag = False
    """Show what the document said too, as far as it is kept."""


class D394Query(FileQuery, frozen=True, kw_only=True):
    """GET /reports/d394. Without a period it is the last month that is over. Both dates are inclusive."""

    period: DeclaredPeriod | None = None
    """The month, such as `2026-11`, or the quarter, such as `2026-Q4`."""
    start_date: Day | None = None
    """Instead of `period`: the first day; then `end_date` is needed too."""
    end_date: Day | None = None
    """The last day, at most a year after the first."""
    format: Literal["json", "csv", "xlsx", "pdf", "xml"] | None = None
    """The form of the reply; if it is not given, the header Accept says it. `xml` is a fragment of the declaration."""
    range_size: Annotated[int, Meta(ge=1, le=NUMBER_MAX)] | None = None
    """How many numbers the numbering decision plans for each series and year; without it, those that were taken."""


class AuditReadsQuery(Struct, frozen=True, kw_only=True):
    """GET /audit/reads."""

    before: Annotated[int, Meta(ge=1, le=NUMBER_MAX)] | None = None
    """Only entries older than the one with this id."""
    per_page: Annotated[int, Meta(ge=1, le=1000)] = PER_PAGE
    """The most entries of one page."""


class PageQuery(Struct, frozen=True, kw_only=True):
    """Which page of a list, and how long a page is (CONTRACT.md D63)."""

    page: Annotated[int, Meta(ge=1, le=2_147_483_647)] = 1
    """Which page, from 1."""
    per_page: Annotated[int, Meta(ge=1, le=100)] = 50
    """The most entries of one page."""


class InvoicesQuery(PageQuery, frozen=True, kw_only=True):
    """GET /invoices. Both dates are inclusive. `sent` means issued, `cancelled` means voided (CONTRACT.md D27)."""

    client_id: Identifier | None = None
    """Only invoices of the client with this id."""
    series_id: SeriesReference | None = None
    """Only invoices of this series."""
    is_paid: Flag | None = None
    """With false, drafts, voided invoices and reversals are left out too; with true, nothing is found."""
    is_void: Flag | None = None
    """Only voided invoices; with false only those that are not voided."""
    document_type: Literal["fiscal", "proforma", "receipt"] | None = None
    """Only documents of this type."""
    status: Literal["draft", "issued", "sent", "paid", "overdue", "voided", "cancelled"] | None = None
    """Only invoices that are in this status today; `sent` is another name of `issued`, `cancelled` of `voided`."""
    currency: Currency | None = None
    """Only invoices in this currency, by ISO 4217."""
    start_date: Day | None = None
    """Only invoices of this date or later."""
    end_date: Day | None = None
    """Only invoices of this date or earlier."""
    sort: Literal["created_at", "date", "due_date", "total", "number"] = "created_at"
    """What the invoices are sorted by; `total` is that in RON, and what has no value comes last."""
    order: Literal["asc", "desc"] = "desc"
    """Whether the least (`asc`) or the greatest (`desc`) comes first."""
    search: Label | None = None
    """Text to find in the full number, the client's name or the tax id; case does not count."""
    q: Label | None = None
    """Another name of `search`."""
    expand: Label | None = None
    """Ignored: lines, payments and client are always there."""


class InvoiceParts(Struct, frozen=True, kw_only=True):
    """GET /invoices/{id}."""

    expand: str | None = None
    """Ignored: lines, payments and client are always there."""
