"""PostgreSQL started by root: it runs as another user that can reach the files, else as nobody in a user namespace."""

import os
import signal
from pathlib import Path

import pytest

from service.embedded import CannotStartError, EmbeddedPostgres
from service.embedded.identity import UNPRIVILEGED, identity_for
from tests.embedded.processes import ask, is_gone, is_root, owner_of, parent_of_servers
from tests.support.servers.parts import FAST

as_root = pytest.mark.skipif(not is_root(), reason="concerns root alone")


@as_root
async def test_root_becomes_another_user_where_that_user_can_reach_the_files(
    own_binaries: Path, postgres_dir: Path
) -> None:
    identity = identity_for(own_binaries / "postgres", postgres_dir)
    assert identity.name.removeprefix("user ") in UNPRIVILEGED
    with EmbeddedPostgres(postgres_dir, FAST, own_binaries) as server:
        assert await ask(server.url, "SELECT 1") == 1
        assert server.pid is not None
        assert owner_of(server.pid) == identity.user != 0


@as_root
def test_root_becomes_nobody_in_a_namespace_where_the_programs_are_closed(own_binaries: Path, parts_dir: Path) -> None:
    programs_of(own_binaries).chmod(0o700)
    with parent_of_servers(parts_dir, own_binaries) as started:
        assert Path(f"/proc/{started.postgres}/uid_map").read_text().split() == ["65534", "0", "1"]
        assert owner_of(started.postgres) == 0
        os.kill(started.parent, signal.SIGKILL)
        assert is_gone(started.postgres)
        assert is_gone(started.nats)


@as_root
async def test_data_made_as_one_identity_is_found_by_another(own_binaries: Path, data_dir: Path) -> None:
    programs_of(own_binaries).chmod(0o700)
    place = data_dir / "postgres"
    with EmbeddedPostgres(place, FAST, own_binaries) as server:
        await ask(server.url, "CREATE TABLE kept (number bigint)")
    made_by = owner_of_directory(place / "cluster")
    programs_of(own_binaries).chmod(0o711)
    with EmbeddedPostgres(place, FAST, own_binaries) as server:
        assert await ask(server.url, "SELECT count(*) FROM kept") == 0
    assert owner_of_directory(place / "cluster") != made_by == 0
    programs_of(own_binaries).chmod(0o700)
    with EmbeddedPostgres(place, FAST, own_binaries) as server:
        assert await ask(server.url, "SELECT count(*) FROM kept") == 0


def test_when_nobody_can_run_it_the_error_says_what_to_do(data_dir: Path) -> None:
    with pytest.raises(CannotStartError) as refusal:
        identity_for(data_dir / "nowhere" / "postgres", data_dir)
    for part in ("No such file", "ordinary user", "NUMBERING_DATA_DIR"):
        assert part in str(refusal.value)


def owner_of_directory(path: Path) -> int:
    """The user that owns a directory."""
    return path.stat().st_uid


def programs_of(binaries: Path) -> Path:
    """The directory a test may close: it holds the programs, and nothing else is in it."""
    return binaries.parents[2]
