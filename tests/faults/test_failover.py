"""The primary dies and a standby is promoted: the service follows by its list of hosts, and loses nothing."""

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg

from schemas.values import Position
from service.embedded import EmbeddedPostgres
from service.embedded.postgres_binaries import find_binaries
from service.log.migrating.migrate import migrate
from service.log.postgres_log import PostgresLog
from tests.support.domain.invariants import check_invariants
from tests.support.service.firms import a_firm
from tests.support.service.service_process import ServiceProcess, services
from tests.support.service.till import Acknowledged, Till
from tests.support.waiting import until

CALLERS, ROUNDS = 6, 40


def a_standby(primary: EmbeddedPostgres, directory: Path) -> EmbeddedPostgres:
    """A copy of the primary that follows it, not started yet."""
    (directory / "password").write_text(f"{urlsplit(primary.url).password}\n")
    (directory / "password").chmod(0o600)
    binaries, _ = find_binaries(None)
    command: list[str | Path] = [
        binaries / "pg_basebackup",
        "-D",
        directory / "cluster",
        "-d",
        primary.url,
        "-R",
        "--checkpoint=fast",
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return EmbeddedPostgres(directory, {"fsync": "off"})


def both(primary: EmbeddedPostgres, standby: EmbeddedPostgres) -> str:
    """The URL that names both; the one that can be written to is used."""
    first, second = urlsplit(primary.url), urlsplit(standby.url)
    user = first.netloc.rpartition("@")[0]
    hosts = f"{user}@{first.hostname}:{first.port},{second.hostname}:{second.port}"
    return first._replace(netloc=hosts, query="target_session_attrs=read-write").geturl()


async def test_the_service_follows_the_primary_and_loses_nothing(nats_url: str, data_dir: Path, tmp_path: Path) -> None:
    for each in ("primary", "standby"):
        (data_dir / each).mkdir(0o711)
    kept = Acknowledged()
    with EmbeddedPostgres(data_dir / "primary", {"fsync": "off"}) as primary:
        await migrate(primary.url)
        firm = await a_firm(primary.url, tmp_path / "keys.json")
        with a_standby(primary, data_dir / "standby") as standby:
            admin = await asyncpg.connect(primary.url)
            await admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            await admin.execute("SELECT pg_reload_conf()")
            await until(lambda: follows(admin), "the standby is synchronous")
            await admin.close()
            service = ServiceProcess(tmp_path, both(primary, standby), nats_url)
            async with services(service), aiohttp.ClientSession() as client:
                till = Till(client, firm.device_a, lambda: service.base_url)
                series_id = await till.open_series("FACT")

                async def fail_over() -> None:
                    primary.kill()
                    await promote(standby)

                await till.issue_through(series_id, kept, fail_over, callers=CALLERS, rounds=ROUNDS)
                await service.until_status("/readyz", 200)

            log = await PostgresLog.open(both(primary, standby))
            check_invariants(await log.read(Position(0), 1_000_000))
            await log.close()
    assert kept.doubled == []
    assert len(kept.issued) == CALLERS * ROUNDS
    assert sorted(kept.issued) == list(range(1, max(kept.issued) + 1))


async def follows(admin: asyncpg.Connection) -> bool:
    """Whether a commit waits for the standby."""
    return bool(await admin.fetchval("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"))


async def promote(standby: EmbeddedPostgres) -> None:
    """Make it a primary that waits for no other."""
    admin = await asyncpg.connect(standby.url)
    await admin.execute("SELECT pg_promote()")
    await admin.close()
