"""`numbering serve | relay | project`: the jobs of the service, each in a process of its own or all in one."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import click
import uvloop

from service.cli.screen.commands import CommandFault
from service.cli.screen.log_lines import announce, write_log_lines
from service.cli.starting.present import database_url, present_settings
from service.cli.starting.soundness import require_sound
from service.configuration.settings import Settings, read_supervision
from service.evidence.key_file import evidence_keys_path, load
from service.jobs import Job
from service.printable import without_password
from service.readiness import Elsewhere, Reports
from service.supervisor import Supervisor
from service.wiring import run_service

WEB_JOBS: Final = frozenset({Job.WEB, Job.SWEEP})
FRONT_JOBS: Final = WEB_JOBS | {Job.REQUESTS}
"""The jobs that callers wait for."""
RELAY_JOBS: Final = frozenset({Job.RELAY, Job.SEAL})
ALL_JOBS: Final = FRONT_JOBS | RELAY_JOBS | {Job.PROJECT}


@click.command()
@click.option("--web-only", "is_web_only", is_flag=True, help="HTTP and the sweep; the rest runs elsewhere.")
def serve(*, is_web_only: bool) -> None:
    """Answer HTTP, record what expires, publish and seal the log, keep the projections, until SIGINT or SIGTERM."""
    jobs = WEB_JOBS if is_web_only else ALL_JOBS
    settings = _settings_for(jobs)
    run_until_stopped(settings, jobs, lambda: announce(f"ready on {settings.base_url}"))


@click.command()
def relay() -> None:
    """Publish the log to NATS, in order, and seal it if it has evidence keys, until SIGINT or SIGTERM."""
    jobs = RELAY_JOBS
    settings = _settings_for(jobs)
    where = without_password(settings.nats or "")
    run_until_stopped(settings, jobs, lambda: announce(f"publishing to {where}"))


@click.command()
def requests() -> None:
    """Answer requests of other services over NATS, until SIGINT or SIGTERM."""
    jobs = frozenset({Job.REQUESTS})
    settings = _settings_for(jobs)
    where = without_password(settings.nats or "")
    run_until_stopped(settings, jobs, lambda: announce(f"answering requests at {where}"))


@click.command()
def seal() -> None:
    """Sign what the log holds, as evidence for auditors, until SIGINT or SIGTERM."""
    jobs = frozenset({Job.SEAL})
    settings = _settings_for(jobs)
    load(evidence_keys_path(settings))
    run_until_stopped(settings, jobs, lambda: announce("sealing"))


@click.command()
def project() -> None:
    """Keep the projections up to date with the log, until SIGINT or SIGTERM."""
    jobs = frozenset({Job.PROJECT})
    settings = _settings_for(jobs)
    run_until_stopped(settings, jobs, lambda: announce("projecting"))


def run_until_stopped(
    settings: Settings,
    jobs: frozenset[Job],
    on_ready: Callable[[], None],
    *,
    watch: Callable[[], Coroutine[Any, Any, None]] | None = None,
    elsewhere: Elsewhere | None = None,
    tell: Callable[[Reports], None] | None = None,
) -> None:
    """Run these jobs until SIGINT or SIGTERM, and `watch` beside them; returns when they have stopped cleanly.

    `elsewhere` and `tell` are as `run_service` says.
    """
    write_log_lines(settings, *(jobs if len(jobs) == 1 else ()))
    asked = read_supervision()
    supervisor = Supervisor(asked.socket, asked.watchdog_seconds)
    service = run_service(settings, jobs, on_ready, elsewhere=elsewhere, tell=tell, supervisor=supervisor)
    uvloop.run(service if watch is None else _run(service, watch()))


async def _run(service: Coroutine[Any, Any, None], watch: Coroutine[Any, Any, None]) -> None:
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch)
        await service
        watching.cancel()


def _settings_for(jobs: frozenset[Job]) -> Settings:
    """The settings. Raises CommandFault if an address these jobs need is missing, SettingsError if a file is wrong."""
    settings = present_settings()
    database_url(settings)
    if jobs & {Job.RELAY, Job.REQUESTS} and settings.nats is None:
        raise CommandFault("no NATS: set NUMBERING_NATS_URL, or start `numbering up`, which brings its own")
    require_sound(settings)
    return settings
