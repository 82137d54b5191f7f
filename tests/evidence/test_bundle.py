"""Bundles of a real log, read by the text of README.md section 9 alone."""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from msgspec.structs import replace

from projections.keeping.one_moment import Connection
from projections.replay.replay import HistoryBrokenError, Replay
from projections.reports.as_of import AtPosition, AtTime
from projections.reports.whole_reports import whole_reports
from schemas.api.reports import Moment
from schemas.events import SeriesDescribed
from schemas.record import decode_record, event_tag
from schemas.values import FirmId, Mode, Position, UnixSeconds, Version
from service.evidence.bundling.asked import Asked, NothingSealedError, UnknownToBundleError
from service.evidence.bundling.bundle import bundle
from service.evidence.bundling.scope import scope_of
from service.evidence.sealing.tree import EvidenceBrokenError
from service.log.postgres_log import PostgresLog
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import FIRM, NOW, OTHER_FIRM, SERIES
from tests.support.evidence.bundle_reader import ReadBundle
from tests.support.evidence.bundles import (
    MADE_AT,
    SEALED,
    TEST_SERIES,
    ToldLog,
    a_bundle,
    a_told_log,
    reads_of,
    with_firms,
)
from tests.support.evidence.sealing import a_sealer, append_many, rewrite, rewriting
from tests.support.servers.databases import database, with_database
from tests.support.servers.parts import Parts

ALL_TAGS = 21


@pytest_asyncio.fixture(scope="module")
async def told(
    parts: Parts,
    database_admin: asyncpg.Connection,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[ToldLog]:
    """The log with every kind of event, for tests that only read it."""
    async with (
        database(database_admin, f"test_{secrets.token_hex(8)}", template_database) as name,
        a_told_log(with_database(parts.postgres_url, name), tmp_path_factory.mktemp("told")) as made,
    ):
        yield made


@pytest_asyncio.fixture
async def own(database_url: str, tmp_path: Path) -> AsyncIterator[ToldLog]:
    """The same log for one test, which may change it."""
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


async def test_a_log_without_notes_has_no_bundle(log: PostgresLog, database_url: str, tmp_path: Path) -> None:
    await with_firms(database_url)
    with pytest.raises(NothingSealedError, match="nothing of the log is sealed yet"):
        await a_bundle(log, tmp_path / "a.zip")
    await append_many(log, 3)
    with pytest.raises(NothingSealedError, match="nothing of the log is sealed yet"):
        await a_bundle(log, tmp_path / "a.zip")
    await a_sealer(log, tmp_path).turn()
    await append_many(log, 5)
    assert ReadBundle(await a_bundle(log, tmp_path / "a.zip")).checked().manifest["position"] == 3
    with pytest.raises(NothingSealedError, match="position 4 is not sealed: the newest note covers 3 events"):
        await a_bundle(log, tmp_path / "a.zip", as_of=AtPosition(Position(4)))


async def test_a_bundle_waits_for_the_note_of_the_newest_event(
    log: PostgresLog, database_url: str, tmp_path: Path
) -> None:
    await with_firms(database_url)
    await append_many(log, 2)
    await a_sealer(log, tmp_path).turn()
    await append_many(log, 3)
    asked = Asked(firm_id=FIRM, mode=Mode.LIVE)
    waiting = asyncio.create_task(scope_of(reads_of(log), log.log_id, asked, wait_seconds=30))
    await asyncio.sleep(0)
    await a_sealer(log, tmp_path).turn()
    assert (await waiting).position == 3


async def test_what_is_appended_on_the_way_is_not_in_the_bundle(own: ToldLog, tmp_path: Path) -> None:
    head = len(own.records)
    grown = 0

    @asynccontextmanager
    async def reads() -> AsyncGenerator[Connection]:
        nonlocal grown
        grown += 1
        record = own.records[-1]
        more = replace(
            record,
            position=Position(head + grown),
            version=Version(record.version + grown),
            previous=Position(head + grown - 1) if grown > 1 else record.position,
            event=SeriesDescribed(f"number {grown}"),
        )
        await own.log.append(Position(head + grown - 1), a_batch([more]))
        await a_sealer(own.log, tmp_path, own.keys).turn()
        async with own.log.pool.acquire() as connection:
            yield connection

    asked = Asked(firm_id=FIRM, mode=Mode.LIVE)
    scope = await scope_of(reads_of(own.log), own.log.log_id, asked)
    pieces = [piece async for piece in bundle(reads, scope, [], MADE_AT)]
    read = ReadBundle(b"".join(pieces)).checked()
    assert grown > 5
    assert (read.manifest["position"], read.manifest["size"], read.positions()[-1]) == (head, head, head)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("flip", 7),
        ("flip", 580),
        ("delete", 580),
        ("insert", 300),
        ("close-the-hole", 300),
        ("reorder", 300),
        ("roll-back", 7),
    ],
)
async def test_a_rewritten_log_has_no_bundle(
    log: PostgresLog, database_url: str, tmp_path: Path, kind: str, place: int
) -> None:
    await with_firms(database_url)
    await append_many(log, 600)
    await a_sealer(log, tmp_path).turn()
    async with rewriting(database_url) as connection:
        await rewrite(connection, kind, place)
    with pytest.raises(EvidenceBrokenError) as found:
        await a_bundle(log, tmp_path / "a.zip")
    if kind in {"roll-back", "close-the-hole"}:
        assert "lost its end" in str(found.value)
    elif kind == "delete":
        assert f"event {place} is missing" in str(found.value)
    else:
        assert f"event {place} is not the one" in str(found.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE evidence.note SET note = replace(note, 'numbers', 'numberz') WHERE size = 13", "note of size 13"),
        ("UPDATE evidence.note SET note = (SELECT note FROM evidence.note WHERE size = 5) WHERE size = 6", "of size 6"),
        ("UPDATE evidence.tile SET hashes = set_byte(hashes, 5, 1) WHERE level = 0", "event 1 is not the one"),
        ("UPDATE evidence.tile SET hashes = set_byte(hashes, 325, 1) WHERE level = 0", "of the note of size 13"),
        ("UPDATE log.event SET firm_id = 'firm_b' WHERE position = 3", "event 3 says something else"),
        ("UPDATE log.event SET firm_id = 'firm_a' WHERE position = 2", "event 2 says something else"),
        ("UPDATE log.content SET body = body || ' '", "was changed"),
    ],
)
async def test_rewritten_evidence_has_no_bundle(
    own: ToldLog, database_url: str, tmp_path: Path, change: str, said: str
) -> None:
    async with rewriting(database_url) as connection:
        await connection.execute("ALTER TABLE log.content DROP CONSTRAINT content_matches_digest")
        await connection.execute("ALTER TABLE log.content DISABLE TRIGGER USER")
        await connection.execute(change)
    with pytest.raises((EvidenceBrokenError, HistoryBrokenError), match=said):
        await a_bundle(own.log, tmp_path / "a.zip", has_bodies=True)
