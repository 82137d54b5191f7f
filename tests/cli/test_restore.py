"""The rehearsal of the guide: dump, restore into an empty cluster, compare digests, issue the next number."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from schemas.values import Position
from service.embedded import EmbeddedNats, EmbeddedPostgres
from service.embedded.postgres_binaries import find_binaries
from service.log.migrating.migrate import OwnersLostError, migrate
from service.log.migrating.schema_fit import SchemaUnfitError, require_fit
from service.log.postgres_log import PostgresLog
from tests.source.code import ROOT
from tests.source.guides import block
from tests.support.domain.invariants import check_invariants
from tests.support.nats.relays import DEADLINE_SECONDS, STREAM, stranger
from tests.support.servers.directories import server_directory
from tests.support.servers.parts import nats_program
from tests.support.service.command_line import Outcome, printed, refused, run_apart
from tests.support.service.firms import a_firm
from tests.support.service.service_process import ServiceProcess
from tests.support.service.till import Acknowledged, Till

FAST = {"fsync": "off"}
WEB = ("serve", "--web-only")
PRIVILEGES = "SELECT kind, name, privilege, grantee FROM log.privilege ORDER BY 1, 2, 3, 4"
OWNERS = "SELECT kind, name, pg_get_userbyid(owner) AS owner FROM log.ownership ORDER BY 1, 2"
PROJECTIONS = """
    WITH own AS (
        SELECT n.nspname AS place, n.nspowner AS owner, n.nspacl AS acl FROM pg_namespace AS n
        UNION ALL
        SELECT n.nspname || '.' || c.relname, c.relowner, c.relacl
        FROM pg_class AS c INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        WHERE c.relkind = 'r'
    )
    SELECT o.place, pg_get_userbyid(o.owner)::text, a.privilege_type, pg_get_userbyid(a.grantee)::text
    FROM own AS o CROSS JOIN LATERAL aclexplode(o.acl) AS a
    WHERE split_part(o.place, '.', 1) IN ('counters', 'gaps', 'history', 'invoices', 'register')
    ORDER BY 1, 2, 3, 4
