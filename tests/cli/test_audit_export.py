"""`numbering audit export`, as an operator uses it (service/evidence/README.md section 9)."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.support.domain.commands import FIRM, NOW
from tests.support.evidence.bundle_reader import ReadBundle
from tests.support.evidence.bundles import a_told_log, with_firms, witness_signers
from tests.support.evidence.sealing import rewrite, rewriting
from tests.support.service.command_line import SECONDS_MAX, Command, printed, refused

EXPORT = ("audit", "export", "--firm", FIRM, "--out")
HEAD = 46


@pytest.fixture
def told_database(database_url: str, tmp_path: Path) -> str:
    """A database whose log holds every kind of event, sealed."""

    async def make() -> None:
        async with a_told_log(database_url, tmp_path) as told:
            assert len(told.records) == HEAD

    asyncio.run(make())
    return database_url


@contextmanager
def contents_held(database_url: str) -> Generator[None]:
    """Nobody can read contents during the block, so an export stands still before it is done."""
    runner = asyncio.Runner()
    connection = runner.run(asyncpg.connect(database_url))
    runner.run(connection.execute("BEGIN; LOCK TABLE log.content IN ACCESS EXCLUSIVE MODE"))
    try:
        yield
    finally:
        runner.run(connection.close())
        runner.close()


def test_an_operator_exports_what_an_auditor_verifies(told_database: str, command: Command, tmp_path: Path) -> None:
    witnesses = tmp_path / "witnesses"
    witnesses.write_text("".join(f"{signer.verifier_key} http://127.0.0.1:9\n" for signer in witness_signers()))
    said = printed(command(*EXPORT, str(tmp_path / "a.zip"), EVIDENCE_WITNESSES_FILE=str(witnesses)))
    read = ReadBundle(tmp_path / "a.zip").checked()
    assert said == {"file": str(tmp_path / "a.zip"), "bytes": len(read.raw)} | {
        name: read.manifest[name] for name in said if name not in {"file", "bytes"}
    }
    assert read.witness_keys == [str(signer.verifier_key) for signer in witness_signers()]
    assert (read.manifest["position"], read.manifest["series"], read.manifest["has_bodies"]) == (HEAD, None, False)
    assert (tmp_path / "a.zip").stat().st_mode & 0o777 == 0o600

    where = ("--series", "STORE", "--as-of", "40", "--bodies", "--mode", "live")
    printed(command(*EXPORT, str(tmp_path / "b.zip"), *where))
    read = ReadBundle(tmp_path / "b.zip").checked()
    assert (read.manifest["position"], len(read.gaps), read.manifest["has_bodies"]) == (40, 1, True)

    period = ("--from", "2027-01-01", "--to", "2027-01-15")
    said = printed(command(*EXPORT, str(tmp_path / "c.zip"), *period, TIME_ZONE="UTC"))
    assert (said["from"], said["to"], said["position"], said["as_of"] >= NOW) == (*period[1::2], HEAD, True)
    said = printed(command(*EXPORT, str(tmp_path / "d.zip"), "--to", "2027-01-14"))
    assert (said["from"], said["to"], said["position"], said["events"]) == (None, "2027-01-14", 0, 0)
    ReadBundle(tmp_path / "d.zip").checked()


def test_an_export_that_cannot_be_made_says_why(told_database: str, command: Command, tmp_path: Path) -> None:
    target = tmp_path / "a.zip"
    assert "no firm nobody" in refused(command("audit", "export", "--firm", "nobody", "--out", str(target)))
    assert "no series NONE" in refused(command(*EXPORT, str(target), "--series", "NONE"))
    assert "cannot write" in refused(command(*EXPORT, str(tmp_path / "no" / "a.zip")))
    for wrong in (("--to", "2027-01-15", "--as-of", "3"), ("--from", "2027-01-16", "--to", "2027-01-15")):
        assert command(*EXPORT, str(target), *wrong).exit_code == 2

    target.write_bytes(b"mine")
    assert "is there already" in refused(command(*EXPORT, str(target)))
    assert target.read_bytes() == b"mine"
    target.unlink()

    async def flip() -> None:
        async with rewriting(told_database) as connection:
            await rewrite(connection, "delete", 9)

    asyncio.run(flip())
    assert "contradicts what was signed, so no file was made: event 9 is missing" in refused(
        command(*EXPORT, str(target))
    )
    assert [path.name for path in tmp_path.glob("*.zip*")] == []


def test_nothing_is_exported_before_the_first_note(database_url: str, command: Command, tmp_path: Path) -> None:
    asyncio.run(with_firms(database_url))
    assert "nothing of the log is sealed yet" in refused(command(*EXPORT, str(tmp_path / "a.zip")))


def test_an_export_that_is_killed_leaves_no_file(told_database: str, command: Command, tmp_path: Path) -> None:
    target, part = tmp_path / "a.zip", tmp_path / "a.zip.part"
    environment = os.environ | {"NUMBERING_DATABASE_URL": told_database, "NUMBERING_DATA_DIR": str(tmp_path / "data")}
    with contents_held(told_database):
        export = subprocess.Popen([sys.executable, "-m", "service", *EXPORT, str(target)], env=environment)
        deadline = time.monotonic() + SECONDS_MAX
        while not part.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        export.send_signal(signal.SIGKILL)
        export.wait(SECONDS_MAX)
    assert part.exists()
    assert not target.exists()

    printed(command(*EXPORT, str(target)))
    ReadBundle(target).checked()
    assert not part.exists()
