"""Opening and describing series, making one primary, and voiding documents (CONTRACT.md sections 6 and 10)."""

import pytest

from schemas.commands import Caller, DescribeSeries, MakePrimary, OpenSeries
from schemas.events import DocumentUnvoided, DocumentVoided, SeriesDescribed, SeriesMadePrimary, SeriesOpened
from schemas.outcomes import SeriesOutcome
from schemas.rejections import (
    DocumentAlreadyVoided,
    DocumentNotVoided,
    DocumentUnknown,
    FormatTaken,
    SeriesInUse,
    SeriesNameTaken,
    SeriesUnknown,
)
from schemas.values import DocumentId, DocumentType, Mode, SeriesId
from service.core.decision import Done
from tests.support.domain.commands import (
    OTHER_FIRM,
    SERIES,
    a_deletion,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_release,
    a_reservation_of,
    a_reversal,
    a_series,
    a_slot,
    a_void,
    an_issue,
    an_unvoid,
)
from tests.support.domain.history import History, Step, a_history, verdict

SECOND = SeriesId("second")
PROFORMA = DocumentType.PROFORMA
DOCUMENT = DocumentId("inv_1")
VOID = a_void(1, "inv_1")
UNVOID = an_unvoid(1, "inv_1")


def primaries(history: History) -> set[SeriesId]:
    return {series_id for series_id, series in history.state.series.items() if series.is_primary}


def test_the_first_series_of_a_type_is_primary_though_not_asked() -> None:
    """CONTRACT.md D32."""
    history = a_history((a_series(SECOND, "PRO", PROFORMA), a_key()))
    assert primaries(history) == {SERIES, SECOND}


def test_a_second_series_is_not_primary_unless_asked() -> None:
    assert primaries(a_history((a_series(SECOND, "OTHER"), a_key()))) == {SERIES}


def test_a_new_primary_series_demotes_the_old_one_of_its_type_only() -> None:
    third = SeriesId("third")
    history = a_history(
        (a_series(third, "PRO", PROFORMA), a_key()), (a_series(SECOND, "OTHER", is_primary=True), a_key())
    )
    assert primaries(history) == {SECOND, third}


def test_preferring_a_series_demotes_the_other_and_twice_is_once() -> None:
    history = a_history((a_series(SECOND, "OTHER"), a_key()))
    assert verdict(history.decide(MakePrimary(SECOND), a_key())) is SeriesMadePrimary
    history.after((MakePrimary(SECOND), a_key()))
    assert primaries(history) == {SECOND}
    assert history.decide(MakePrimary(SECOND), a_key()) == Done()
    history.after((an_issue(series_id=None), a_key()))
    assert history.series(SECOND).taken == 1


def test_partitions_prefer_on_their_own() -> None:
    history = a_history(
        (a_series(SECOND), a_key(mode=Mode.TEST)), (a_series(SeriesId("theirs")), a_key(firm=OTHER_FIRM))
    )
    assert len(primaries(history)) == 3


@pytest.mark.parametrize("name", ["FACT", "fact", "FaCt"])
def test_a_name_is_taken_whatever_its_case(name: str) -> None:
    """CONTRACT.md D20."""
    assert a_history().decide(a_series(SECOND, name), a_key()) == SeriesNameTaken(name, DocumentType.FISCAL, SERIES)


@pytest.mark.parametrize(
    ("command", "caller"),
    [
        (a_series(SECOND, "FACT", PROFORMA), a_key()),
        (a_series(SECOND), a_key(mode=Mode.TEST)),
        (a_series(SECOND), a_key(firm=OTHER_FIRM)),
    ],
    ids=["another type", "the other mode", "another firm"],
)
def test_a_name_is_free_elsewhere(command: OpenSeries, caller: Caller) -> None:
    outcome = a_history().attempt(command, caller)
    assert isinstance(outcome, SeriesOutcome)
    assert outcome.series.firm_id == caller.firm_id


def test_a_series_opens_with_its_start_number_as_the_next_and_a_format_of_its_name() -> None:
    view = History().attempt(a_series(start_number=100), a_key())
    assert isinstance(view, SeriesOutcome)
    assert (view.series.start_number, view.series.next_number) == (100, 100)
    assert view.series.format == "FACT-{year}-{number}"
    assert not view.series.is_used


def test_opening_the_same_series_twice_finds_it_open() -> None:
    assert a_history().decide(a_series(), a_key()) == Done()


def opened_with(
    number_format: str | None, name: str = "FACT", document_type: DocumentType = DocumentType.FISCAL
) -> OpenSeries:
    return OpenSeries(SERIES if name == "FACT" else SECOND, name, document_type, 2027, format=number_format)


