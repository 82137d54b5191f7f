"""A replay of the log, of the NATS stream and of a bundle come to the same digests, which are those of the tables."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import uvloop

from projections.keeping.kept_tables_read import read_digests
from projections.keeping.runner import ProjectionRunner
from projections.replay.kept_tables import Scope
from schemas.record import Record, event_tag
from schemas.values import DEFAULT_LOG, FirmId, Mode
from service.log.postgres_log import PostgresLog
from service.log.sessions import connected
from tests.support.domain.batches import a_batch
from tests.support.domain.random_logs import random_log
from tests.support.evidence.bundles import a_bundle, a_told_log, with_firms
from tests.support.evidence.sealing import a_sealer
from tests.support.nats.relays import caught_up, relaying
from tests.support.service.command_line import Command, Outcome, printed

EVENTS = 500
REPORTS = {"gap_reports", "registers"}


async def write_everywhere(records: list[Record], database_url: str, nats_url: str, directory: Path) -> list[Path]:
    """Append the records, publish and seal them, and export a bundle of each firm and mode."""
    await with_firms(database_url)
    log = await PostgresLog.open(database_url)
    try:
        await log.append(await log.head(), a_batch(records))
        await a_sealer(log, directory).turn()
        async with relaying(log, nats_url) as relay:
            await caught_up(relay, log)
        partitions = sorted({(record.firm_id, record.mode) for record in records})
        return [
            await a_bundle(log, directory / f"{firm}-{mode}.zip", firm_id=firm, mode=mode) for firm, mode in partitions
        ]
    finally:
        await log.close()


async def kept(database_url: str, partition: dict[str, Any]) -> dict[str, str]:
    """The digests of the tables, which follow the log to its end first."""
    await ProjectionRunner(database_url).catch_up()
    async with connected(database_url, "numbering_reader", "test") as connection:
        scope = Scope(FirmId(partition["firm_id"]), Mode(partition["mode"]))
        found = await read_digests(connection, DEFAULT_LOG, scope)
        assert found is not None
        return dict(found.digests)


@pytest.mark.parametrize("seed", [11, 12])
def test_log_stream_and_bundle_come_to_the_same_digests(
    command: Command, database_url: str, nats_url: str, tmp_path: Path, seed: int
) -> None:
    records = random_log(seed, EVENTS)
    bundles = uvloop.run(write_everywhere(records, database_url, nats_url, tmp_path))
    series = next(record.stream for record in records if record.version == 1)

    def digests(*arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = printed(command("replay", "--json", *arguments, NATS_URL=nats_url))["data"]
        return found

    whole = digests()
    for partition in whole:
        assert {name: each for name, each in partition["digests"].items() if name not in REPORTS} == uvloop.run(
            kept(database_url, partition)
        )
    for moment in ([], ["--as-of", str(EVENTS // 3)], ["--as-of", str(records[EVENTS // 2].position)]):
        assert digests("--stream", *moment) == digests(*moment)
        assert [each for bundle in bundles for each in digests(str(bundle), *moment)] == digests(*moment)
    assert digests("--series", series) == digests("--stream", "--series", series)
    assert whole != digests("--as-of", str(EVENTS // 3))


def test_a_bundle_of_some_series_is_replayed_like_the_log(command: Command, database_url: str, tmp_path: Path) -> None:
    async def export() -> Path:
        async with a_told_log(database_url, tmp_path) as told:
            return await a_bundle(told.log, tmp_path / "some.zip", series=["FACT"])

    found = command("replay", "--json", str(uvloop.run(export())))
    assert printed(found)["data"] == printed(command("replay", "--json", "--series", "seriesaaaa"))["data"]


def test_an_erasure_changes_no_digest_of_a_moment_before_it(
    command: Command, database_url: str, tmp_path: Path
) -> None:
    """The digests name contents and hold none: what was erased since is not missed."""

    async def write() -> int:
        async with a_told_log(database_url, tmp_path) as told:
            await told.log.close()
            return len(told.records)

    count = uvloop.run(write())
    before = [printed(command("replay", "--json", "--as-of", str(at)))["data"] for at in range(1, count, 7)]

    async def erase() -> None:
        async with connected(database_url, None, "test") as connection:
            await connection.execute("ALTER TABLE log.content DISABLE TRIGGER USER")
            await connection.execute("DELETE FROM log.content")

    uvloop.run(erase())
    assert before == [printed(command("replay", "--json", "--as-of", str(at)))["data"] for at in range(1, count, 7)]


def changed(bundle: Path, target: Path, member: str, old: str, new: str) -> Path:
    """The bundle with a member in which the first `old` is `new`."""
    with ZipFile(bundle) as there, ZipFile(target, "w") as made:
        for name in there.namelist():
            text = there.read(name)
            if name == member:
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode(), 1)
            made.writestr(name, text)
    return target


@pytest.mark.parametrize(
    ("member", "old", "new", "says"),
    [
        ("gaps.json", '"reason":"released"', '"reason":"expired"', 'gaps.json[0].data[0].reason: the bundle says "ex'),
        ("gaps.json", '"standing":', '"standing":1', "gaps.json[0].equation.standing: the bundle says 1"),
        ("register.json", '"fate":"standing"', '"fate":"voided"', "register.json[0].data[0].fate: the bundle says"),
        ("register.json", '{"object"', '{ "object"', "register.json, byte 2: it says the same as the events, but"),
        ("gaps.json", '[{"object"', '[{"more":1,"object"', "gaps.json[0].more: the bundle says 1, the events say noth"),
    ],
    ids=["reason", "equation", "fate", "blank", "more"],
)
def test_the_first_difference_of_a_report_is_named(
    command: Command, database_url: str, tmp_path: Path, member: str, old: str, new: str, says: str
) -> None:
    async def export() -> Path:
        async with a_told_log(database_url, tmp_path) as told:
            return await a_bundle(told.log, tmp_path / "whole.zip")

    bundle = uvloop.run(export())
    assert command("replay", "--quiet", str(bundle)).stdout.endswith("byte for byte\n")
    found = command("replay", "--quiet", str(changed(bundle, tmp_path / "other.zip", member, old, new)))
    assert found.exit_code == 1
    assert says in found.stdout
    assert "are not those that its events make" in found.stderr


def says(outcome: Outcome) -> str:
    """The sentence of a failure."""
    assert outcome.exit_code == 1
    return outcome.stderr


def test_a_stream_with_a_hole_and_a_file_that_is_no_bundle_are_refused(
    command: Command, nats_url: str, tmp_path: Path
) -> None:
    assert "there is no stream" in says(command("replay", "--stream", NATS_URL=nats_url))
    (tmp_path / "no.zip").write_bytes(b"PK")
    assert "is no bundle" in says(command("replay", str(tmp_path / "no.zip")))


def test_gaps_of_two_moments_are_compared(command: Command, database_url: str, tmp_path: Path) -> None:
    async def write() -> list[Record]:
        async with a_told_log(database_url, tmp_path) as told:
            return list(told.records)

    records = uvloop.run(write())
    explained = next(record for record in records if event_tag(record.event) == "gap-explained/1")
    moments = ("--as-of", str(explained.position), "--compare", str(explained.position - 1))
    found = printed(command("gaps", *moments, "--json"))["data"]
    assert [each["series_name"] for each in found] == ["FACT"]
    assert [event["type"] for event in found[0]["events"]] == ["gap-explained/1"]
    assert [change["after"]["is_explained"] for change in found[0]["changed"]] == [True]
    said = command("gaps", *moments).stdout
    assert "gap 12 (withdrawn) has another explanations, is explained; explained by the event at position" in said
    assert "\nnew gap " in command("gaps", "--compare", "1").stdout
    assert command("gaps", "--as-of", "5", "--compare", "5").stdout.endswith("nothing changed\n")
