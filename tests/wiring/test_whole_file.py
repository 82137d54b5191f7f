"""Files are written whole: readable by their owner alone, durable, and never half written."""

import os
import stat
from pathlib import Path

import pytest

from service.whole_file import create_file, replace_file


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The inodes that were made durable, in order."""
    found: list[int] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        found.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    return found


def test_a_replaced_file_is_its_owners_alone_and_durable_with_its_name(tmp_path: Path, synced: list[int]) -> None:
    path = tmp_path / "keys"
    path.write_bytes(b"old")
    path.chmod(0o644)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert synced == [path.stat().st_ino, tmp_path.stat().st_ino]
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_crash_left_of_a_draft_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.with_name("keys.new").write_bytes(b"ha")
    replace_file(path, b"whole")
    assert path.read_bytes() == b"whole"


def test_a_crash_before_the_end_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys"
    path.write_bytes(b"old")

    def lost_power(_: int) -> None:
        raise OSError("no power")

    monkeypatch.setattr(os, "fsync", lost_power)
    with pytest.raises(OSError, match="no power"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path, synced: list[int]) -> None:
    path = tmp_path / "lost.jsonl"
    create_file(path, (line for line in (b"1\n", b"2\n")))
    assert synced == [path.stat().st_ino, tmp_path.stat().st_ino]
    with pytest.raises(FileExistsError):
        create_file(path, [b"other"])
    assert path.read_bytes() == b"1\n2\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
