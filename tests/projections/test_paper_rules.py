"""Where a log of an earlier release breaks a rule of paper (CONTRACT.md D87, D88, D89, D93)."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from projections.replay.paper_findings import Finding, sentence
from projections.replay.paper_rules import Paper
from schemas.commands import OpenSeries
from schemas.events import DocumentVoided, SeriesOpened
from schemas.values import DocumentId, DocumentType, FirmId, IsoDate, Number
from tests.support.domain.commands import (
    OTHER_FIRM,
    SECOND,
    SERIES,
    a_change,
    a_deletion,
    a_document,
    a_key,
    a_reversal,
    a_series,
    a_void,
    an_issue,
    shown,
)
from tests.support.domain.history import History, a_history, two_series_that_meet

LATEST = IsoDate("2028-01-16")


def findings(history: History, firm_id: FirmId | None = None) -> list[Finding]:
    paper = Paper()
    for record in history.records:
        paper.apply(record)
    return list(paper.findings(LATEST, firm_id))


def sentences(history: History) -> list[str]:
    return [sentence(each) for each in findings(history)]


MEET = "firm_a live: series FACT (seriesaaaa) can print the same numbers as series SECOND (second)"
ONE_OF_FACT = "document inv_1 (series FACT, number 1)"


def dated(*days: str) -> History:
    issues = [
        an_issue(a_document(f"inv_{number}", day), is_chronology_checked=False)
        for number, day in enumerate(days, start=1)
    ]
    return a_history(*issues)


def with_format(number_format: str) -> History:
    history = a_history()
    record = history.records[0]
    assert isinstance(record.event, SeriesOpened)
    history.records[0] = replace(record, event=replace(record.event, format=number_format))
    return history


def voided_and_reversed() -> History:
    history = a_history(an_issue(), a_reversal(1, "inv_1", a_document("storno")))
    history.append(DocumentVoided(Number(1), shown(1), DocumentId("inv_1"), None))
    return history


BROKEN: list[tuple[str, History, Sequence[str]]] = [
    ("formats that meet", two_series_that_meet(), [MEET]),
    (
        "a number on two documents",
        two_series_that_meet().after(an_issue(), an_issue(a_document("inv_2"), SECOND)),
        [
            MEET,
            f"firm_a live: 'FACT-2027-00001' is shown by {ONE_OF_FACT} and document inv_2 (series SECOND, number 1)",
        ],
    ),
    (
        "a number on a document and on one that was deleted",
        two_series_that_meet().after(
            an_issue(), a_void(1, "inv_1"), a_deletion(1, "inv_1"), an_issue(a_document("inv_2"), SECOND)
        ),
        [
            MEET,
            f"firm_a live: 'FACT-2027-00001' is shown by {ONE_OF_FACT} and document inv_2 (series SECOND, number 1)",
        ],
    ),
    (
        "a format with a line break",
        with_format("a\nb-{number}"),
        ["firm_a live: series FACT (seriesaaaa) has a format that no series gets today: 'a\\nb-{number}'"],
    ),
    (
        "a date far ahead",
        dated("2062-11-25"),
        [f"firm_a live: {ONE_OF_FACT} is dated 2062-11-25, not from 2000-01-01 to 2028-01-16"],
    ),
    (
        "a date long ago",
        dated("0001-01-01"),
        [f"firm_a live: {ONE_OF_FACT} is dated 0001-01-01, not from 2000-01-01 to 2028-01-16"],
    ),
    (
        "an earlier date under a higher number",
        dated("2027-01-10", "2027-01-05", "2027-01-07"),
        [f"firm_a live: {ONE_OF_FACT} is dated 2027-01-10, after document inv_2 (series FACT, number 2) of 2027-01-05"],
    ),
    (
        "a sale that was voided and reversed",
        voided_and_reversed(),
        [f"firm_a live: {ONE_OF_FACT} is voided, and document storno (series FACT, number 2) reverses it too"],
    ),
]


@pytest.mark.parametrize(("history", "expected"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_rule_of_paper_is_named(history: History, expected: Sequence[str]) -> None:
    """CONTRACT.md D87, D88, D89 and D93."""
    assert sentences(history) == expected


KEPT: list[tuple[str, History]] = [
    ("nothing", History()),
    ("the day of the limit", dated("2000-01-01", "2027-01-05", "2027-01-05", LATEST)),
    ("a wrong date that was voided", dated("2062-11-25").after(a_void(1, "inv_1"))),
    ("a document out of order that was voided", dated("2027-01-10", "2027-01-05").after(a_void(2, "inv_2"))),
    (
        "a date that was put right",
        dated("2027-01-10", "2027-01-05").after(a_change(2, "inv_2", date="2027-01-11", issued_date="2027-01-05")),
    ),
    ("a sale that was reversed", a_history(an_issue(), a_reversal(1, "inv_1", a_document("storno")))),
    ("series of two types", a_history((a_series(SECOND, document_type=DocumentType.PROFORMA), a_key()))),
    ("series of two firms", a_history((a_series(SECOND), a_key(firm=OTHER_FIRM)))),
    (
        "formats that differ",
        a_history((OpenSeries(SECOND, "B", DocumentType.FISCAL, 2027, format="F{number}"), a_key())),
    ),
]


@pytest.mark.parametrize("history", [row[1] for row in KEPT], ids=[row[0] for row in KEPT])
def test_what_keeps_the_rules_of_paper_is_not_named(history: History) -> None:
    """CONTRACT.md D87, D88, D89 and D93."""
    assert sentences(history) == []


def test_the_findings_of_one_firm_are_its_own() -> None:
    history = two_series_that_meet()
    assert len(findings(history, history.series(SERIES).firm_id)) == 1
    assert findings(history, OTHER_FIRM) == []