"""


class Place:
    """A cluster of its own, and the data directory of the installation, which outlives it."""

    def __init__(self, postgres: EmbeddedPostgres, directory: Path, nats_url: str) -> None:
        self.url, self.directory, self.nats_url = postgres.url, directory, nats_url

    def environment(self) -> dict[str, str]:
        """What every command is told."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
        given = {"DATA_DIR": str(self.directory), "DATABASE_URL": self.url, "NATS_URL": self.nats_url}
        return inherited | {f"NUMBERING_{name}": value for name, value in given.items()}

    def command(self, *arguments: str) -> Outcome:
        """`numbering ARGUMENTS`."""
        return run_apart(arguments, self.environment())

    def shell(self, text: str) -> subprocess.CompletedProcess[str]:
        """A block of the guide, run in a directory that holds the dump; it stops at the first command that fails."""
        binaries, _ = find_binaries(None)
        environment = self.environment() | {"PATH": f"{binaries}:{os.environ['PATH']}"}
        text = text.replace(".venv/bin/numbering", str(ROOT / ".venv/bin/numbering"))
        command = ["bash", "-e", "-c", text]
        return subprocess.run(
            command, cwd=self.directory, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    def digests(self) -> list[list[str]]:
        """Name, position and digest of every projection."""
        told = self.command("rebuild", "all")
        assert told.exit_code == 0, told.stderr
        return [[line.split()[0], *line.split()[2:4]] for line in told.stdout.splitlines()[1:]]

    async def rights(self) -> list[list[tuple[Any, ...]]]:
        """Who owns what, and who may do what."""
        connection = await asyncpg.connect(self.url)
        try:
            return [
                [tuple(row) for row in await connection.fetch(query)] for query in (PRIVILEGES, OWNERS, PROJECTIONS)
            ]
        finally:
            await connection.close()


@pytest.fixture
def nats(data_dir: Path) -> Iterator[EmbeddedNats]:
    """A NATS server of the installation's own."""
    with EmbeddedNats(data_dir / "nats", nats_program()) as running:
        yield running


@pytest.fixture
def places(tmp_path: Path, nats: EmbeddedNats) -> Iterator[tuple[Place, Place]]:
    """The old cluster, migrated, and an empty new one."""
    with ExitStack() as stack:
        found: list[Place] = []
        for name in ("old", "new"):
            above = stack.enter_context(server_directory())
            postgres = stack.enter_context(EmbeddedPostgres(above / name, FAST))
            found.append(Place(postgres, tmp_path, nats.url))
        old, new = found
        yield old, new


class Work:
    """A till that works on whichever process serves."""

    def __init__(self, session: aiohttp.ClientSession, credential: str) -> None:
        self.service: ServiceProcess | None = None
        self.till = Till(session, credential, lambda: self.service.base_url if self.service else "")
        self.series_id = ""
        self.done = Acknowledged()

    async def some(self, place: Place) -> None:
        """Start the service, issue two numbers, have them published and projected, and stop it."""
        async with self.serving(ServiceProcess(place.directory, place.url, place.nats_url)):
            self.series_id = self.series_id or await self.till.open_series("FACT", is_locked=True)
            for _ in range(2):
                await self.till.issue(self.series_id, self.done)
            await published(place)

    def serving(self, service: ServiceProcess, *, is_waiting: bool = False) -> "_Serving":
        """The service, until the block ends."""
        return _Serving(self, service, is_waiting=is_waiting)


class _Serving:
    def __init__(self, work: Work, service: ServiceProcess, *, is_waiting: bool) -> None:
        self._work, self._service, self._is_waiting = work, service, is_waiting

    async def __aenter__(self) -> ServiceProcess:
        self._work.service = self._service
        await (self._service.start_waiting() if self._is_waiting else self._service.start())
        return self._service

    async def __aexit__(self, *_: object) -> None:
        if self._service.is_running:
            self._service.stop()


async def published(place: Place) -> None:
    """Wait until the stream ends where the log ends."""
    log = await PostgresLog.open(place.url)
    try:
        async with stranger(place.nats_url) as jetstream, asyncio.timeout(DEADLINE_SECONDS):
            while (await jetstream.stream_info(STREAM)).state.last_seq < await log.head():
                await asyncio.sleep(0.01)
        check_invariants(await log.read(Position(0), 1_000_000))
    finally:
        await log.close()


async def test_a_dump_in_an_empty_cluster_has_all_its_digests_and_rights_and_goes_on(
    places: tuple[Place, Place],
) -> None:
    """The three commands of the guide, and before them a process that waits for the last one."""
    old, new = places
    assert old.command("migrate").exit_code == 0
    firm = await a_firm(old.url, old.directory / "keys.json")
    async with aiohttp.ClientSession() as session:
        work = Work(session, firm.device_a)
        await work.some(old)
        before, rights = old.digests(), await old.rights()
        dumped = old.shell(block("deploy/guide/restoring.md", "bash"))
        assert dumped.returncode == 0, dumped.stderr

        restoring = block("deploy/guide/restoring.md", "bash", 2)
        restore, rest = restoring.split("\n", 1)
        assert new.shell(restore).returncode == 0
        assert "not prepared, or its roles are missing" in refused(new.command(*WEB))
        migrated, resumed = rest.strip().split("\n")
        assert new.shell(migrated).returncode == 0
        assert await new.rights() == rights
        waiting = ServiceProcess(new.directory, new.url, new.nats_url, WEB)
        async with work.serving(waiting, is_waiting=True):
            assert "from another one" in waiting.said()
            told = new.shell(resumed)
            assert told.returncode == 0, told.stderr
            await waiting.until_status("/readyz", 200)
            assert new.digests() == before
            after = Acknowledged()
            await work.till.issue(work.series_id, after)
            assert list(after.issued) == [max(work.done.issued) + 1]


async def test_a_dump_that_was_restored_with_errors_is_put_right_by_migrate(places: tuple[Place, Place]) -> None:
    """As `pg_restore` does it by default: roles are not in a dump, and every grant and owner fails."""
    old, new = places
    assert old.command("migrate").exit_code == 0
    assert old.command("rebuild", "all").exit_code == 0
    rights = await old.rights()
    assert old.shell(block("deploy/guide/restoring.md", "bash")).returncode == 0
    restored = new.shell('pg_restore --dbname="$NUMBERING_DATABASE_URL" numbering.dump')
    assert "does not exist" in restored.stderr
    assert restored.returncode == 1
    printed(new.command("migrate"))
    assert await new.rights() == rights
    await require_fit(new.url)


@pytest.mark.parametrize("left", ["whole", "empty", "none"])
async def test_an_older_dump_is_told_from_the_newest_by_what_is_left_beside_it(
    places: tuple[Place, Place], nats: EmbeddedNats, data_dir: Path, left: str
) -> None:
    """Beside the whole stream its tail comes back; beside an empty one, or none, the mark makes an operator decide."""
    old, new = places
    assert old.command("migrate").exit_code == 0
    firm = await a_firm(old.url, old.directory / "keys.json")
    async with aiohttp.ClientSession() as session:
        work = Work(session, firm.device_a)
        await work.some(old)
        assert old.shell(block("deploy/guide/restoring.md", "bash")).returncode == 0
        await work.some(old)
        lost = set(work.done.issued)
        if left == "empty":
            forget(nats, data_dir)
        if left == "none":
            new.nats_url = ""
        told = new.shell(block("deploy/guide/restoring.md", "bash", 2))
        assert told.returncode == 1
        if left == "whole":
            assert "adopt-tail" in told.stderr
            printed(new.command("adopt-tail"))
        else:
            assert "--accept-loss" in told.stderr
            printed(new.command("resume", "--accept-loss"))
        async with work.serving(ServiceProcess(new.directory, new.url, new.nats_url, WEB)):
            after = Acknowledged()
            await work.till.issue(work.series_id, after)
        assert (set(after.issued) & lost == set()) is (left == "whole")


def forget(nats: EmbeddedNats, data_dir: Path) -> None:
    """Lose the store of NATS."""
    nats.kill()
    shutil.rmtree(data_dir / "nats" / "store")
    nats.start()


async def test_an_old_program_refuses_a_newer_schema_and_a_new_one_an_older(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("INSERT INTO numbering_migration VALUES ('0099_future', 'x')")
        for refuses in (migrate, require_fit):
            with pytest.raises(SchemaUnfitError, match=r"newer release .* 0099_future"):
                await refuses(database_url)
        await connection.execute("DELETE FROM numbering_migration WHERE name IN ('0099_future', '0006_installation')")
        with pytest.raises(SchemaUnfitError, match=r"older release .* 0006_installation .* `numbering migrate`"):
            await require_fit(database_url)
        await connection.execute("DROP TABLE numbering_migration")
        with pytest.raises(SchemaUnfitError, match="not prepared"):
            await require_fit(database_url)
    finally:
        await connection.close()


async def test_a_copy_whose_owners_nobody_noted_is_named_and_left_alone(database_url: str) -> None:
    """A dump of the release before notes nothing; restored without roles, it must be restored once more."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("DROP TABLE log.noted_owner")
        await connection.execute("ALTER SCHEMA log OWNER TO CURRENT_USER")
        with pytest.raises(OwnersLostError, match="restore the copy once more"):
            await migrate(database_url)
    finally:
        await connection.close()


async def test_what_an_operator_granted_stays_when_migrate_puts_privileges_right(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("GRANT SELECT ON log.event TO pg_monitor")
        await connection.execute("REVOKE SELECT ON log.event FROM numbering_reader")
        await connection.execute("GRANT EXECUTE ON FUNCTION log.halt TO PUBLIC")
        assert await migrate(database_url) == []
        rows = await connection.fetch("SELECT name, grantee FROM log.privilege WHERE name LIKE 'log.event%'")
        assert {"pg_monitor", "numbering_reader"} <= {row["grantee"] for row in rows}
        halting = await connection.fetch("SELECT grantee FROM log.privilege WHERE name LIKE 'log.halt(%'")
        assert [row["grantee"] for row in halting] == ["numbering_writer"]
    finally:
        await connection.close()
