"""`numbering up`: the whole service on this machine, with PostgreSQL and NATS of its own unless told of others."""

import shlex
import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from shutil import which
from types import FrameType
from typing import Final

import click
import uvloop

from service.access.key_file import KeyFile, ensure
from service.cli.database import prepare
from service.cli.evidence import unnamed
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import err
from service.cli.screen.log_lines import announce, write_log_lines
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.starting.children import Children
from service.cli.starting.first_start import ensure_demo
from service.cli.starting.present import Runtime, runtime_path, write_private
from service.cli.starting.serving import FRONT_JOBS, run_until_stopped
from service.cli.starting.soundness import require_sound
from service.cli.starting.watch import watch_parts
from service.configuration.settings import Settings, cannot_listen, has_json_lines, read_settings
from service.embedded import EmbeddedParts
from service.embedded.data_directory import DataDirectory
from service.evidence.key_file import create, evidence_keys_path
from service.log.postgres_log import PostgresLog

DIRECTORY_MODE: Final = 0o711
"""Others may pass through, not look: root's embedded PostgreSQL runs as another user, in a directory below."""


@click.command()
def up() -> None:
    """Run everything here, until SIGINT or SIGTERM: PostgreSQL, NATS, HTTP, relay, projections, sweep.

    Relay and projections are processes of their own. They yield to the one that answers, and are started again when
    they end.

    PostgreSQL and NATS are started from the data directory, except those NUMBERING_DATABASE_URL and NUMBERING_NATS_URL
    point to. The first start makes the key file, a demo firm, and demo.json with its credentials.
    """
    settings = read_settings()
    write_log_lines(settings)
    require_sound(settings)
    # While parts start, SIGTERM must unwind as Ctrl-C does; later the event loop handles both.
    signal.signal(signal.SIGTERM, _interrupt)
    _require_free_port(settings)
    with ExitStack() as stack:
        children = Children(settings)
        parts = _start_parts(settings, stack, children)
        runtime = Runtime(
            database_url=settings.database or parts.postgres_url,
            nats_url=settings.nats or parts.nats_url,
            base_url=settings.base_url,
        )
        present = settings.at(runtime.database_url, runtime.nats_url)
        _prepare(present, runtime)
        children.begin(runtime)
        demo = settings.data_dir / "demo.json"
        run_until_stopped(
            present,
            FRONT_JOBS,
            lambda: _welcome(settings, demo),
            watch=lambda: watch_parts(parts, children, announce),
            elsewhere=children.elsewhere(),
        )
        announce("stopping")


def _start_parts(settings: Settings, stack: ExitStack, children: Children) -> EmbeddedParts:
    """Take the data directory, and start what no setting points to; the children import our modules in that time."""
    try:
        settings.data_dir.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise CommandFault(
            f"cannot make the data directory {settings.data_dir}: {error.strerror}; set NUMBERING_DATA_DIR"
        ) from error
    directory = DataDirectory(settings.data_dir)
    directory.lock()
    stack.callback(directory.unlock)
    parts = EmbeddedParts(
        settings.data_dir,
        has_postgres=settings.database_url is None,
        has_nats=settings.nats_url is None,
        postgres_binaries=settings.postgres_binaries,
        nats_binary=settings.nats_server,
    )
    stack.callback(parts.stop)
    stack.callback(children.stop)
    children.start()
    parts.start(announce)
    return parts


def _prepare(settings: Settings, runtime: Runtime) -> None:
    """Bring the database up to date, and make sure of keys, demo firm, demo.json and runtime.json."""
    keys = ensure(settings.keys_path)
    with explaining_postgres(runtime.database_url):
        uvloop.run(_prepare_database(settings, runtime, keys))
    write_private(runtime_path(settings), runtime)


async def _prepare_database(settings: Settings, runtime: Runtime, keys: KeyFile) -> None:
    names = await prepare(runtime.database_url)
    if names:
        announce(f"prepared the database: {', '.join(names)}")
    await _ensure_evidence_keys(settings, runtime.database_url)
    if await ensure_demo(settings.data_dir / "demo.json", runtime, keys):
        announce("created a demo firm")


async def _ensure_evidence_keys(settings: Settings, database_url: str) -> None:
    """Make the keys that sign the log under the id of the installation, unless there are some."""
    path = evidence_keys_path(settings)
    if path.exists():
        return
    log = await PostgresLog.open(database_url)
    try:
        create(path, unnamed(await log.identity()))
    finally:
        await log.close()
    announce("created the keys of the evidence")


def _welcome(settings: Settings, demo: Path) -> None:
    """Where demo.json is and three commands to try; they read the credential from it, so none is ever shown."""
    here = shlex.quote(str(demo))
    secret = f"""$(sed -n 's/.*"live_key": *"\\([^"]*\\)".*/\\1/p' {here})"""
    series = f'curl -s {settings.base_url}/v1/invoice-series -H "Authorization: Bearer {secret}"'
    body = """-H 'Content-Type: application/json' -d '{"name": "FACT", "document_type": "fiscal"}'"""
    announce(f"ready on {settings.base_url}")
    if has_json_lines():
        return
    announce(f"credentials of the demo firm, for your eyes only: {demo}")
    announce("three commands to try in another terminal:\n")
    for command in (f"{_numbering()} demo --demo-file {here}", f"{series} {body}", series):
        err().print(f"  {command}\n")


def _numbering() -> str:
    """How to call us from another terminal."""
    ours = Path(sys.executable).with_name("numbering")
    on_path = which("numbering")
    return "numbering" if on_path and Path(on_path).resolve() == ours.resolve() else shlex.quote(str(ours))


def _require_free_port(settings: Settings) -> None:
    """Fail before anything is started rather than after. Raises CommandFault."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[
            0
        ]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        raise CommandFault(cannot_listen(settings.host, settings.port, error)) from error


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
