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

KEY_BYTES: Final = 32
FILE_MODE: Final = 0o600
OTHERS: Final = 0o077


class KeyFileError(Exception):
    """The key file is missing, unreadable, damaged or open to others; the message says what to do."""


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
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except FileNotFoundError as error:
        raise KeyFileError(f"there is no key file {path}; `numbering migrate` creates one") from error
    except OSError as error:
        raise KeyFileError(f"cannot read the key file {path}: {error.strerror}") from error
    if mode & OTHERS:
        raise KeyFileError(f"the key file {path} is open to other users; run: chmod 600 {path}")
    return _decode(path, text)


def ensure(path: Path) -> KeyFile:
    """The key file, created if there is none. Two processes that start at once end with the same keys.

    Raises KeyFileError.
    """
    if not path.exists():
        with _alone(path):
            if not path.exists():
                _write(path, Keys(token_keys=(_new("t"),), session_keys=(_new("s"),)))
    return KeyFile(path)


def rotate(path: Path) -> Keys:
    """Put a new current key before each ring and keep the old ones. Raises KeyFileError."""
    with _alone(path):
        old = load(path)
        new = Keys(token_keys=(_new("t"), *old.token_keys), session_keys=(_new("s"), *old.session_keys))
        _write(path, new)
    return new


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
def _alone(path: Path) -> Generator[None]:
    """Hold the lock beside the file: creations and rotations happen one after another."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, FILE_MODE)
    except OSError as error:
        raise KeyFileError(f"cannot write the key file {path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _write(path: Path, keys: Keys) -> None:
    """Replace the file whole: a crash leaves the old one or the new one, never half, never one that others can read."""
    draft = path.with_name(path.name + ".new")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(keys)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # else a power cut could bring the old file back after tokens were sealed with the new key
        finally:
            os.close(folder)
    except OSError as error:
        raise KeyFileError(f"cannot write the key file {path}: {error.strerror}") from error


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise KeyFileError(f"there is no key file {path}; `numbering migrate` creates one") from error
    return status.st_ino, status.st_mtime_ns, status.st_size
