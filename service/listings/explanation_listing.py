"""The explanations of gaps as a listing, in the order in which they were given."""

from collections.abc import Iterator, Sequence
from typing import Final

from schemas.api.reports import GapExplanation, GapReport
from schemas.number_formats import printed_number
from service.listings.listing import Column, Fact, Kind, Listing, Row, Surroundings, Where
from service.listings.series_facts import entity_of, equation_of, facts_of_series, file_stem, period_of
from service.listings.words import say

_COLUMNS: Final = (
    ("series", Kind.DOCUMENT_NUMBER, 12, Where.SHEET),
    ("first", Kind.NUMBER, 8, Where.SHEET),
    ("last", Kind.NUMBER, 8, Where.SHEET),
    ("printed_first", Kind.DOCUMENT_NUMBER, 20, Where.EVERYWHERE),
    ("printed_last", Kind.DOCUMENT_NUMBER, 20, Where.EVERYWHERE),
    ("count", Kind.NUMBER, 7, Where.EVERYWHERE),
    ("explanation_code", Kind.TEXT, 18, Where.EVERYWHERE),
    ("explanation", Kind.TEXT, 60, Where.EVERYWHERE),
    ("explained_at", Kind.TIME, 20, Where.EVERYWHERE),
    ("explained_by", Kind.TEXT, 16, Where.EVERYWHERE),
    ("position", Kind.NUMBER, 9, Where.EVERYWHERE),
)


def explanations_of(report: GapReport) -> list[GapExplanation]:
    """Every explanation in the report, once, in the order in which they were given."""
    found = {each.position: each for gap in report.data for each in gap.explanations}
    return [found[position] for position in sorted(found)]


def explanation_listing(reports: Sequence[GapReport], around: Surroundings) -> Listing:
    """The listing of the explanations in these reports, which are of one firm and mode, and of one moment.

    Feed it `explanation_rows`.
    """
    language = around.language
    first = reports[0]
    facts: list[Fact] = []
    for report in reports:
        facts += facts_of_series(report, around)
        facts.append(Fact(say(language, "equation"), equation_of(report.equation, language)))
        facts.append(Fact(say(language, "digest"), report.digest))
    return Listing(
        title=say(language, "explanation_title"),
        entity=entity_of(first, around),
        period=period_of(first.as_of, around),
        surroundings=around,
        columns=[Column(say(language, word), kind, width, where) for word, kind, width, where in _COLUMNS],
        facts=facts,
        notes=[say(language, "explanation_note"), say(language, "gap_note")],
        empty=say(language, "explanation_none"),
        stem=file_stem("explanations", reports, first.as_of),
    )


def explanation_rows(reports: Sequence[GapReport], around: Surroundings) -> Iterator[Row]:
    """A row for each explanation."""
    for report in reports:
        for each in explanations_of(report):
            yield (
                report.series_name,
                each.first,
                each.last,
                printed_number(report.format, each.first),
                printed_number(report.format, each.last),
                each.last - each.first + 1,
                say(around.language, f"code.{each.code}"),
                each.text,
                each.explained_at,
                each.explained_by,
                each.position,
            )
