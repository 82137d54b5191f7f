"""The ranges that the declaration D394 asks for (CONTRACT.md D117): both ways to make them, and what they say."""

from datetime import date
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest

from projections.keeping.runner import ProjectionRunner
from projections.reports.as_of import AtPosition, AtTime
from projections.reports.romania.folded_ranges import folded_d394_report
from projections.reports.romania.kept_ranges import kept_d394_report
from projections.reports.romania.number_facts import RangesDeclared
from projections.reports.romania.reporting_period import ReportingPeriod
from schemas.api.d394 import D394Report
from schemas.values import DocumentType, Mode, Position, SeriesId
from tests.projections.conftest import WrittenLog
from tests.projections.dated_history import BUCHAREST, FORMAT, DatedHistory
from tests.support.domain.commands import FIRM, OTHER_FIRM, SECOND, SERIES

Ranges = list[tuple[str, str, str, str | None]]

NOVEMBER = ReportingPeriod.named("2026-11", BUCHAREST)


def wanted(period: ReportingPeriod = NOVEMBER, range_size: int | None = None) -> RangesDeclared:
    return RangesDeclared(firm_id=FIRM, mode=Mode.LIVE, period=period, range_size=range_size)


async def report_of(log: WrittenLog, book: DatedHistory, what: RangesDeclared | None = None) -> D394Report:
    """The report of the whole history: the projections and the log give the same."""
    if log.position < len(book.records):
        await log.append(book.records[log.position :])
    await ProjectionRunner(log.database_url).catch_up()
    kept = await kept_d394_report(log.reader, what or wanted())
    folded = await folded_d394_report(log.reader, what or wanted(), None)
    assert kept == folded
    return folded


def rows(report: D394Report, part: str) -> Ranges:
    """The rows of one part: series text, first and last number, and the reason if there is one."""
    found = [row for row in report.data if row.part == part]
    assert all(row.count == row.last - row.first + 1 for row in found)
    return [(row.series_text, row.first_text, row.last_text, row.reason) for row in found]


async def test_runs_end_at_gaps_and_what_lies_between_is_named(log: WrittenLog) -> None:
    book = DatedHistory().at("2026-11-02 10:00")
    book.reserve(10)
    for number in (1, 2, 5, 6, 9):
        book.use(number, "2026-11-02")
    book.release(3)
    book.at("2026-11-04 10:00").sweep()

    report = await report_of(log, book)

    assert rows(report, "issued") == [
        ("FACT-2026-", "00001", "00002", None),
        ("FACT-2026-", "00005", "00006", None),
        ("FACT-2026-", "00009", "00009", None),
    ]
    assert rows(report, "allocated") == [("FACT-2026-", "00001", "00010", None)]
    assert rows(report, "not_issued") == [
        ("FACT-{year}-", "00003", "00003", "released"),
        ("FACT-{year}-", "00004", "00004", "expired"),
        ("FACT-{year}-", "00007", "00008", "expired"),
        ("FACT-{year}-", "00010", "00010", "expired"),
    ]
    assert (report.invoices, report.numbers_not_issued, report.warnings) == (5, 5, [])


async def test_a_number_of_another_period_is_leapt_over_and_named(log: WrittenLog) -> None:
    book = DatedHistory().at("2026-11-28 10:00")
    book.reserve(4, hold_seconds=864_000)
    book.use(1, "2026-11-28")
    book.use(3, "2026-11-29")
    book.at("2026-12-02 10:00").use(2, "2026-12-02")
    book.use(4, "2026-12-02")

    november = await report_of(log, book)
    assert rows(november, "issued") == [("FACT-2026-", "00001", "00001", None), ("FACT-2026-", "00003", "00003", None)]
    assert rows(november, "not_issued") == [
        ("FACT-{year}-", "00002", "00002", "pending"),
        ("FACT-{year}-", "00004", "00004", "pending"),
    ]
    december = await report_of(log, book, wanted(ReportingPeriod.named("2026-12", BUCHAREST)))
    assert rows(december, "issued") == [("FACT-2026-", "00002", "00002", None), ("FACT-2026-", "00004", "00004", None)]
    assert rows(december, "not_issued") == [("FACT-{year}-", "00003", "00003", "other_period")]
    assert (december.invoices, december.numbers_not_issued) == (2, 0)
    assert rows(december, "allocated") == [("FACT-2026-", "00001", "00004", None)]
    quarter = await report_of(log, book, wanted(ReportingPeriod.named("2026-Q4", BUCHAREST)))
    assert rows(quarter, "issued") == [("FACT-2026-", "00001", "00004", None)]


