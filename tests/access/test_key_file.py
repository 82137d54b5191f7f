"""The key file: there is only one, also when processes race, and only its owner may read it."""

import os
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from service.access.key_file import KeyFileError, Keys, create, ensure, load, rotate
from service.configuration.secret_files import open_to_others


def test_a_new_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    ensure(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_start_finds_the_keys_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    assert ensure(path).keys == ensure(path).keys


def test_a_file_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys = create(path).keys
    with pytest.raises(KeyFileError, match=r"there is a key file .* already; `numbering keys rotate`"):
        create(path)
    assert load(path) == keys


def created(path: Path) -> Keys:
    return ensure(path).keys


def test_processes_that_start_at_once_end_with_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as processes:
        found = set(processes.map(created, [path] * 8))
    assert len(found) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    ensure(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        ensure(path)


OURS, ROOT, STRANGER = 1000, 0, 65534


@pytest.mark.parametrize(
    ("owner", "mode", "is_secret"),
    [
        (OURS, 0o600, True),
        (OURS, 0o400, True),
        (OURS, 0o440, False),
        (OURS, 0o604, False),
        (ROOT, 0o440, True),
        (ROOT, 0o640, True),
        (ROOT, 0o600, True),
        (ROOT, 0o460, False),
        (ROOT, 0o450, False),
        (ROOT, 0o444, False),
        (ROOT, 0o644, False),
        (STRANGER, 0o600, False),
        (STRANGER, 0o440, False),
    ],
)
def test_a_secret_is_ours_alone_or_given_to_our_group_by_root(owner: int, mode: int, *, is_secret: bool) -> None:
    assert (open_to_others(owner, stat.S_IFREG | mode, us=OURS) is None) == is_secret


def test_root_has_no_secret_that_its_group_can_read() -> None:
    assert open_to_others(ROOT, 0o640, us=ROOT) is not None
    assert open_to_others(ROOT, 0o600, us=ROOT) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_that_somebody_else_put_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ensure(path)
    os.chown(path, STRANGER, STRANGER)
    with pytest.raises(KeyFileError, match="belongs to another user"):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"token_keys": [], "session_keys": []}',
        '{"token_keys": [{"id": "a", "key": "00"}], "session_keys": [{"id": "a", "key": "00"}]}',
        '{"token_keys": [{"id": "a", "key": "zz"}], "session_keys": [{"id": "a", "key": "zz"}]}',
    ],
)
def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.touch(0o600)
    path.write_text(text, "utf-8")
    with pytest.raises(KeyFileError, match="damaged"):
        ensure(path)
    assert path.read_text("utf-8") == text


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="there is no key file"):
        load(tmp_path / "keys.json")


def test_rotation_puts_a_new_key_first_and_keeps_the_old(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    old = ensure(path).keys

    new = rotate(path)

    assert load(path) == new
    assert new.token_keys[1:] == old.token_keys
    assert new.session_keys[1:] == old.session_keys
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_running_process_keeps_its_keys_when_the_file_becomes_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    file = ensure(path)
    kept = file.keys
    path.write_text("{", "utf-8")
    assert not file.refresh()
    assert file.keys == kept


def test_no_key_shows_in_a_repr(tmp_path: Path) -> None:
    keys = ensure(tmp_path / "keys.json").keys
    assert keys.token_keys[0].key not in repr(keys)
