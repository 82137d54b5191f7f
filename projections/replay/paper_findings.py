"""What `numbering check` can find: one struct for each rule of paper that a log may break."""

from typing import assert_never

from msgspec import Struct

from schemas.values import DocumentId, FirmId, IsoDate, Mode, Number, SeriesId


class Shown(Struct, frozen=True):
    """A document with its number and present date."""

    series_id: SeriesId
    series_name: str
    number: Number
    document_id: DocumentId
    date: IsoDate


class PrintedTwice(Struct, frozen=True, tag="printed_twice", tag_field="rule"):
    """Several documents of a firm, mode and type show one full number (CONTRACT.md D87)."""

    firm_id: FirmId
    mode: Mode
    full_number: str
    documents: tuple[Shown, ...]


class FormatsMeet(Struct, frozen=True, tag="formats_meet", tag_field="rule"):
    """Two series of a firm, mode and type can print one number (CONTRACT.md D87)."""

    firm_id: FirmId
    mode: Mode
    series_id: SeriesId
    series_name: str
    other_id: SeriesId
    other_name: str


class FormatUnprintable(Struct, frozen=True, tag="format_unprintable", tag_field="rule"):
    """A format holds other characters than printable ASCII, or too many (CONTRACT.md D87)."""

    firm_id: FirmId
    mode: Mode
    series_id: SeriesId
    series_name: str
    format: str


class DateOutOfRange(Struct, frozen=True, tag="date_out_of_range", tag_field="rule"):
    """A standing document has a date that cannot be meant (CONTRACT.md D88)."""

    firm_id: FirmId
    mode: Mode
    document: Shown
    earliest: IsoDate
    latest: IsoDate


class DatesOutOfOrder(Struct, frozen=True, tag="dates_out_of_order", tag_field="rule"):
    """Of two standing neighbours the higher number has the earlier date (CONTRACT.md D59, D89)."""

    firm_id: FirmId
    mode: Mode
    lower: Shown
    higher: Shown


class TakenBackTwice(Struct, frozen=True, tag="taken_back_twice", tag_field="rule"):
    """A voided document has a standing reversal: the sale is taken back twice (CONTRACT.md D93)."""

    firm_id: FirmId
    mode: Mode
    document: Shown
    reversal: Shown


Finding = PrintedTwice | FormatsMeet | FormatUnprintable | DateOutOfRange | DatesOutOfOrder | TakenBackTwice


def sentence(finding: Finding) -> str:
    """One line of plain English, which names the firm, the mode and every document or series concerned."""
    return f"{finding.firm_id} {finding.mode}: {_said(finding)}"


def _said(finding: Finding) -> str:
    match finding:
        case PrintedTwice():
            documents = " and ".join(_place(each) for each in finding.documents)
            return f"{finding.full_number!a} is shown by {documents}"
        case FormatsMeet():
            one = f"{finding.series_name} ({finding.series_id})"
            return f"series {one} can print the same numbers as series {finding.other_name} ({finding.other_id})"
        case FormatUnprintable():
            series = f"series {finding.series_name} ({finding.series_id})"
            return f"{series} has a format that no series gets today: {finding.format!a}"
        case DateOutOfRange():
            bounds = f"not from {finding.earliest} to {finding.latest}"
            return f"{_place(finding.document)} is dated {finding.document.date}, {bounds}"
        case DatesOutOfOrder(lower=lower, higher=higher):
            return f"{_place(lower)} is dated {lower.date}, after {_place(higher)} of {higher.date}"
        case TakenBackTwice():
            return f"{_place(finding.document)} is voided, and {_place(finding.reversal)} reverses it too"
        case _:
            assert_never(finding)


def _place(document: Shown) -> str:
    return f"document {document.document_id} (series {document.series_name}, number {document.number})"
