"""The key file: what seals reservation tokens and signs sessions. It is all that must be kept besides the database."""

import fcntl
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from service.access.file_stamp import FileStamp, stamp_of
from service.configuration.secret_files import SecretFileError, read_secret
from service.whole_file import OWNER_ONLY, replace_file

KEY_BYTES: Final = 32


class KeyFileError(Exception):
    """The key file is missing, unreadable, damaged or open to others; the message says what to do."""


class KeyFileUnwritableError(KeyFileError):
    """The key file, or its directory, cannot be written."""


class SecretKey(Struct, frozen=True):
    """A key of 32 random bytes, as hexadecimal digits, and the public name it is found by."""

    id: str
    key: str

    def __repr__(self) -> str:
        return f"SecretKey(id={self.id!r})"

    @property
    def secret(self) -> bytes:
        """The key itself."""
        return bytes.fromhex(self.key)


class Keys(Struct, frozen=True):
    """Both rings; the first key of each is the current one, the others still open what they once made."""

    token_keys: tuple[SecretKey, ...]
    session_keys: tuple[SecretKey, ...]


class KeyFile:
    """The keys in force in this process.

    `keys` changes only by `refresh`, and `current` keys not even then: a process starts to use a rotated key when it is
    started again, but reads what other processes made with it as soon as its file has the key. So keys rotate without
    an interruption: rotate, copy the file to every machine, restart one process after another.
    """

    def __init__(self, path: Path) -> None:
        """Raises KeyFileError."""
        self.path = path
        self._stamp = _stamp(path)
        self.keys = load(path)
        self.current_token_key = self.keys.token_keys[0]
        self.current_session_key = self.keys.session_keys[0]

    def refresh(self) -> bool:
        """Read the file again if it changed; whether it did. A file that became unreadable changes nothing."""
        try:
            stamp = _stamp(self.path)
            if stamp == self._stamp:
                return False
            self.keys = load(self.path)
        except KeyFileError:
            return False
        self._stamp = stamp
        return True


def load(path: Path) -> Keys:
    """The keys of an existing file. Raises KeyFileError."""
    try:
        text = read_secret(path)
    except FileNotFoundError as error:
        raise KeyFileError(f"there is no key file {path}; `numbering migrate` creates one") from error
    except OSError as error:
        raise KeyFileError(f"cannot read the key file {path}: {error.strerror}") from error
    except SecretFileError as error:
        raise KeyFileError(f"the key file {error}") from error
    return _decode(path, text)


def create(path: Path) -> KeyFile:
    """A key file that is new. Raises KeyFileError, also where there is one, which stays as it is."""
    with alone(path):
        if path.exists():
            raise KeyFileError(f"there is a key file {path} already; `numbering keys rotate` puts new keys into it")
        _write(path, _new_keys())
    return KeyFile(path)


def ensure(path: Path) -> KeyFile:
    """The key file, created if there is none. Two processes that start at once end with the same keys.

    Raises KeyFileError.
    """
    if not path.exists():
        with alone(path):
            if not path.exists():
                _write(path, _new_keys())
    return KeyFile(path)


def rotate(path: Path) -> Keys:
    """Put a new current key before each ring and keep the old ones. Raises KeyFileError."""
    with alone(path):
        old = load(path)
        new = Keys(token_keys=(_new("t"), *old.token_keys), session_keys=(_new("s"), *old.session_keys))
        _write(path, new)
    return new


def _new_keys() -> Keys:
    return Keys(token_keys=(_new("t"),), session_keys=(_new("s"),))


def _new(prefix: str) -> SecretKey:
    return SecretKey(id=f"{prefix}{secrets.token_hex(4)}", key=secrets.token_hex(KEY_BYTES))


def _decode(path: Path, text: bytes) -> Keys:
    try:
        keys = msgspec.json.decode(text, type=Keys)
        rings = (keys.token_keys, keys.session_keys)
        is_whole = all(len(key.secret) == KEY_BYTES for ring in rings for key in ring)
        has_unique_ids = all(len({key.id for key in ring}) == len(ring) > 0 for ring in rings)
    except (msgspec.DecodeError, ValueError) as error:
        raise KeyFileError(f"the key file {path} is damaged; put a copy of it back") from error
    if not is_whole or not has_unique_ids:
        raise KeyFileError(f"the key file {path} is damaged: it needs 32-byte keys under different names")
    return keys


@contextmanager
def alone(path: Path) -> Generator[None]:
    """Hold the lock beside the file: creations and rotations happen one after another."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    except OSError as error:
        raise KeyFileUnwritableError(f"cannot write the key file {path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _write(path: Path, keys: Keys) -> None:
    """Replace the file whole and durably: after a power cut tokens sealed with a new key must still open."""
    try:
        replace_file(path, msgspec.json.format(msgspec.json.encode(keys)) + b"\n")
    except OSError as error:
        raise KeyFileUnwritableError(f"cannot write the key file {path}: {error.strerror}") from error


def _stamp(path: Path) -> FileStamp:
    try:
        return stamp_of(path)
    except OSError as error:
        raise KeyFileError(f"there is no key file {path}; `numbering migrate` creates one") from error
