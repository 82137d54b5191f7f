"""The numbering decision as a page to sign: what was not given is a blank."""

from collections.abc import Iterator
from typing import Final

from schemas.api.decision import NumberingDecision
from service.listings.listing import Column, Fact, Kind, Listing, Row, Surroundings, Where
from service.listings.locale import date_text
from service.listings.series_facts import moment_of
from service.listings.words import Language, say

BLANK: Final = "____________________"

_COLUMNS: Final = (
    ("decision.row", Kind.NUMBER, 5, Where.EVERYWHERE),
    ("decision.document_type", Kind.TEXT, 16, Where.EVERYWHERE),
    ("decision.series_name", Kind.DOCUMENT_NUMBER, 16, Where.EVERYWHERE),
    ("decision.from_number", Kind.DOCUMENT_NUMBER, 20, Where.EVERYWHERE),
    ("decision.to_number", Kind.DOCUMENT_NUMBER, 20, Where.EVERYWHERE),
    ("decision.responsible", Kind.TEXT, 26, Where.EVERYWHERE),
    ("decision.work_point", Kind.TEXT, 26, Where.EVERYWHERE),
    ("decision.remarks", Kind.TEXT, 24, Where.EVERYWHERE),
    ("decision.first_numbers", Kind.TEXT, 24, Where.SHEET),
)


def decision_listing(decision: NumberingDecision, around: Surroundings) -> Listing:
    """The decision, but for its rows. Feed it `decision_listing_rows`."""
    language = around.language
    entity = decision.entity
    date = BLANK if decision.date is None else date_text(language, decision.date)
    said = say(language, "decision.words", number=decision.number or BLANK, date=date)
    known = (("tax_id", entity.tax_id), ("register_number", entity.register_number), ("address", entity.address))
    return Listing(
        title=say(language, "decision.title"),
        entity=entity.name or BLANK,
        period=say(language, "decision.year", year=decision.year),
        surroundings=around,
        columns=[Column(say(language, word), kind, width, where) for word, kind, width, where in _COLUMNS],
        facts=[
            Fact(say(language, "decision.decision"), said),
            *(Fact(say(language, f"decision.{word}"), value or BLANK) for word, value in known),
            Fact(say(language, "decision.basis"), say(language, "decision.basis_words")),
            moment_of(decision.as_of, around),
        ],
        notes=[
            say(language, "decision.article_1", year=decision.year),
            say(language, "decision.article_2", manager=decision.managed_by or BLANK),
            say(language, "decision.article_3"),
        ],
        below=[
            *(_signature(language, who, name) for who, name in _signers(decision)),
            say(language, "decision.plan_note"),
            say(language, "decision.form_note"),
        ],
        empty=say(language, "decision.none"),
        stem=f"{say(language, 'decision.stem')}-{decision.year}",
    )


def decision_listing_rows(decision: NumberingDecision, around: Surroundings) -> Iterator[Row]:
    """A row for each series."""
    for row in decision.data:
        yield (
            row.row,
            say(around.language, f"type.{row.document_type}"),
            row.series_name,
            row.first_text,
            row.last_text,
            row.responsible or BLANK,
            row.work_point or BLANK,
            row.remarks or "",
            "; ".join(f"{each.year}: {each.number}" for each in row.first_numbers),
        )


def _signers(decision: NumberingDecision) -> Iterator[tuple[str, str | None]]:
    yield "signed_by", decision.signed_by
    yield "managed_by", decision.managed_by


def _signature(language: Language, who: str, name: str | None) -> str:
    return say(language, "decision.signature", who=say(language, f"decision.{who}"), name=name or BLANK, blank=BLANK)
