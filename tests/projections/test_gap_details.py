"""What a gap report says beside the numbers, and its digest, on histories written by hand (CONTRACT.md D113)."""

import hashlib
import json

import msgspec

from projections.keeping.runner import ProjectionRunner
from projections.reports.gap_report import folded_gap_report
from schemas.api.reports import GapReport
from schemas.number_formats import printed_number
from schemas.values import DeviceId, IsoDate, Number
from tests.projections.conftest import WrittenLog
from tests.projections.histories import History
from tests.projections.reported import gaps_of
from tests.projections.test_reports import a_working_day

TILL = DeviceId("till-1")


def a_series_with_a_withdrawn_number() -> History:
    """1 issued; 2 withdrawn; 3 pending; 4 released; 5 and 6 issued; 7 released."""
    history = History.of_seed(3)
    history.open(start_number=1)
    series = history.series[0]
    block = history.reserve(series, 7, TILL)
    for number in (1, 2, 5, 6):
        history.consume(series, block, Number(number))
    for number in (4, 7):
        history.release(series, block, Number(number))
    history.void(series, Number(2))
    history.withdraw(series, Number(2))
    history.void(series, Number(5))
    return history


async def kept_and_folded(log: WrittenLog, runner: ProjectionRunner, history: History) -> GapReport:
    await log.append(history.records, history.bodies)
    await runner.catch_up()
    kept = await gaps_of(log.reader, history.series[0].series_id)
    assert kept == await folded_gap_report(log.reader, history.series[0].series_id, None)
    return kept


async def test_the_neighbours_of_a_gap_are_the_nearest_numbers_with_a_document(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    report = await kept_and_folded(log, runner, a_series_with_a_withdrawn_number())
    numbers = [(gap.first, gap.below and gap.below.number, gap.above and gap.above.number) for gap in report.data]
    assert numbers == [(2, 1, 5), (4, 1, 5), (7, 6, None)]


async def test_a_withdrawn_number_is_printed_as_its_document_showed_it(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    report = await kept_and_folded(log, runner, a_series_with_a_withdrawn_number())
    assert [gap.printed_first for gap in report.data] == ["S0-2", "00004", "00007"]


def test_a_number_that_never_was_a_document_has_no_year() -> None:
    assert printed_number("FACT-{year}-{number}", 7) == "FACT-{year}-00007"
    assert printed_number("{number}/B", 123456) == "123456/B"


async def test_dates_out_of_order_are_counted_while_their_documents_stand(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(4)
    history.open(start_number=1)
    series = history.series[0]
    for number in (1, 2, 3, 4):
        history.consume(series, history.reserve(series, 1, None), Number(number))
    days = [series.standing[Number(number)][1] for number in (1, 2, 3, 4)]
    report = await kept_and_folded(log, runner, history)
    assert report.date_inversions == inversions(days) > 0
    before = len(history.records)
    history.void(series, Number(2))
    await log.append(history.records[before:])
    await runner.catch_up()
    assert (await gaps_of(log.reader, series.series_id)).date_inversions == inversions([days[0], *days[2:]])


def inversions(days: list[IsoDate]) -> int:
    return sum(days[place] < days[place - 1] for place in range(1, len(days)))


async def test_the_digest_is_that_of_the_json_before_it(log: WrittenLog, runner: ProjectionRunner) -> None:
    report = await kept_and_folded(log, runner, a_working_day())
    said = json.loads(msgspec.json.encode(report))
    digest = said.pop("digest")
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == digest
    assert report.duplicates == 0
