"""Where the servers of tests keep their data, and that what a killed run left there is deleted."""

import fcntl
import os
import time
from pathlib import Path

import pytest

from tests.support.servers import directories
from tests.support.servers.directories import (
    LOCK,
    PREFIX,
    YOUNG_SECONDS,
    has_room,
    remove_leftovers,
    server_directory,
)


def a_directory(place: Path, name: str, *, age_seconds: float) -> Path:
    made = place / f"{PREFIX}{name}"
    made.mkdir()
    (made / LOCK).touch()
    made_at = time.time() - age_seconds
    os.utime(made, (made_at, made_at))
    return made


def test_what_a_killed_run_left_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    left = a_directory(tmp_path, "left", age_seconds=2 * YOUNG_SECONDS)
    used = a_directory(tmp_path, "used", age_seconds=2 * YOUNG_SECONDS)
    young = a_directory(tmp_path, "young", age_seconds=0)
    strange = tmp_path / "strange"
    strange.mkdir()
    with (used / LOCK).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove_leftovers(tmp_path)

    assert not left.exists()
    assert used.exists()
    assert young.exists()
    assert strange.exists()


def test_a_place_that_is_not_there_has_no_room(tmp_path: Path) -> None:
    assert not has_room(tmp_path / "nowhere")


def test_without_room_in_memory_the_data_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directories, "IN_MEMORY", tmp_path / "nowhere")
    with server_directory() as directory:
        assert list(directory.iterdir()) == []
        assert directory.stat().st_mode & 0o777 == 0o711
    assert not directory.exists()


def test_the_directory_is_empty_and_any_user_may_pass_through() -> None:
    with server_directory() as directory:
        assert list(directory.iterdir()) == []
        assert {each.stat().st_mode & 0o001 for each in (directory, directory.parent)} == {1}
    assert not directory.exists()
