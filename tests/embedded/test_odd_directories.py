"""Directories as people have them: any letters in their name, and not open to others."""

import os
import stat
import sys
from pathlib import Path

import pytest

from service.embedded import CannotStartError, EmbeddedNats, EmbeddedPostgres
from service.embedded.data_directory import DataDirectory, require_ours
from service.embedded.process import clean_environment, command_of, spawn_ours

NAMES = {
    "blanks": "two words and  two blanks",
    "beyond ASCII": "ștefan și 数字 🧾",
    "not normalised": "s\u0326tefan",
    "quotes": 'O\'Brien "the" till',
    "a dollar and a hash": "$HOME #1 % {x}",
    "a backslash": "a\\b\\u0041",
    "a comma": "a,b",
    "a line break": "a\nb\tc\x7f\x01",
    "no text at all": os.fsdecode(b"caf\xe9"),
    "long": "x" * 120,
    "an option": "-D",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_nats_starts_twice_in_a_directory_of_any_name(data_dir: Path, name: str) -> None:
    for _ in range(2):
        with EmbeddedNats(data_dir / name / "nats") as nats:
            assert nats.pid is not None


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_process_of_ours_starts_in_a_directory_of_any_name(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    place.mkdir()
    told = "import os, sys; sys.stdin.read(); os.write(1, os.getcwdb() + b'|' + os.environb[b'PLACE'])"
    child = spawn_ours([sys.executable, "-c", told], place, {"PLACE": str(place)})
    assert child.communicate(timeout=60)[0] == os.fsencode(f"{place}|{place}")
    assert child.returncode == 0


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_postgresql_starts_in_a_directory_of_any_name(data_dir: Path, name: str) -> None:
    with EmbeddedPostgres(data_dir / name / "postgres", {"fsync": "off"}) as postgres:
        assert postgres.pid is not None


def test_the_embedded_nats_of_root_is_no_root(data_dir: Path) -> None:
    with EmbeddedNats(data_dir) as nats:
        assert nats.pid is not None
        owner = Path(f"/proc/{nats.pid}").stat().st_uid
    assert owner != 0 or os.geteuid() != 0


@pytest.mark.parametrize("server", [EmbeddedNats, EmbeddedPostgres])
def test_a_server_gets_nothing_of_our_environment_that_may_be_secret(
    data_dir: Path, server: type[EmbeddedNats] | type[EmbeddedPostgres], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NUMBERING_NATS_URL", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "LC_ALL"):
        monkeypatch.setenv(name, "secret")
    assert set(clean_environment()) <= {"PATH", "HOME", "TZ", "LD_LIBRARY_PATH", "LANG"}
    with server(data_dir) as started:
        assert started.pid is not None
        assert command_of(started.pid), "it runs"
        assert b"secret" not in Path(f"/proc/{started.pid}/environ").read_bytes()


@pytest.mark.parametrize("mode", [0o777, 0o773, 0o1777])
def test_a_directory_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    place = tmp_path / "place"
    place.mkdir()
    place.chmod(mode)
    with pytest.raises(CannotStartError, match="can be written by other users; run: chmod go-w "):
        DataDirectory(place).lock()
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("mode", [0o700, 0o711, 0o755, 0o775])
def test_a_directory_that_only_we_and_our_own_group_can_write_is_taken(tmp_path: Path, mode: int) -> None:
    place = tmp_path / "place"
    place.mkdir()
    place.chmod(mode)
    require_ours(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    os.chown(place, 65534, 65534)
    with pytest.raises(CannotStartError, match="belongs to user 65534"):
        DataDirectory(place).lock()


@pytest.mark.parametrize("name", ["lock", "server.log"])
def test_a_link_where_a_file_of_ours_belongs_is_not_followed(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine", "ascii")
    place = tmp_path / "place"
    place.mkdir(0o711)
    (place / name).symlink_to(victim)
    directory = DataDirectory(place)
    use = directory.lock if name == "lock" else directory.begin_log
    with pytest.raises(CannotStartError, match="symbolic links"):
        use()
    assert victim.read_text("ascii") == "mine"


def test_the_port_is_written_over_a_link_and_not_through_it(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine", "ascii")
    place = tmp_path / "place"
    place.mkdir(0o711)
    (place / "port").symlink_to(victim)
    DataDirectory(place).port()
    assert victim.read_text("ascii") == "mine"
    assert stat.S_ISREG((place / "port").lstat().st_mode)
