"""What decides whether a process may issue: a mark in the data directory, the NATS stream, and the server itself.

DESIGN.md section 6 has the table.
"""

import shutil
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace

from schemas.record import StoredRecord, encode_record
from schemas.values import DEFAULT_LOG, LogId, Position, UnixSeconds
from service.comparing import Comparing, Witness, may_issue
from service.embedded import EmbeddedPostgres
from service.health import Finding, Health
from service.log.adoption import resume
from service.log.event_log import LogHaltedError
from service.log.gate import Gate
from service.log.identity import LogIdentity
from service.log.mark import MarkFile, MarkUnreadableError, contradiction, mark_of
from service.log.migrating.migrate import migrate
from service.log.postgres_log import PostgresLog
from service.watching.server_check import server_check
from tests.support.domain.batches import a_batch, a_working_day
from tests.support.servers.directories import server_directory
from tests.support.tasks import running_beside
from tests.support.waiting import until

DAY = a_working_day()
STORED = [StoredRecord(record, encode_record(record)) for record in DAY.records]
HERE = LogIdentity(installation="one", lineage="first", given_up=frozenset(), home="7", system="7", timeline=2)
NOW = UnixSeconds(1_800_000_000)


@pytest.mark.parametrize(
    ("file", "stream", "may"),
    [
        (Witness.AGREES, Witness.AGREES, True),
        (Witness.AGREES, Witness.AWAY, True),
        (Witness.AGREES, Witness.SILENT, True),
        (Witness.AGREES, Witness.NONE, True),
        (Witness.SILENT, Witness.AGREES, True),
        (Witness.SILENT, Witness.SILENT, True),
        (Witness.SILENT, Witness.NONE, True),
        (Witness.SILENT, Witness.AWAY, False),
        (Witness.CONTRADICTS, Witness.AGREES, False),
        (Witness.CONTRADICTS, Witness.AWAY, False),
        (Witness.CONTRADICTS, Witness.NONE, False),
        (Witness.AGREES, Witness.CONTRADICTS, False),
        (Witness.SILENT, Witness.CONTRADICTS, False),
    ],
)
def test_a_contradiction_stops_and_one_agreement_is_enough(file: Witness, stream: Witness, *, may: bool) -> None:
    assert may_issue(file, stream) is may


def test_a_log_that_holds_what_the_mark_knows_is_the_mark_s_also_when_it_has_grown() -> None:
    mark = mark_of(HERE, DEFAULT_LOG, STORED[3], NOW)
    assert contradiction(mark, HERE, STORED[3]) is None
    assert contradiction(mark_of(HERE, DEFAULT_LOG, None, NOW), HERE, None) is None


@pytest.mark.parametrize("there", [None, STORED[4]], ids=["an older copy", "another history"])
def test_a_log_without_the_mark_s_event_has_lost_its_end(there: StoredRecord | None) -> None:
    found = contradiction(mark_of(HERE, DEFAULT_LOG, STORED[3], NOW), HERE, there)
    assert found is not None
    assert (found.is_loss, found.is_log_wrong) == (True, True)
    assert "numbering adopt-tail" in found.because
    assert "numbering resume --accept-loss" in found.because


def test_another_installation_is_named_and_its_log_is_not_halted() -> None:
    found = contradiction(mark_of(HERE, DEFAULT_LOG, STORED[3], NOW), replace(HERE, installation="two"), None)
    assert found is not None
    assert (found.is_loss, found.is_log_wrong) == (True, False)
    assert "installation two" in found.because


def test_a_promotion_with_a_head_that_is_not_behind_is_normal_and_the_old_primary_is_refused() -> None:
    mark = mark_of(HERE, DEFAULT_LOG, STORED[3], NOW)
    assert contradiction(mark, replace(HERE, timeline=3), STORED[3]) is None
    zombie = contradiction(mark, replace(HERE, timeline=1), STORED[3])
    assert zombie is not None
    assert not zombie.is_loss
    assert "primary from before a failover" in zombie.because
    assert contradiction(mark, replace(HERE, timeline=None), STORED[3]) is None


def test_a_mark_of_a_history_whose_loss_was_accepted_says_nothing_any_more() -> None:
    mark = mark_of(HERE, DEFAULT_LOG, STORED[3], NOW)
    after = replace(HERE, lineage="second", given_up=frozenset({"first"}))
    assert contradiction(mark, after, None) is None
    assert contradiction(replace(mark, lineage="second"), after, None) is not None


def test_the_latest_mark_stays_and_force_replaces_it(tmp_path: Path) -> None:
    file = MarkFile(tmp_path / "made", LogId(1))
    assert file.read() is None
    later, earlier = (mark_of(HERE, DEFAULT_LOG, STORED[at], NOW) for at in (4, 2))
    for mark, kept in ((later, later), (earlier, later)):
        file.keep(mark)
        assert file.read() == kept
    file.keep(earlier, is_forced=True)
    assert file.read() == earlier
    file.path.write_bytes(b"{")
    with pytest.raises(MarkUnreadableError):
        file.read()


@asynccontextmanager
async def the_log(url: str) -> AsyncGenerator[PostgresLog]:
    """The log of a database."""
    log = await PostgresLog.open(url)
    try:
        yield log
    finally:
        await log.close()


