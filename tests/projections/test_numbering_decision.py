"""The rows of a numbering decision: first numbers of years, and planned ranges."""

from msgspec.structs import replace

from projections.reports.as_of import AtPosition
from projections.reports.romania.numbering_decision import DecisionWanted, decision_rows
from schemas.api.decision import FirstNumber
from schemas.values import DocumentType, Mode, Number, Position, SeriesId
from tests.projections.conftest import WrittenLog
from tests.projections.dated_history import BUCHAREST, DatedHistory
from tests.support.domain.commands import FIRM, OTHER_FIRM, SECOND, SERIES

WANTED = DecisionWanted(firm_id=FIRM, mode=Mode.LIVE, year=2027, zone=BUCHAREST, range_size=100)


def two_years() -> DatedHistory:
    """2026: FACT takes 1-8, of which 8 is used in 2027, PRO takes 1; 2027: FACT takes 9-12; AVIZ is opened in 2028."""
    book = DatedHistory().at("2026-12-31 10:00")
    book.open("PRO{number}", SECOND, "PRO", DocumentType.PROFORMA)
    book.open("TEST{number}", SeriesId("test"), "TEST", mode=Mode.TEST)
    book.reserve(8, hold_seconds=8_640_000)
    book.reserve(1, SECOND)
    book.use(1, "2026-12-31")
    book.at("2027-01-01 00:30").use(8, "2027-01-01")
    for _ in range(4):
        book.issue("2027-01-01")
    book.at("2028-01-01 00:00").open("AVIZ{number}/{year}", SeriesId("third"), "AVIZ", start_number=501)
    return book


async def test_each_year_begins_with_the_number_of_its_first_document(log: WrittenLog) -> None:
    await log.append(two_years().records)

    fact, proforma = (await decision_rows(log.reader, WANTED, None)).rows

    assert (fact.row, fact.series_id, fact.document_type) == (1, SERIES, DocumentType.FISCAL)
    assert fact.first_numbers == [FirstNumber(2026, Number(1)), FirstNumber(2027, Number(8))], (
        "8 was reserved before, and used in 2027"
    )
    assert (fact.first, fact.last, fact.taken) == (8, 107, 12)
    assert (fact.first_text, fact.last_text) == ("FACT-2027-00008", "FACT-2027-00107")
    assert (proforma.row, proforma.series_name, proforma.first, proforma.taken) == (2, "PRO", 2, None)


async def test_the_plan_reaches_at_least_to_what_was_taken(log: WrittenLog) -> None:
    await log.append(two_years().records)

    small = replace(WANTED, range_size=3, range_sizes={"PRO": 7, SERIES: 2})
    fact, proforma = (await decision_rows(log.reader, small, None)).rows
    assert (fact.first, fact.last) == (8, 12)
    assert (proforma.first, proforma.last) == (2, 8)


async def test_a_year_to_come_begins_with_the_next_number(log: WrittenLog) -> None:
    book = two_years()
    await log.append(book.records)

    fact, aviz, _ = (await decision_rows(log.reader, replace(WANTED, year=2028), None)).rows
    assert (fact.first, fact.taken, aviz.first, aviz.last_text) == (13, None, 501, "AVIZ00600/2028")
    then = next(record.position for record in book.records if record.stream == SECOND)
    [early] = (await decision_rows(log.reader, WANTED, AtPosition(Position(then - 1)))).rows
    assert (early.first, early.taken, early.first_text) == (1, None, "FACT-2027-00001")


async def test_series_of_others_and_of_later_years_are_not_in_it(log: WrittenLog) -> None:
    await log.append(two_years().records)

    assert (await decision_rows(log.reader, replace(WANTED, firm_id=OTHER_FIRM), None)).rows == []
    assert [row.series_name for row in (await decision_rows(log.reader, WANTED, None)).rows] == ["FACT", "PRO"]
    of_test = replace(WANTED, mode=Mode.TEST)
    assert [row.series_name for row in (await decision_rows(log.reader, of_test, None)).rows] == ["TEST"]
