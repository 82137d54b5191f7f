"""What the reports show of histories that are written by hand."""

import asyncio

import msgspec

from projections.keeping.runner import ProjectionRunner
from projections.reports.as_of import AtPosition, AtTime, SeriesAsOf
from projections.reports.gap_report import folded_gap_report
from projections.reports.number_place import NumberPlace, folded_number_place, kept_number_place
from projections.reports.number_register import RangesWanted, folded_number_register, register_of_fold
from schemas.api.reports import Moment, NumberRangeRow, NumberRegister
from schemas.events import NumbersReserved
from schemas.values import DeviceId, Fate, Number, Position, SeriesId, UnixSeconds
from tests.projections.conftest import WrittenLog
from tests.projections.histories import START, History
from tests.projections.reported import gaps_of, ranges_of
from tests.projections.test_agreement import replay_of
from tests.support.tasks import running_beside

TILL, PHONE = DeviceId("till-1"), DeviceId("phone-1")


def a_working_day() -> History:
    """1-3 issued online; 4-8 reserved by a till: 4 and 5 consumed, 6 released, 7-8 expired; 9-10 pending on a phone."""
    history = History.of_seed(0)
    history.open(start_number=1)
    series = history.series[0]
    for number in (1, 2, 3):
        history.consume(series, history.reserve(series, 1, None), Number(number))
    block = history.reserve(series, 5, TILL)
    history.consume(series, block, Number(4))
    history.consume(series, block, Number(5))
    history.release(series, block, Number(6))
    history.expire(series, block)
    history.reserve(series, 2, PHONE)
    history.void(series, Number(2))
    return history


def shape(rows: list[NumberRangeRow]) -> list[tuple[int, int, str, str | None]]:
    return [(row.first, row.last, str(row.fate), row.device_id) for row in rows]