async def compared(log: PostgresLog, directory: Path) -> Gate:
    """The gate of a process that starts on this log with the mark in this directory, and no NATS."""
    gate = Gate()
    head = await log.head()
    comparing = Comparing(log, gate, MarkFile(directory, log.log_id), None, known=lambda: head, clock=lambda: NOW)
    await comparing.compare()
    await comparing.keep_mark()
    return gate


async def test_a_log_that_lost_its_end_is_halted_for_every_process(database_url: str, tmp_path: Path) -> None:
    async with the_log(database_url) as log:
        await log.append(Position(0), a_batch(DAY.records[:3]))
        identity = await log.identity()
        MarkFile(tmp_path, log.log_id).keep(mark_of(identity, log.log_id, STORED[5], NOW))
        gate = await compared(log, tmp_path)
        assert gate.because is not None
        assert "event 6 was written, and is not there now" in gate.because
        assert await log.halted() == gate.because
        with pytest.raises(LogHaltedError):
            await log.append(Position(3), a_batch(DAY.records[3:]))


async def test_a_mark_that_cannot_be_read_stops_a_process_and_no_other(database_url: str, tmp_path: Path) -> None:
    async with the_log(database_url) as log:
        file = MarkFile(tmp_path, log.log_id)
        file.path.write_bytes(b"nonsense")
        gate = await compared(log, tmp_path)
        assert "numbering resume" in str(gate.because)
        assert await log.halted() is None


async def test_where_no_mark_can_be_written_a_process_goes_on(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    async with the_log(database_url) as log:
        assert (await compared(log, tmp_path / "file" / "below")).because is None


class OwnPostgres:
    """A server of the test's own, to promote and to copy."""

    def __init__(self, server: EmbeddedPostgres, cluster: Path) -> None:
        self._server, self._cluster = server, cluster
        self.url = server.url

    def promote(self, kept: Path) -> None:
        """Have it recover to its end, as a standby does that becomes primary; the copy `kept` stays behind."""
        self._server.stop()
        shutil.copytree(self._cluster, kept)
        (self._cluster / "recovery.signal").touch()
        self._server.start()

    def bring_back(self, kept: Path) -> None:
        """Have the copy that stayed behind answer in its place."""
        self._server.stop()
        shutil.rmtree(self._cluster)
        shutil.copytree(kept, self._cluster)
        self._server.start()

    async def is_primary(self) -> bool:
        """Whether it has recovered."""
        connection = await asyncpg.connect(self.url)
        try:
            return not await connection.fetchval("SELECT pg_is_in_recovery()")
        finally:
            await connection.close()


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    """The server, running."""
    options = {"restore_command": "false", "fsync": "off"}
    with server_directory() as directory, EmbeddedPostgres(directory / "postgres", options) as server:
        yield OwnPostgres(server, directory / "postgres" / "cluster")


async def a_running_process_refuses_the_old_primary(
    own_postgres: OwnPostgres, log: PostgresLog, directory: Path
) -> None:
    """It has a mark, or none; and a process that issues nothing is not ready there."""
    head = await log.head()
    gates: list[Gate] = []
    comparings: list[Comparing] = []
    for marks in (MarkFile(directory, log.log_id), MarkFile(directory / "log" / "nowhere", log.log_id)):
        gates.append(Gate())
        comparings.append(Comparing(log, gates[-1], marks, None, known=lambda: head, clock=lambda: NOW))
    (directory / "log").write_text("no directory")
    unmarked, marked = (server_check(log, MarkFile(directory / name, log.log_id)) for name in ("empty", "."))
    assert await unmarked() == await marked() == Finding(Health.OK)
    async with running_beside(comparings[0].run()), running_beside(comparings[1].run()):
        await until(lambda: [gate.because for gate in gates] == [None, None])
        kept = MarkFile(directory, log.log_id).read()
        own_postgres.bring_back(directory / "kept")
        await until(lambda: all("timeline 1, and the log was on 2" in str(gate.because) for gate in gates))
        assert MarkFile(directory, log.log_id).read() == kept
        assert [(await check()).health for check in (unmarked, marked)] == [Health.DOWN, Health.DOWN]
        assert "newer timeline" in str((await unmarked()).because)


async def test_a_promoted_server_is_followed_and_the_old_one_is_refused_until_an_operator_means_it(
    own_postgres: OwnPostgres, tmp_path: Path
) -> None:
    """A promotion raises the timeline; a copy of the cluster that stayed behind plays the old primary."""
    marks = MarkFile(tmp_path, DEFAULT_LOG)
    await migrate(own_postgres.url)
    async with the_log(own_postgres.url) as log:
        await log.append(Position(0), a_batch(DAY.records))
        assert (await compared(log, tmp_path)).because is None
        first = marks.read()
        assert first is not None
    own_postgres.promote(tmp_path / "kept")
    await until(own_postgres.is_primary)
    async with the_log(own_postgres.url) as log:
        assert (await compared(log, tmp_path)).because is None
        second = marks.read()
        assert second is not None
        assert (first.timeline, second.timeline) == (1, 2)
        assert first.system == second.system
        await a_running_process_refuses_the_old_primary(own_postgres, log, tmp_path)
    async with the_log(own_postgres.url) as log:
        gate = await compared(log, tmp_path)
        assert "timeline 1, and the log was on 2 already" in str(gate.because)
        assert await log.halted() is None
        await resume(own_postgres.url, log.log_id, begins_lineage=True)
        assert (await compared(log, tmp_path)).because is None