async def test_a_reversal_a_void_a_withdrawn_and_a_lost_number_each_have_their_place(log: WrittenLog) -> None:
    book = DatedHistory().at("2026-11-10 10:00")
    for _ in range(4):
        book.issue("2026-11-10")
    book.void(2)
    book.reverse(1, "2026-11-10")
    book.at("2026-12-01 10:00").issue("2026-11-30")
    book.void(6)
    book.withdraw(6)
    book.lose(20)

    report = await report_of(log, book)

    assert rows(report, "issued") == [("FACT-2026-", "00001", "00005", None)]
    assert rows(report, "voided") == [("FACT-2026-", "00002", "00002", None)]
    assert rows(report, "reversed") == [("FACT-2026-", "00005", "00005", None)]
    assert [row.date for row in report.data if row.part in {"voided", "reversed"}] == ["2026-11-10"] * 2
    assert rows(report, "not_issued") == [("FACT-{year}-", "00006", "00006", "withdrawn")], "by the date of the invoice"
    assert (report.invoices, report.invoices_reversed, report.invoices_voided) == (5, 1, 1)
    december = await report_of(log, book, wanted(ReportingPeriod.named("2026-12", BUCHAREST)))
    assert rows(december, "not_issued") == [("FACT-{year}-", "00007", "00020", "lost")]
    assert (december.invoices, rows(december, "issued")) == (0, [])
    assert rows(december, "allocated") == [("FACT-2026-", "00001", "00020", None)]


async def test_a_year_in_front_of_the_number_is_a_series_text_of_its_own(log: WrittenLog) -> None:
    book = DatedHistory().at("2026-12-30 10:00")
    book.reserve(6, hold_seconds=864_000)
    for number in (1, 2):
        book.use(number, "2026-12-30")
    book.at("2027-01-03 10:00")
    for number in (3, 4, 5):
        book.use(number, "2027-01-03")
    book.issue("2027-01-03")

    report = await report_of(log, book, wanted(ReportingPeriod(date(2026, 12, 1), date(2027, 1, 31), BUCHAREST)))

    assert rows(report, "issued") == [
        ("FACT-2026-", "00001", "00002", None),
        ("FACT-2027-", "00003", "00005", None),
        ("FACT-2027-", "00007", "00007", None),
    ]
    assert rows(report, "allocated") == [("FACT-2026-", "00001", "00006", None), ("FACT-2027-", "00003", "00007", None)]
    planned = await report_of(log, book, wanted(ReportingPeriod.named("2027-01", BUCHAREST), range_size=500))
    assert rows(planned, "allocated") == [("FACT-2027-", "00003", "00502", None)]


async def test_a_text_without_a_year_is_one_range_over_the_years(log: WrittenLog) -> None:
    book = DatedHistory("AB{number}", 7).at("2026-12-30 10:00")
    book.issue("2026-12-30")
    book.at("2027-01-02 10:00").issue("2027-01-02")

    report = await report_of(log, book, wanted(ReportingPeriod(date(2026, 12, 1), date(2027, 1, 31), BUCHAREST)))

    assert rows(report, "issued") == rows(report, "allocated") == [("AB", "00007", "00008", None)]
    january = await report_of(log, book, wanted(ReportingPeriod.named("2027-01", BUCHAREST)))
    assert rows(january, "allocated") == [("AB", "00008", "00008", None)], (
        "the decision of a year names its first number"
    )


@pytest.mark.parametrize(
    ("number_format", "text", "after", "codes"),
    [
        ("A" * 20 + "{number}", "A" * 20, "", []),
        ("A" * 21 + "{number}", "A" * 21, "", ["d394_series_text_too_long"]),
        ("A" * 17 + "{year}{number}", "A" * 17 + "2026", "", ["d394_series_text_too_long"]),
        ("F{number}/{year}", "F", "/2026", ["d394_text_after_number"]),
        ("{number}", "", "", []),
    ],
)
async def test_what_d394_cannot_hold_is_warned_of_and_kept_whole(
    log: WrittenLog, number_format: str, text: str, after: str, codes: list[str]
) -> None:
    book = DatedHistory(number_format).at("2026-11-10 10:00")
    book.issue("2026-11-10")

    report = await report_of(log, book)

    [issued] = [row for row in report.data if row.part == "issued"]
    assert (issued.series_text, issued.first_text, issued.text_after) == (text, "00001", after)
    assert [(each.code, each.series_id, each.series_name) for each in report.warnings] == [
        (code, SERIES, "FACT") for code in codes
    ]


async def test_days_end_by_the_clock_of_the_zone(log: WrittenLog) -> None:
    """At 23:30 in Bucharest it is 21:30 in UTC; a minute before midnight is still November."""
    book = DatedHistory().at("2026-11-30 23:30")
    book.reserve(3, hold_seconds=864_000)
    book.at("2026-11-30 23:59:59").release(1)
    book.at("2026-12-01 00:00").release(2)

    november = await report_of(log, book)
    assert [row[1:] for row in rows(november, "not_issued")] == [
        ("00001", "00001", "released"),
        ("00002", "00003", "pending"),
    ]
    december = await report_of(log, book, wanted(ReportingPeriod.named("2026-12", BUCHAREST)))
    assert [row[1:] for row in rows(december, "not_issued")] == [
        ("00002", "00002", "released"),
        ("00003", "00003", "pending"),
    ]
    in_utc = await report_of(log, book, wanted(ReportingPeriod.named("2026-11", ZoneInfo("UTC"))))
    assert [row[1:] for row in rows(in_utc, "not_issued")] == [
        ("00001", "00002", "released"),
        ("00003", "00003", "pending"),
    ]


