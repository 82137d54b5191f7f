"""The directory of one embedded part: who uses it, the port and the password it keeps, the server's log."""

import fcntl
import os
import secrets
import shlex
import socket
import stat
from pathlib import Path
from random import SystemRandom
from typing import BinaryIO

from service.embedded.process import CannotStartError, open_unlinked
from service.whole_file import replace_file

LOOPBACK = "127.0.0.1"
# Below the range Linux takes outgoing connections from, so that none of them sits on our port at the next start.
PORT_FIRST, PORT_LAST = 15000, 32000
LOG_BYTES_MAX = 16 * 1024 * 1024


class DataDirectory:
    """A directory of ours, made when first locked. Its mode lets another user pass through, not look."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()  # an orphan is recognised by this path, whatever name was used to get here
        self.log = self.path / "server.log"
        self._lock: BinaryIO | None = None

    def lock(self) -> None:
        """Make us the only user until `unlock`, or until we die. Raises CannotStartError naming the present user."""
        if self._lock is not None:
            return
        try:
            self._make()
            require_ours(self.path)
            file = open_unlinked(self.path / "lock")
        except OSError as error:
            raise CannotStartError(
                f"cannot use the data directory {self.path}: {error.strerror} ({error.filename})"
            ) from error
        try:
            # flock and not lockf: it also refuses a second user inside this process, and forks do not carry it on.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().decode("ascii", "replace").strip() or "unknown"
            file.close()
            raise CannotStartError(
                f"{self.path} is in use by process {holder}; stop it, or choose another data directory"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode("ascii"))
        file.flush()
        self._lock = file

    def unlock(self) -> None:
        """Let another process use the directory."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            self.path.mkdir()
            self.path.chmod(0o711)

    def secret(self) -> Path:
        """The 0600 file `password`, made with 192 random bits if there is none."""
        path = self.path / "password"
        if not path.exists():
            replace_file(path, f"{secrets.token_hex(24)}\n".encode())
        return path

    def password(self) -> str:
        """What `secret` holds."""
        return self.secret().read_text("ascii").strip()

    def port(self) -> int:
        """The port of the last start if it is free, else a new one; kept, so that addresses stay the same."""
        kept = self.path / "port"
        if kept.exists() and kept.read_text("ascii").strip().isdigit():
            port = int(kept.read_text("ascii"))
            if is_free(port):
                return port
        port = free_port()
        replace_file(kept, f"{port}\n".encode("ascii"))
        return port

    def begin_log(self) -> int:
        """Where in the log this start begins; a log that has grown large is put aside first."""
        try:
            with open_unlinked(self.log) as file:
                size = file.seek(0, os.SEEK_END)
            if size <= LOG_BYTES_MAX:
                return size
            self.log.replace(self.log.with_suffix(".log.old"))
            open_unlinked(self.log).close()
        except OSError as error:
            raise CannotStartError(f"cannot write {self.log}: {error.strerror}") from error
        return 0


def require_ours(directory: Path) -> None:
    """Return if nobody else can put files there. Raises CannotStartError.

    Where root starts the service, a file of somebody else, or a link of his, would be taken for root's own.
    """
    status = directory.stat()
    if status.st_uid not in {os.geteuid(), 0}:
        raise CannotStartError(
            f"{directory} belongs to user {status.st_uid}; start as that user, or choose another data directory"
        )
    is_open_to_a_group = bool(status.st_mode & stat.S_IWGRP) and status.st_gid != os.getegid()
    if status.st_mode & stat.S_IWOTH or is_open_to_a_group:
        raise CannotStartError(
            f"{directory} can be written by other users; run: chmod go-w {shlex.quote(str(directory))}"
        )


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port nobody listens on."""
    for port in SystemRandom().sample(range(PORT_FIRST, PORT_LAST), 200):
        if is_free(port):
            return port
    raise CannotStartError(f"no free port between {PORT_FIRST} and {PORT_LAST} on {LOOPBACK}")