async def test_neighbours_of_one_fate_and_device_are_one_range(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = a_working_day()
    await log.append(history.records)
    await runner.catch_up()
    register = await ranges_of(log.reader, RangesWanted(series_id=history.series[0].series_id))
    assert shape(register.data) == [
        (1, 1, "standing", None),
        (2, 2, "voided", None),
        (3, 3, "standing", None),
        (4, 5, "standing", "till-1"),
        (6, 6, "released", "till-1"),
        (7, 8, "expired", "till-1"),
        (9, 10, "pending", "phone-1"),
    ]
    assert [row.invoice_id for row in register.data] == ["inv_S0_1", "inv_S0_2", "inv_S0_3", None, None, None, None]
    assert register.data[-1].ended_at is None
    assert register.equation.words() == (
        "10 taken = 4 standing + 1 voided + 0 withdrawn + 2 pending + 1 released + 2 expired"
    )


async def test_a_page_may_begin_inside_a_range(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = a_working_day()
    await log.append(history.records)
    await runner.catch_up()
    series_id = history.series[0].series_id
    page = await ranges_of(log.reader, RangesWanted(series_id=series_id, after=Number(7), per_page=1))
    assert shape(page.data) == [(8, 8, "expired", "till-1")]
    assert page.has_more
    page = await ranges_of(log.reader, RangesWanted(series_id=series_id, after=Number(9), fate=Fate.PENDING))
    assert shape(page.data) == [(10, 10, "pending", "phone-1")]
    assert not page.has_more


async def test_the_gap_report_explains_every_gap(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = a_working_day()
    await log.append(history.records)
    await runner.catch_up()
    report = await gaps_of(log.reader, history.series[0].series_id)
    reserved, released, expired = history.records[7], history.records[10], history.records[11]
    assert isinstance(reserved.event, NumbersReserved)
    day = history.series[0].standing[Number(5)][1]
    of_both: dict[str, object] = {
        "object": "gap",
        "device_id": "till-1",
        "reserved_at": reserved.at,
        "reserved_by": "session:17",
        "expires_at": reserved.event.expires_at,
        "below": {"number": 5, "full_number": "S0-5", "date": day},
        "above": None,
        "reason_text": None,
        "explanations": [],
        "is_explained": False,
    }
    six = {"first": 6, "last": 6, "count": 1, "printed_first": "00006", "printed_last": "00006"}
    seven = {"first": 7, "last": 8, "count": 2, "printed_first": "00007", "printed_last": "00008"}
    six |= {"reason": "released", "ended_at": released.at, "ended_by": "session:17", "positions": (8, 11)}
    seven |= {"reason": "expired", "ended_at": expired.at, "ended_by": "system:sweeper", "positions": (8, 12)}
    assert msgspec.to_builtins(report.data) == [of_both | six, of_both | seven]
    assert report.as_of.position == log.position
    assert report.as_of.time == history.records[-1].at


async def test_a_report_as_of_an_earlier_position_or_time_is_the_one_of_then(log: WrittenLog) -> None:
    history = a_working_day()
    await log.append(history.records)
    series_id = history.series[0].series_id
    released = history.records[10]
    last = max(record.position for record in history.records if record.at <= released.at)
    by_position = await folded_gap_report(log.reader, series_id, AtPosition(released.position))
    by_time = await folded_gap_report(log.reader, series_id, AtTime(released.at))
    at_last = await folded_gap_report(log.reader, series_id, AtPosition(last))
    assert by_position is not None
    assert [gap.first for gap in by_position.data] == [6]
    assert by_position.equation.pending == 2
    assert by_time == at_last


async def test_before_a_series_was_opened_there_is_no_report(log: WrittenLog) -> None:
    history = a_working_day()
    await log.append(history.records)
    series_id = history.series[0].series_id
    assert await folded_gap_report(log.reader, series_id, AtPosition(Position(0))) is None
    assert await folded_gap_report(log.reader, series_id, AtTime(UnixSeconds(START - 1))) is None
    assert await folded_number_register(log.reader, RangesWanted(series_id=SeriesId("unknown")), None) is None


async def test_a_report_contains_what_its_reader_has_seen(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = a_working_day()
    await log.append(history.records[:-1])
    await runner.catch_up()
    await log.append(history.records[-1:])
    series_id = history.series[0].series_id
    behind = await ranges_of(log.reader, RangesWanted(series_id=series_id))
    fresh = await ranges_of(log.reader, RangesWanted(series_id=series_id), at_least=log.position)
    assert (behind.equation.voided, fresh.equation.voided) == (0, 1)
    assert fresh.as_of.position == log.position


async def test_a_page_reads_no_more_than_its_bound_of_a_long_range(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(0)
    history.open(start_number=1)
    series = history.series[0]
    for number in range(1, 2501):
        history.consume(series, history.reserve(series, 1, None), Number(number))
    await log.append(history.records)
    await runner.catch_up()

    pages: list[NumberRegister] = []
    while not pages or pages[-1].has_more:
        after = pages[-1].data[-1].last if pages else Number(0)
        page = await ranges_of(log.reader, RangesWanted(series_id=series.series_id, after=after, pieces_max=1000))
        pages.append(page)
    assert [shape(page.data) for page in pages] == [
        [(1, 1000, "standing", None)],
        [(1001, 2000, "standing", None)],
        [(2001, 2500, "standing", None)],
    ]
    whole = await ranges_of(log.reader, RangesWanted(series_id=series.series_id))
    assert shape(whole.data) == [(1, 2500, "standing", None)]
    assert not whole.has_more


async def test_others_go_on_while_a_long_fold_is_made_a_report() -> None:
    history = History.of_seed(0)
    history.open(start_number=1)
    series = history.series[0]
    for number in range(1, 2001):
        history.consume(series, history.reserve(series, 1, None), Number(number))
    replay = replay_of(history.records)
    found = SeriesAsOf(Moment(replay.position, replay.at), replay.series[series.series_id])
    turns = 0

    async def go_on() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with running_beside(go_on()):
        page = await register_of_fold(found, RangesWanted(series_id=series.series_id))
        assert turns > 0, "nothing else ran from the first number to the last"
    assert shape(page.data) == [(1, 2000, "standing", None)]


async def test_lost_numbers_are_a_gap_a_range_and_a_term(log: WrittenLog, runner: ProjectionRunner) -> None:
    """CONTRACT.md D97: the event that steps over them says when and why, and names no device."""
    history = a_working_day()
    history.lose(history.series[0], 20)
    history.reserve(history.series[0], 1, None)
    await log.append(history.records, history.bodies)
    event = history.records[-2]
    series_id = event.stream
    wanted = RangesWanted(series_id=series_id, fate=Fate.LOST)
    folded = await gaps_of(log.reader, series_id), await ranges_of(log.reader, wanted)
    await runner.catch_up()
    kept = await gaps_of(log.reader, series_id), await ranges_of(log.reader, wanted)
    assert msgspec.json.encode(kept) == msgspec.json.encode(folded)

    report, register = kept
    gap = report.data[-1]
    assert (gap.first, gap.last, gap.count, gap.reason, gap.reason_text) == (11, 30, 20, Fate.LOST, "loss of 20")
    assert (gap.device_id, gap.reserved_at, gap.ended_at, gap.ended_by) == (None, event.at, event.at, "system:operator")
    assert gap.positions == (event.position, event.position)
    assert shape(register.data) == [(11, 30, "lost", None)]
    assert report.equation.words().endswith("+ 2 expired + 20 lost")
    assert report.equation.is_balanced
    for number in (Number(11), Number(30)):
        place = await kept_number_place(log.reader, event.log, series_id, number, at_least=log.position)
        assert place == await folded_number_place(log.reader, series_id, number, log.position)
        assert place == NumberPlace(event.position, event.position, None, log.position)
