"""Bundles of a real log, read by the text of README.md section 9 alone."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from projections.replay.replay import Replay
from projections.reports.as_of import AtPosition, AtTime
from projections.reports.whole_reports import whole_reports
from schemas.api.reports import Moment
from schemas.record import decode_record, event_tag
from schemas.values import FirmId, Mode, Position, UnixSeconds
from service.evidence.bundling.asked import UnknownToBundleError
from tests.support.domain.commands import FIRM, NOW, OTHER_FIRM, SERIES
from tests.support.evidence.bundle_reader import ReadBundle
from tests.support.evidence.bundles import SEALED, TEST_SERIES, ToldLog, a_bundle, a_told_log

ALL_TAGS = 21


@pytest_asyncio.fixture
async def told(database_url: str, tmp_path: Path) -> AsyncIterator[ToldLog]:
    """The log with every kind of event."""
    async with a_told_log(database_url, tmp_path) as made:
        yield made


async def test_a_bundle_has_every_event_of_its_firm_and_no_other(told: ToldLog, tmp_path: Path) -> None:
    read = ReadBundle(await a_bundle(told.log, tmp_path / "a.zip")).checked()
    own = [record for record in told.records if (record.firm_id, record.mode) == (FIRM, Mode.LIVE)]
    assert [decode_record(line) for line in read.canonical] == own
    assert len({event_tag(record.event) for record in own}) == ALL_TAGS
    assert [int(note.decode().split("\n")[1]) for note in read.notes] == [*SEALED, len(told.records)]
    assert read.keys == [str(key) for key in told.log_keys]
    assert read.witness_keys == [str(key) for key in told.witness_keys]
    assert read.manifest["position"] == read.manifest["size"] == len(told.records)
    for secret in (b"firm_b", b"inv_o1", b"inv_t1", TEST_SERIES.encode()):
        assert not any(secret in content for content in read.members.values())


@pytest.mark.parametrize(("firm_id", "mode", "count"), [(OTHER_FIRM, Mode.LIVE, 9), (FIRM, Mode.TEST, 3)])
async def test_each_partition_has_a_bundle_of_its_own(
    told: ToldLog, tmp_path: Path, firm_id: FirmId, mode: Mode, count: int
) -> None:
    read = ReadBundle(await a_bundle(told.log, tmp_path / "a.zip", firm_id=firm_id, mode=mode)).checked()
    assert len(read.events) == count


async def test_the_reports_follow_from_the_events_of_the_bundle(told: ToldLog, tmp_path: Path) -> None:
    read = ReadBundle(await a_bundle(told.log, tmp_path / "a.zip"))
    replay = Replay()
    for line in read.canonical:
        replay.apply(decode_record(line))
    moment = Moment(Position(read.manifest["position"]), UnixSeconds(read.manifest["as_of"]))
    found = whole_reports(replay, moment)
    assert (found.gaps, found.register) == (read.members["gaps.json"], read.members["register.json"])
    assert [report["equation"]["lost"] for report in read.gaps] == [8, 0]
    assert [register["has_more"] for register in read.registers] == [False, False]


async def test_a_bundle_may_be_of_one_series(told: ToldLog, tmp_path: Path) -> None:
    read = ReadBundle(await a_bundle(told.log, tmp_path / "a.zip", series=("FACT",))).checked()
    assert read.manifest["series"] == [SERIES]
    assert {event["stream"] for event in read.events} == {SERIES}
    assert [report["series_name"] for report in read.gaps] == ["FACT"]
    assert "digest" in read.documents[0]


@pytest.mark.parametrize("position", [0, 1, 7, 21, 22, 40])
async def test_a_bundle_may_be_of_an_earlier_position(told: ToldLog, tmp_path: Path, position: int) -> None:
    as_of = AtPosition(Position(position))
    read = ReadBundle(await a_bundle(told.log, tmp_path / "a.zip", as_of=as_of)).checked()
    assert read.manifest["position"] == position
    assert read.manifest["as_of"] == (told.records[position - 1].at if position else None)
    assert read.positions() == [
        record.position for record in told.records[:position] if (record.firm_id, record.mode) == (FIRM, Mode.LIVE)
    ]
    assert all(report["as_of"]["position"] == position for report in read.gaps + read.registers)


async def test_a_bundle_may_be_of_an_earlier_time(told: ToldLog, tmp_path: Path) -> None:
    read = ReadBundle(await a_bundle(told.log, tmp_path / "a.zip", as_of=AtTime(NOW))).checked()
    assert read.manifest["as_of"] == NOW
    assert read.manifest["position"] == sum(record.at <= NOW for record in told.records)


async def test_bodies_are_in_it_if_asked_for_and_erased_ones_never(told: ToldLog, tmp_path: Path) -> None:
    without = ReadBundle(await a_bundle(told.log, tmp_path / "a.zip")).checked()
    read = ReadBundle(await a_bundle(told.log, tmp_path / "b.zip", has_bodies=True)).checked()
    assert [line["state"] for line in without.documents] == [line["state"] for line in read.documents]
    bodies = {json.loads(line["body"])["client"]["name"] for line in read.documents if "body" in line}
    told_of = {"inv_1", "inv_2", "inv_4", "inv_s1", "changed", "left", "reason", "asked"}
    assert bodies == {f"Ștefan of {name}" for name in told_of}
    assert [line["state"] for line in read.documents].count("lost") == 1
    assert [line["state"] for line in read.documents].count("erased") == 3
    assert not any("Ștefan" in content.decode("latin-1") for content in without.members.values())


async def test_the_same_log_makes_the_same_bytes(told: ToldLog, tmp_path: Path) -> None:
    one = await a_bundle(told.log, tmp_path / "a.zip", has_bodies=True)
    other = await a_bundle(told.log, tmp_path / "b.zip", has_bodies=True)
    assert one.read_bytes() == other.read_bytes()


async def test_there_is_no_bundle_of_what_is_not_there(told: ToldLog, tmp_path: Path) -> None:
    with pytest.raises(UnknownToBundleError, match="no firm nobody"):
        await a_bundle(told.log, tmp_path / "a.zip", firm_id=FirmId("nobody"))
    with pytest.raises(UnknownToBundleError, match="no series STORE at position 4"):
        await a_bundle(told.log, tmp_path / "a.zip", series=("STORE",), as_of=AtPosition(Position(4)))
