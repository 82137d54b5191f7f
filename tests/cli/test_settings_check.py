"""`numbering settings --check`: all that is wrong at once, before anything starts; a start refuses the same."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from service.access.key_file import ensure
from service.evidence.key_file import create
from tests.support.service.command_line import Command, printed, refused

CANARY = "kanarienvogel"


def wrong_files(directory: Path) -> dict[str, str]:
    """For each setting that names a file with a form of its own: one that holds something else."""
    path = directory / "wrong"
    path.touch(0o600)
    path.write_text(CANARY, "utf-8")
    names = ("KEYS", "EVIDENCE_KEYS", "JWKS", "EVIDENCE_WITNESSES", "TIMESTAMP_ROOTS", "NATS_NKEY_SEED", "NATS_CA")
    return {f"{name}_FILE": str(path) for name in names}


def test_every_fault_is_told_on_a_line_of_its_own(command: Command, tmp_path: Path) -> None:
    ended = command("settings", "--check", PORT="x", NOPE="1", NATS_PASSWORD="a", **wrong_files(tmp_path))
    assert ended.exit_code == 1
    faults = [line for line in ended.stdout.splitlines() if not line.startswith("note: ")]
    path = tmp_path / "wrong"
    assert [fault.partition(";")[0] for fault in faults] == [
        "NUMBERING_PORT is 'x'",
        "NUMBERING_NOPE is not a setting",
        "NUMBERING_NATS_PASSWORD is set, and NUMBERING_NATS_URL is not",
        f"the key file {path} is damaged",
        f"the file of the evidence keys {path} is damaged",
        f'the JWKS file {path} is not {{"keys": [...]}} of RFC 7517',
        f"the witnesses in {path} cannot be read: {CANARY!r} has no address after its key",
        faults[7],
        f"NUMBERING_NATS_NKEY_SEED_FILE is '{path}', which holds no seed of a user's nkey (one line that begins with "
        "SU)",
        f"NUMBERING_NATS_CA_FILE is '{path}', which holds no certificates in PEM form",
    ]
    assert faults[7].startswith(f"the root certificates in {path} cannot be read")


@pytest.mark.parametrize("job", [("serve", "--web-only"), ("up",)], ids=["serve", "up"])
def test_a_start_refuses_what_the_check_tells(command: Command, tmp_path: Path, job: tuple[str, ...]) -> None:
    files = wrong_files(tmp_path)
    told = printed_faults(command("settings", "--check", "--json", **files).stdout)
    assert len(told) == len(files)
    assert refused(command(*job, **files)) == "; ".join(told)


def printed_faults(text: str) -> list[str]:
    faults: list[str] = json.loads(text)["faults"]
    return faults


def test_what_is_missing_or_has_no_effect_is_a_note_and_no_fault(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLMODE", "disable")
    ended = command("settings", "--check")
    *notes, last = ended.stdout.splitlines()
    assert (ended.exit_code, last) == (0, "all good")
    assert [note.partition(": ")[0] for note in notes] == ["note"] * 4
    assert [
        name for name in ("NUMBERING_NATS_URL", "keys.json", "evidence.json", "PGSSLMODE") if name not in "".join(notes)
    ] == []

    monkeypatch.delenv("PGSSLMODE")
    ensure(tmp_path / "data" / "keys.json")
    create(tmp_path / "data" / "evidence.json", "numbers.example.com")
    assert printed(command("settings", "--check", "--json", NATS_URL="nats://a")) == {"faults": [], "notes": []}


def test_a_password_in_the_environment_of_libpq_is_not_used(
    command: Command, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = urlsplit(database_url)
    url = place._replace(netloc=f"{place.username}@{place.hostname}:{place.port}").geturl()
    monkeypatch.setenv("PGPASSWORD", place.password or "")
    assert "cannot use PostgreSQL" in refused(command("gaps", DATABASE_URL=url))
    assert command("gaps", DATABASE_URL=url, DATABASE_PASSWORD=place.password or "").exit_code == 0


def test_a_wrong_password_from_a_file_is_said_and_not_shown(
    command: Command, database_url: str, tmp_path: Path
) -> None:
    place = urlsplit(database_url)
    url = place._replace(netloc=f"{place.username}@{place.hostname}:{place.port}").geturl()
    file = tmp_path / "password"
    file.touch(0o600)
    file.write_text(CANARY, "utf-8")
    for given in ({"DATABASE_PASSWORD_FILE": str(file)}, {"DATABASE_PASSWORD": CANARY}):
        ended = command("gaps", DATABASE_URL=url, **given)
        assert "cannot use PostgreSQL" in ended.stderr
        assert CANARY not in ended.stdout + ended.stderr


@pytest.mark.parametrize("odd", "@:/?#")
def test_a_url_whose_password_was_not_encoded_is_not_shown(command: Command, odd: str) -> None:
    for variable in ("DATABASE_URL", "NATS_URL"):
        scheme = "postgresql" if variable == "DATABASE_URL" else "nats"
        given = {variable: f"{scheme}://user:{CANARY}{odd}{CANARY}@host/db"}
        check, show = command("settings", "--check", **given), command("settings", **given)
        assert CANARY not in check.stdout + check.stderr + show.stdout + show.stderr
        is_right = odd == ":"  # a password may hold one
        assert is_right or f"NUMBERING_{variable} is '" in check.stdout
        assert (check.exit_code == 0, show.exit_code == 0) == (is_right, is_right)


def test_migrate_prepares_a_database_where_no_key_file_can_be_made(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = printed(command("migrate", KEYS_FILE=str(tmp_path / "file" / "keys.json")))
    assert done["keys_file"] is None
    assert "`serve`, `requests` and `relay` do not start without one" in done["because"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_told(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.touch(0)
    assert printed_faults(command("settings", "--check", "--json", KEYS_FILE=str(path)).stdout) == [
        f"cannot read the key file {path}: Permission denied"
    ]