async def test_proforma_series_test_mode_and_other_firms_are_not_declared(log: WrittenLog) -> None:
    book = DatedHistory().at("2026-11-10 10:00")
    book.open("PRO{number}", SECOND, "PRO", DocumentType.PROFORMA)
    book.open("TEST{number}", SeriesId("third"), "TEST", mode=Mode.TEST)
    book.reserve(2, SECOND)
    book.issue("2026-11-10")

    report = await report_of(log, book)

    assert {row.series_id for row in report.data} == {SERIES}
    of_other = msgspec.structs.replace(wanted(), firm_id=OTHER_FIRM)
    assert (await report_of(log, book, of_other)).data == []


async def test_a_report_as_of_an_earlier_moment_is_the_one_of_then(log: WrittenLog) -> None:
    book = DatedHistory().at("2026-11-10 10:00")
    book.issue("2026-11-10")
    then, at = Position(len(book.records)), book.now
    before = await report_of(log, book)
    book.at("2026-12-10 10:00").void(1)

    after = await report_of(log, book)

    assert (before.invoices_voided, after.invoices_voided) == (0, 1)
    assert await folded_d394_report(log.reader, wanted(), AtPosition(then)) == before
    assert await folded_d394_report(log.reader, wanted(), AtTime(at)) == before
    nothing = await folded_d394_report(log.reader, wanted(), AtPosition(Position(0)))
    assert (nothing.as_of.position, nothing.data) == (0, [])


async def test_the_projections_do_not_answer_before_they_have_what_the_reader_has_seen(log: WrittenLog) -> None:
    book = DatedHistory().at("2026-11-10 10:00")
    book.issue("2026-11-10")
    assert await kept_d394_report(log.reader, wanted()) is None
    await report_of(log, book)
    assert await kept_d394_report(log.reader, wanted(), Position(len(book.records) + 1)) is None


def a_random_book(random: Random) -> DatedHistory:
    """Two series over the turn of a year, with numbers of every fate and dates that run ahead and behind."""
    book = DatedHistory(random.choice([FORMAT, "A{number}", "B{number}/{year}"]), random.choice([1, 50]))
    book.open("S{year}{number}", SECOND, "SECOND")
    day = date(2026, 11, 25).toordinal()
    for _ in range(random.randrange(5, 60)):
        day += random.choice([0, 0, 1, 2])
        book.at(
            f"{date.fromordinal(day)} {random.randrange(24):02d}:00" if random.random() < 0.3 else f"{_day(day)} 23:59"
        )
        _step(book, random, random.choice([SERIES, SECOND]), _day(max(day - random.choice([0, 0, 0, 3]), 0)))
    return book


def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def _step(book: DatedHistory, random: Random, series_id: SeriesId, day: str) -> None:
    numbers = [number for of, number in book.blocks if of == series_id]
    dated = [number for of, number in book.dates if of == series_id]
    match random.randrange(9):
        case 0 | 1:
            book.reserve(random.choice([1, 3, 8]), series_id)
        case 2 | 3 if numbers:
            book.use(random.choice(numbers), day, series_id)
        case 4 if numbers:
            book.release(random.choice(numbers), series_id)
        case 5:
            book.sweep()
        case 6 if dated:
            number = random.choice(dated)
            book.void(number, series_id)
            if random.random() < 0.5:
                book.withdraw(number, series_id)
        case 7 if dated:
            book.reverse(random.choice(dated), day, series_id)
        case 8 if random.random() < 0.2:
            book.lose(book.history.series(series_id).next_number + 3, series_id)
        case _:
            book.issue(day, series_id)


@pytest.mark.parametrize("seed", range(6))
async def test_projections_and_log_give_the_same_report(log: WrittenLog, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a test that can be repeated, not a secret
    book = a_random_book(random)
    for months in ((date(2026, 11, 1), date(2026, 11, 30)), (date(2026, 12, 1), date(2027, 1, 31))):
        period = ReportingPeriod(*months, BUCHAREST)
        report = await report_of(log, book, wanted(period, random.choice([None, 5])))
        for series_id in (SERIES, SECOND):
            issued = [row for row in report.data if row.part == "issued" and row.series_id == series_id]
            apart = [row for row in report.data if row.part == "not_issued" and row.series_id == series_id]
            named = [number for row in (*issued, *apart) for number in range(row.first, row.last + 1)]
            assert len(set(named)) == len(named), "a number is in one row"
            if issued:
                between = set(range(issued[0].first, issued[-1].last + 1))
                assert between <= set(named)
        assert report.invoices == sum(row.count for row in report.data if row.part == "issued")
        of_period = [day for day in book.dates.values() if period.days[0] <= day <= period.days[1]]
        withdrawn = sum(row.count for row in report.data if row.part == "not_issued" and row.reason == "withdrawn")
        assert report.invoices <= len(of_period) <= report.invoices + withdrawn