FORMATS: list[tuple[str, OpenSeries, OpenSeries, Caller, bool]] = [
    ("the same format", opened_with("INV-{number}"), opened_with("INV-{number}", "B"), a_key(), False),
    ("a digit that a number may have", opened_with("F{number}"), opened_with("F1{number}", "B"), a_key(), False),
    ("one year of all", opened_with("X-{year}-{number}"), opened_with("X-2026-{number}", "B"), a_key(), False),
    ("another's default", opened_with(None), opened_with("FACT-{year}-{number}", "B"), a_key(), False),
    ("its own default", opened_with("B-{year}-{number}"), opened_with(None, "B"), a_key(), False),
    ("another letter", opened_with("F{number}"), opened_with("G{number}", "B"), a_key(), True),
    ("another case", opened_with("INV-{number}"), opened_with("Inv-{number}", "B"), a_key(), True),
    ("the same elsewhere", opened_with("F{number}"), opened_with("F{number}", "B", PROFORMA), a_key(), True),
    (
        "the same for another firm",
        opened_with("F{number}"),
        opened_with("F{number}", "B"),
        a_key(firm=OTHER_FIRM),
        True,
    ),
    (
        "the same in the other mode",
        opened_with("F{number}"),
        opened_with("F{number}", "B"),
        a_key(mode=Mode.TEST),
        True,
    ),
]


@pytest.mark.parametrize(
    ("first", "second", "caller", "is_free"), [row[1:] for row in FORMATS], ids=[row[0] for row in FORMATS]
)
def test_no_two_series_of_a_type_can_print_one_number(
    first: OpenSeries, second: OpenSeries, caller: Caller, *, is_free: bool
) -> None:
    """CONTRACT.md D87."""
    history = History().after((first, a_key()))
    refusal = FormatTaken(DocumentType.FISCAL, SERIES, "FACT")
    assert verdict(history.decide(second, caller)) == (SeriesOpened if is_free else refusal)


DESCRIBE = DescribeSeries(SERIES, "of the shop")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], SeriesDescribed),
        ([(DESCRIBE, a_key())], Done()),
        ([a_lock(), a_reservation_of(3)], SeriesDescribed),
        ([an_issue()], SeriesInUse(SERIES)),
        ([an_issue(), VOID], SeriesInUse(SERIES)),
    ],
    ids=["unused", "described so", "numbers only reserved", "used", "its only document voided"],
)
def test_a_series_is_described_until_a_number_is_on_a_document(steps: list[Step], expected: object) -> None:
    assert verdict(a_history(*steps).decide(DESCRIBE, a_key())) == expected


@pytest.mark.parametrize("caller", [a_key(firm=OTHER_FIRM), a_key(mode=Mode.TEST)])
def test_nobody_else_describes_prefers_or_voids(caller: Caller) -> None:
    history = a_history(an_issue())
    assert history.decide(DESCRIBE, caller) == SeriesUnknown(SERIES)
    assert history.decide(MakePrimary(SERIES), caller) == SeriesUnknown(SERIES)
    assert history.decide(VOID, caller) == DocumentUnknown(DOCUMENT)
    assert history.decide(UNVOID, caller) == DocumentUnknown(DOCUMENT)


@pytest.mark.parametrize("caller", [a_key(), a_device(), a_device("till_2")])
def test_anyone_of_the_firm_voids_and_unvoids_whoever_holds_the_lock(caller: Caller) -> None:
    history = a_history(an_issue(), a_lock())
    assert verdict(history.decide(VOID, caller)) is DocumentVoided
    assert history.decide(UNVOID, caller) == DocumentNotVoided(DOCUMENT)
    history.after((VOID, caller))
    assert history.decide(VOID, caller) == DocumentAlreadyVoided(DOCUMENT)
    assert verdict(history.decide(UNVOID, caller)) is DocumentUnvoided


def test_a_document_returns_after_newer_and_later_dated_ones() -> None:
    """CONTRACT.md D62."""
    history = a_history(an_issue(), VOID, an_issue(a_document("inv_2", "2027-06-01")))
    assert verdict(history.decide(UNVOID)) is DocumentUnvoided


def test_a_withdrawn_document_is_gone() -> None:
    history = a_history(an_issue(), VOID, a_deletion(1, "inv_1"))
    assert history.decide(VOID) == DocumentUnknown(DOCUMENT)
    assert history.decide(UNVOID) == DocumentUnknown(DOCUMENT)


@pytest.mark.parametrize("number", [1, 2, 9], ids=["pending", "released", "never taken"])
def test_a_number_without_a_document_has_none_to_void(number: int) -> None:
    history = a_history(a_lock(), a_reservation_of(2), a_release(a_slot(2)))
    assert history.decide(a_void(number, "inv_1")) == DocumentUnknown(DOCUMENT)
    reversal = a_reversal(number, "inv_1", a_document("storno"))
    assert history.decide(reversal) == DocumentUnknown(DOCUMENT)
