"""No server outlives its parent; if one does, the next start ends it."""

import os
import signal
from pathlib import Path

import pytest

from service.embedded import EmbeddedNats, EmbeddedParts, EmbeddedPostgres
from service.embedded.identity import identity_for
from service.embedded.process import command_of, own_identity, spawn, wait_until
from tests.embedded.processes import ON_LINUX, PATIENCE_SECONDS, ask, is_gone, parent_of_servers
from tests.support.servers.parts import FAST


@pytest.mark.skipif(not ON_LINUX, reason="only Linux signals the children of the dead")
async def test_a_killed_parent_leaves_no_server(parts_dir: Path) -> None:
    with parent_of_servers(parts_dir) as started:
        os.kill(started.parent, signal.SIGKILL)
        assert is_gone(started.postgres)
        assert is_gone(started.nats)

    with EmbeddedParts(parts_dir, postgres_options=FAST) as parts:
        assert await ask(parts.postgres_url, "SELECT 1") == 1
    recent = (parts_dir / "postgres" / "server.log").read_text().rpartition("listening on Unix socket")[2]
    assert "database system was shut down" in recent, "the server ended cleanly"


async def test_an_orphaned_postgres_is_ended_by_the_next_start(postgres: EmbeddedPostgres, postgres_dir: Path) -> None:
    postgres.start()
    assert postgres.pid is not None
    command = command_of(postgres.pid)
    postgres.stop()
    identity = identity_for(Path(command[0]), postgres_dir)
    orphan = spawn(command, postgres_dir, postgres_dir / "log", death_signal=signal.SIGINT, identity=identity)
    note = postgres_dir / "cluster" / "postmaster.pid"
    assert wait_until(lambda: note.exists() and "ready" in note.read_text(), PATIENCE_SECONDS)

    postgres.start()
    assert orphan.wait(PATIENCE_SECONDS) == 0, "a clean shutdown"
    assert await ask(postgres.url, "SELECT 1") == 1


def test_an_orphaned_nats_is_ended_by_the_next_start(nats: EmbeddedNats, data_dir: Path) -> None:
    nats.start()
    assert nats.pid is not None
    command = command_of(nats.pid)
    nats.stop()
    place = data_dir / "nats"
    orphan = spawn(command, place, place / "log", death_signal=signal.SIGTERM, identity=own_identity())
    note = place / "store" / "pid"
    assert wait_until(lambda: note.read_text().strip() == str(orphan.pid), PATIENCE_SECONDS)

    nats.start()
    orphan.wait(PATIENCE_SECONDS)
    assert nats.pid not in (None, orphan.pid)


def test_parts_that_cannot_all_start_leave_none_running(parts_dir: Path) -> None:
    parts = EmbeddedParts(parts_dir, postgres_options=FAST, nats_binary=parts_dir / "nowhere")
    with pytest.raises(Exception, match="nats-server"):
        parts.start()
    assert parts.postgres is not None
    assert parts.postgres.pid is None
    assert not (parts_dir / "postgres" / "cluster" / "postmaster.pid").exists()
