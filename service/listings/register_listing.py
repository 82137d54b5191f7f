"""The register of numbers as a listing: what became of every number of one series."""

from collections.abc import Iterable, Iterator
from typing import Final

from schemas.api.reports import NumberRangeRow, NumberRegister
from schemas.values import Fate
from service.listings.listing import Column, Fact, Kind, Listing, Row, Surroundings, Where
from service.listings.series_facts import entity_of, equation_of, facts_of_series, file_stem, period_of
from service.listings.words import say

_COLUMNS: Final = (
    ("first", Kind.NUMBER, 8, Where.SHEET),
    ("last", Kind.NUMBER, 8, Where.SHEET),
    ("printed_first", Kind.DOCUMENT_NUMBER, 18, Where.EVERYWHERE),
    ("printed_last", Kind.DOCUMENT_NUMBER, 18, Where.EVERYWHERE),
    ("count", Kind.NUMBER, 7, Where.EVERYWHERE),
    ("fate", Kind.TEXT, 16, Where.EVERYWHERE),
    ("earliest_date", Kind.DATE, 11, Where.EVERYWHERE),
    ("latest_date", Kind.DATE, 11, Where.EVERYWHERE),
    ("device", Kind.TEXT, 14, Where.EVERYWHERE),
    ("reserved_at", Kind.TIME, 18, Where.EVERYWHERE),
    ("ended_at", Kind.TIME, 18, Where.EVERYWHERE),
    ("invoice_id", Kind.TEXT, 18, Where.EVERYWHERE),
)


def register_listing(
    register: NumberRegister, around: Surroundings, *, after: int = 0, fate: Fate | None = None
) -> Listing:
    """The listing of this register, which was asked for from above `after` and for one `fate`, None meaning all.

    Feed it `register_rows`.
    """
    language = around.language
    notes = [say(language, "gap_note")]
    if after:
        notes.append(say(language, "register_from", number=after))
    if fate is not None:
        notes.append(say(language, "register_fate", fate=say(language, f"fate.{fate}")))
    if register.has_more and register.data:
        notes.append(say(language, "register_goes_on", number=register.data[-1].last))
    return Listing(
        title=say(language, "register_title"),
        entity=entity_of(register, around),
        period=period_of(register.as_of, around),
        surroundings=around,
        columns=[Column(say(language, word), kind, width, where) for word, kind, width, where in _COLUMNS],
        facts=[
            *facts_of_series(register, around),
            Fact(say(language, "equation"), equation_of(register.equation, language)),
        ],
        notes=notes,
        empty=say(language, "register_none"),
        stem=file_stem("register", [register], register.as_of),
    )


def register_rows(ranges: Iterable[NumberRangeRow], around: Surroundings) -> Iterator[Row]:
    """A row for each range."""
    for each in ranges:
        yield (
            each.first,
            each.last,
            each.printed_first,
            each.printed_last,
            each.last - each.first + 1,
            say(around.language, f"fate.{each.fate}"),
            each.earliest_date,
            each.latest_date,
            each.device_id,
            each.reserved_at,
            each.ended_at,
            each.invoice_id,
        )
