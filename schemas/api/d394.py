"""What the Romanian declaration D394 asks about the numbers of invoices (CONTRACT.md D117)."""

from typing import Literal

from msgspec import Struct

from schemas.api.reports import Moment
from schemas.values import DocumentId, FirmId, IsoDate, Mode, Number, SeriesId

D394Part = Literal["allocated", "issued", "reversed", "voided", "not_issued"]
"""`serieFacturi` of tip 1 and of tip 2; `facturi` of tip_factura 1 and 2; and what D394 has no element for."""

NotIssuedReason = Literal["released", "expired", "withdrawn", "lost", "pending", "other_period"]


class D394Row(Struct, frozen=True, gc=False, tag_field="object", tag="d394_row"):
    """A range of numbers whose printed text differs only in the number, or one invoice.

    `series_text` and `last_text` are `serieI` and `nrF` of the declaration, `first_text` is `nrI`. `text_after` is what
    is printed behind the number: the declaration cannot hold it.
    """

    part: D394Part
    """`allocated` and `issued` are ranges of the declaration, `reversed` and `voided` its single invoices, and
    `not_issued` numbers that no invoice of the period carries: they are neither reversed nor voided invoices."""
    series_id: SeriesId
    """The series."""
    series_name: str
    """The name of the series."""
    series_text: str
    """What is printed before the number; with `{year}` in it if the number was never printed."""
    first_text: str
    """The first number, as it is printed."""
    last_text: str
    """The last number, as it is printed."""
    text_after: str
    """What is printed behind the number; empty if nothing is."""
    first: Number
    """The first number."""
    last: Number
    """The last number."""
    count: int
    """How many numbers it has."""
    date: IsoDate | None = None
    """The date of the invoice; null for ranges."""
    invoice_id: DocumentId | None = None
    """The invoice; null for ranges."""
    reason: NotIssuedReason | None = None
    """Why no invoice of the period carries the numbers: how they ended, `pending` if they were still reserved when the
    period ended, `other_period` if an invoice of another period carries them; null for other parts."""


class D394Warning(Struct, frozen=True, tag_field="object", tag="d394_warning"):
    """Why D394 cannot hold what a series prints."""

    code: Literal["d394_text_after_number", "d394_series_text_too_long"]
    """What is wrong."""
    message: str
    """The same in words."""


class D394SeriesWarning(D394Warning, frozen=True, tag_field="object", tag="d394_series_warning"):
    """Why D394 cannot hold what a series of the report prints."""

    series_id: SeriesId
    """The series."""
    series_name: str
    """The name of the series."""


class D394Report(Struct, frozen=True, kw_only=True, tag_field="object", tag="d394_report"):
    """The ranges of numbers of fiscal invoices in one period, as far as this service knows them, up to `as_of`.

    Invoices that buyers or third parties issue in the firm's name are not numbered here and not in it.
    """

    firm_id: FirmId
    """The firm."""
    mode: Mode
    """The partition of the firm."""
    start_date: IsoDate
    """The first day of the period."""
    end_date: IsoDate
    """The last day of the period."""
    time_zone: str
    """The time zone in which days begin and end."""
    range_size: int | None
    """How many numbers the numbering decision plans for a year; null for only those that were taken."""
    as_of: Moment
    """The moment that the report is about."""
    invoices: int
    """How many invoices are dated in the period, voided ones included (`nrFacturi`)."""
    invoices_reversed: int
    """How many of them have a negative total and are not voided."""
    invoices_voided: int
    """How many of them are voided."""
    numbers_not_issued: int
    """How many numbers the rows `not_issued` have, without those of another period."""
    warnings: list[D394SeriesWarning]
    """The series whose numbers the declaration cannot hold, and why."""
    data: list[D394Row]
    """The rows: for each series in the order of its opening the allocated ranges, those issued, the reversed and voided
    invoices, and the numbers that were not issued."""
