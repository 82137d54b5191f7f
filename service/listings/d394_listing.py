"""The ranges of D394 as a listing, with the numbers that the declaration has no element for."""

from collections.abc import Iterator
from typing import Final

from schemas.api.d394 import D394Report
from service.listings.listing import Column, Fact, Kind, Listing, Row, Surroundings
from service.listings.locale import date_text, number_text
from service.listings.series_facts import entity_of, moment_of
from service.listings.words import say

_COLUMNS: Final = (
    ("d394.part", Kind.TEXT, 22),
    ("d394.series_name", Kind.DOCUMENT_NUMBER, 16),
    ("d394.series_text", Kind.DOCUMENT_NUMBER, 20),
    ("d394.first_text", Kind.DOCUMENT_NUMBER, 14),
    ("d394.last_text", Kind.DOCUMENT_NUMBER, 14),
    ("d394.text_after", Kind.DOCUMENT_NUMBER, 12),
    ("d394.count", Kind.NUMBER, 8),
    ("d394.date", Kind.DATE, 12),
    ("d394.invoice_id", Kind.TEXT, 18),
    ("d394.reason", Kind.TEXT, 28),
)


def d394_listing(report: D394Report, around: Surroundings) -> Listing:
    """The listing, but for its rows. Feed it `d394_listing_rows`."""
    language = around.language
    ends = {"first": date_text(language, report.start_date), "last": date_text(language, report.end_date)}
    planned = report.range_size
    size = say(language, "d394.range_size_none") if planned is None else number_text(language, planned)
    counts = ("invoices", "invoices_reversed", "invoices_voided", "numbers_not_issued")
    return Listing(
        title=say(language, "d394.title"),
        entity=entity_of(report, around),
        period=say(language, "period_between", **ends),
        surroundings=around,
        columns=[Column(say(language, word), kind, width) for word, kind, width in _COLUMNS],
        facts=[
            moment_of(report.as_of, around),
            *(Fact(say(language, f"d394.{each}"), number_text(language, getattr(report, each))) for each in counts),
            Fact(say(language, "d394.range_size"), size),
            *(
                Fact(say(language, "d394.warning"), say(language, f"d394.warning.{each.code}", name=each.series_name))
                for each in report.warnings
            ),
        ],
        notes=[say(language, "d394.not_issued_note"), say(language, "d394.note")],
        empty=say(language, "d394.none"),
        stem=f"d394-{report.firm_id}-{report.start_date}-{report.end_date}",
    )


def d394_listing_rows(report: D394Report, around: Surroundings) -> Iterator[Row]:
    """The rows of the report."""
    language = around.language
    for row in report.data:
        yield (
            say(language, f"d394.part.{row.part}"),
            row.series_name,
            row.series_text,
            row.first_text,
            row.last_text,
            row.text_after,
            row.count,
            row.date,
            row.invoice_id,
            None if row.reason is None else say(language, f"d394.reason.{row.reason}"),
        )
