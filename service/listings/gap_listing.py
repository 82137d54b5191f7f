"""The gap report as a listing: what nobody explained comes first."""

from collections.abc import Iterator, Sequence
from typing import Final

from schemas.api.reports import Gap, GapReport, Neighbour
from schemas.values import Fate
from service.listings.listing import Cell, Column, Fact, Kind, Listing, Row, Surroundings, Where
from service.listings.locale import date_text
from service.listings.series_facts import entity_of, equation_of, facts_of_series, file_stem, period_of
from service.listings.words import Language, say

_COLUMNS: Final = (
    ("series", Kind.DOCUMENT_NUMBER, 10, Where.SHEET),
    ("document_type", Kind.TEXT, 14, Where.SHEET),
    ("first", Kind.NUMBER, 8, Where.SHEET),
    ("last", Kind.NUMBER, 8, Where.SHEET),
    ("printed_first", Kind.DOCUMENT_NUMBER, 16, Where.EVERYWHERE),
    ("printed_last", Kind.DOCUMENT_NUMBER, 16, Where.EVERYWHERE),
    ("count", Kind.NUMBER, 6, Where.EVERYWHERE),
    ("reason", Kind.TEXT, 12, Where.EVERYWHERE),
    ("reason_text", Kind.TEXT, 24, Where.SHEET),
    ("explanation", Kind.TEXT, 32, Where.PAPER),
    ("is_explained", Kind.TEXT, 10, Where.SHEET),
    ("explanation_code", Kind.TEXT, 16, Where.SHEET),
    ("explanation", Kind.TEXT, 40, Where.SHEET),
    ("explained_at", Kind.TIME, 19, Where.SHEET),
    ("explained_by", Kind.TEXT, 16, Where.SHEET),
    ("device", Kind.TEXT, 13, Where.EVERYWHERE),
    ("reserved_at", Kind.TIME, 12, Where.EVERYWHERE),
    ("reserved_by", Kind.TEXT, 14, Where.EVERYWHERE),
    ("expires_at", Kind.TIME, 12, Where.EVERYWHERE),
    ("ended_at", Kind.TIME, 12, Where.EVERYWHERE),
    ("ended_by", Kind.TEXT, 14, Where.EVERYWHERE),
    ("below", Kind.TEXT, 17, Where.PAPER),
    ("below", Kind.DOCUMENT_NUMBER, 18, Where.SHEET),
    ("below_date", Kind.DATE, 11, Where.SHEET),
    ("above", Kind.TEXT, 17, Where.PAPER),
    ("above", Kind.DOCUMENT_NUMBER, 18, Where.SHEET),
    ("above_date", Kind.DATE, 11, Where.SHEET),
    ("events", Kind.TEXT, 11, Where.PAPER),
    ("reserving_event", Kind.NUMBER, 10, Where.SHEET),
    ("ending_event", Kind.NUMBER, 10, Where.SHEET),
)


def gap_listing(reports: Sequence[GapReport], around: Surroundings) -> Listing:
    """The listing of the gaps of these series, which are of one firm and mode and of one moment; at least one series.

    Feed it `gap_rows`, and `gap_totals` at its end.
    """
    language = around.language
    first = reports[0]
    gaps = [gap for report in reports for gap in report.data]
    unexplained = sum(gap.count for gap in gaps if not gap.is_explained)
    counted = say(
        language,
        "gap_count_words",
        gaps=len(gaps),
        numbers=sum(gap.count for gap in gaps),
        unexplained=unexplained,
    )
    return Listing(
        title=say(language, "gap_title"),
        entity=entity_of(first, around),
        period=period_of(first.as_of, around),
        surroundings=around,
        columns=[Column(say(language, word), kind, width, where) for word, kind, width, where in _COLUMNS],
        facts=[*_series_facts(reports, around), Fact(say(language, "gap_count"), counted)],
        notes=list(_notes(reports, gaps, language)),
        empty=say(language, "gap_none"),
        stem=file_stem("gaps", reports, first.as_of),
    )


def gap_rows(reports: Sequence[GapReport], around: Surroundings) -> Iterator[Row]:
    """A row for each gap, in the order of the numbers; but first those that nobody explained."""
    for is_explained in (False, True):
        for report in reports:
            for gap in report.data:
                if gap.is_explained is is_explained:
                    yield _row(report, gap, around.language)


def gap_totals(reports: Sequence[GapReport], around: Surroundings) -> Row:
    """The last row: how many numbers the gaps have."""
    total: list[Cell] = [None] * len(_COLUMNS)
    words = [word for word, *_ in _COLUMNS]
    total[words.index("series")] = total[words.index("printed_first")] = say(around.language, "total")
    total[words.index("count")] = sum(gap.count for report in reports for gap in report.data)
    return total


def _row(report: GapReport, gap: Gap, language: Language) -> Row:
    counts = gap.explanations[-1] if gap.explanations else None
    code = None if counts is None else say(language, f"code.{counts.code}")
    reserved, ended = gap.positions
    return (
        report.series_name,
        say(language, f"type.{report.document_type}"),
        gap.first,
        gap.last,
        gap.printed_first,
        gap.printed_last,
        gap.count,
        say(language, f"fate.{gap.reason}"),
        gap.reason_text,
        _said(gap, language),
        say(language, "yes" if gap.is_explained else "no"),
        code,
        None if counts is None else counts.text,
        None if counts is None else counts.explained_at,
        None if counts is None else counts.explained_by,
        gap.device_id,
        gap.reserved_at,
        gap.reserved_by,
        gap.expires_at,
        gap.ended_at,
        gap.ended_by,
        _on_paper(gap.below, language),
        *_on_sheet(gap.below),
        _on_paper(gap.above, language),
        *_on_sheet(gap.above),
        str(reserved) if reserved == ended else f"{reserved}\n{ended}",
        reserved,
        ended,
    )


def _said(gap: Gap, language: Language) -> str:
    """Why an operator stepped over lost numbers, and the explanation that counts, with its numbers if they differ."""
    counts = gap.explanations[-1] if gap.explanations else None
    said = [] if gap.reason_text is None else [gap.reason_text]
    if counts is None:
        return "\n".join([*said, say(language, "unexplained")])
    part = "" if (counts.first, counts.last) == (gap.first, gap.last) else f" ({counts.first}-{counts.last})"
    return "\n".join([*said, f"{say(language, f'code.{counts.code}')}: {counts.text}{part}"])


def _on_paper(neighbour: Neighbour | None, language: Language) -> str:
    return "-" if neighbour is None else f"{neighbour.full_number}\n{date_text(language, neighbour.date)}"


def _on_sheet(neighbour: Neighbour | None) -> tuple[str | None, str | None]:
    return (None, None) if neighbour is None else (neighbour.full_number, neighbour.date)


def _series_facts(reports: Sequence[GapReport], around: Surroundings) -> Iterator[Fact]:
    language = around.language
    for report in reports:
        yield from facts_of_series(report, around)
        yield Fact(say(language, "equation"), equation_of(report.equation, language))
        yield Fact(say(language, "duplicates"), str(report.duplicates))
        yield Fact(say(language, "date_inversions"), str(report.date_inversions))
        yield Fact(say(language, "digest"), report.digest)


def _notes(reports: Sequence[GapReport], gaps: Sequence[Gap], language: Language) -> Iterator[str]:
    yield say(language, "gap_note")
    if any(gap.reason is Fate.WITHDRAWN for gap in gaps):
        yield say(language, "withdrawn_note")
    if any("{year}" in report.format for report in reports if report.data):
        yield say(language, "year_note")
