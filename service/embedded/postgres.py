"""A PostgreSQL server of our own: made, started, stopped, and never left behind."""

import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from service.embedded.data_directory import LOOPBACK
from service.embedded.identity import NOBODY, give, identity_for
from service.embedded.postgres_binaries import find_binaries
from service.embedded.process import CannotStartError, Identity, run, stop_leftover
from service.embedded.server import EmbeddedServer

USER = "numbering"
DATABASE = "numbering"
# sun_path of a Unix socket address, with its final zero.
SOCKET_PATH_BYTES_MAX = 108
# What means something in the list of socket directories: a path with one of them gets no socket, and needs none.
LIST_SIGNS = {",", '"'}
BUILTIN_LOCALE_SINCE = 17
SCRAM_ITERATIONS_SINCE = 16
STATUS_LINE = 7

CREATE_DATABASE = Path(__file__).with_name("create_database.sql")


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL on 127.0.0.1, its data in `data_dir`, fully durable unless `options` says otherwise.

    `options` are server settings as for `postgres -c`; `binaries` is the programs' directory (default: searched for).
    """

    title = "PostgreSQL"
    # Crash recovery after a power cut may have to replay a lot before the server is ready.
    ready_seconds = 120.0
    # PostgreSQL's fast shutdown: sessions are cut off, a checkpoint is written.
    end_signal = signal.SIGINT
    end_seconds = 60.0

    def __init__(self, data_dir: Path, options: Mapping[str, str] | None = None, binaries: Path | None = None) -> None:
        super().__init__(data_dir)
        self._cluster = self._directory.path / "cluster"
        self._note = self._cluster / "postmaster.pid"
        self._options = dict(options or {})
        self._explicit = binaries

    @property
    def url(self) -> str:
        """The address of the database `numbering`, as its superuser; kept between starts while the port is free."""
        return f"postgresql://{USER}:{self._directory.password()}@{LOOPBACK}:{self._port}/{DATABASE}"

    def _start(self, on_progress: Callable[[str], None]) -> None:
        binaries, major = find_binaries(self._explicit)
        identity = identity_for(binaries / "postgres", self._directory.path)
        if identity.name == f"user {NOBODY}":
            on_progress(
                "PostgreSQL runs as the user nobody, as other programs here may: make a user postgres to keep it apart"
            )
        self._end_leftover()
        if not self._cluster.exists():
            on_progress(f"creating a PostgreSQL {major} database in {self._directory.path}")
            self._create(binaries, major, identity)
        self._check_version(major)
        give(self._cluster, identity)
        on_progress(f"starting PostgreSQL {major}")
        self._run(lambda: self._command(binaries), identity, self._is_ready)

    def _create(self, binaries: Path, major: int, identity: Identity) -> None:
        """Make the cluster under another name and rename it, so that a crash never leaves half of one behind."""
        draft = self._directory.path / "cluster.new"
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(0o700)
        give(draft, identity)
        secret = self._directory.secret()
        give(secret, identity)
        who = ["-D", str(draft), "-U", USER, f"--pwfile={secret}", "--auth=scram-sha-256"]
        what = ["--encoding=UTF8", "--data-checksums", "--no-instructions", *settings_of(major), *self._haste()]
        self._tool([str(binaries / "initdb"), *who, *what], identity)
        single = [str(binaries / "postgres"), "--single", "-j", "-D", str(draft), "-c", "exit_on_error=on"]
        self._tool([*single, *self._settings(), "template1"], identity, CREATE_DATABASE.read_bytes())
        draft.rename(self._cluster)

    def _haste(self) -> list[str]:
        """A cluster that will run without fsync need not be created with it."""
        return ["--no-sync"] if self._options.get("fsync") == "off" else []

    def _tool(self, command: list[str], identity: Identity, stdin: bytes = b"") -> None:
        outcome = run(command, self._directory.path, identity=identity, stdin=stdin)
        if outcome.returncode != 0:
            output = outcome.stdout.decode("utf-8", "replace").strip()
            raise CannotStartError(f"{Path(command[0]).name} failed in {self._directory.path}:\n{output}")

    def _command(self, binaries: Path) -> list[str]:
        socket_path = self._cluster / f".s.PGSQL.{self._port}"
        has_socket = len(os.fsencode(socket_path)) < SOCKET_PATH_BYTES_MAX and not LIST_SIGNS & set(str(self._cluster))
        return [
            *(str(binaries / "postgres"), "-D", str(self._cluster), "-p", str(self._port)),
            *("-c", f"listen_addresses={LOOPBACK}"),
            *("-c", f"unix_socket_directories={self._cluster if has_socket else ''}"),
            *self._settings(),
        ]

    def _settings(self) -> list[str]:
        return [word for name, value in self._options.items() for word in ("-c", f"{name}={value}")]

    def _end_leftover(self) -> None:
        """End a server that survived its parent, and forget one whose process id now means something else.

        We hold the lock, so a server on this cluster can only be such an orphan.
        """
        lines = self._note.read_text("utf-8", "surrogateescape").splitlines() if self._note.exists() else []
        if lines and lines[0].isdigit():
            stop_leftover(
                int(lines[0]),
                str(self._cluster),
                program="postgres",
                wish=self.end_signal,
                patience_seconds=self.end_seconds,
            )
        # PostgreSQL refuses to start beside a file cut short by a power cut, or one whose id is a stranger's since
        # a reboot. Processes of a dead server that still use the data it finds by itself.
        self._note.unlink(missing_ok=True)

    def _check_version(self, major: int) -> None:
        made_by = (self._cluster / "PG_VERSION").read_text("ascii").strip()
        if made_by != str(major):
            raise CannotStartError(
                f"{self._cluster} was made by PostgreSQL {made_by}, but version {major} was found; "
                "name the directory of the old programs in NUMBERING_POSTGRES_BINARIES, "
                "or move the data with pg_dump or pg_upgrade"
            )

    def _is_ready(self, pid: int) -> bool:
        """Whether server `pid` has written into postmaster.pid that it accepts connections, as pg_ctl looks at it."""
        try:
            lines = self._note.read_text("utf-8", "surrogateescape").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() == "ready"


def settings_of(major: int) -> list[str]:
    """The options of initdb that depend on the version.

    Text sorts by code point and does not change with the system's C library. A password of 192 random bits
    gains nothing from the thousands of hash rounds meant for guessable ones, and each connection would pay for them.
    """
    locale = ["--locale-provider=builtin"] if major >= BUILTIN_LOCALE_SINCE else []
    rounds = ["--set", "scram_iterations=64"] if major >= SCRAM_ITERATIONS_SINCE else []
    return [*locale, "--locale=C.UTF-8", *rounds]
