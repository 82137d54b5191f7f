"""`numbering serve | relay | project`: the parts of the service, each a process or all in one."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import click
import uvloop

from service.cli.console import err
from service.cli.log_lines import write_log_lines
from service.cli.operator_errors import CommandFault
from service.cli.present import database_url, present_settings
from service.settings import Settings, without_password
from service.wiring import Part, run_service

WEB_PARTS: Final = frozenset({Part.WEB, Part.SWEEP})
ALL_PARTS: Final = WEB_PARTS | {Part.REQUESTS, Part.RELAY, Part.PROJECT}


@click.command()
@click.option("--web-only", "is_web_only", is_flag=True, help="HTTP and the sweep; the rest runs elsewhere.")
def serve(*, is_web_only: bool) -> None:
    """Answer HTTP, record what expires, publish the log and keep the projections, until SIGINT or SIGTERM."""
    parts = WEB_PARTS if is_web_only else ALL_PARTS
    settings = _settings_for(parts)
    run_until_stopped(settings, parts, lambda: err().print(f"numbering: ready on {settings.base_url}"))


@click.command()
def relay() -> None:
    """Publish the log to NATS, in order, until SIGINT or SIGTERM."""
    parts = frozenset({Part.RELAY})
    settings = _settings_for(parts)
    where = without_password(settings.nats_url or "")
    run_until_stopped(settings, parts, lambda: err().print(f"numbering: publishing to {where}"))


@click.command()
def requests() -> None:
    """Answer requests of other services over NATS, until SIGINT or SIGTERM."""
    parts = frozenset({Part.REQUESTS})
    settings = _settings_for(parts)
    where = without_password(settings.nats_url or "")
    run_until_stopped(settings, parts, lambda: err().print(f"numbering: answering requests at {where}"))


@click.command()
def project() -> None:
    """Keep the projections up to date with the log, until SIGINT or SIGTERM."""
    parts = frozenset({Part.PROJECT})
    run_until_stopped(_settings_for(parts), parts, lambda: err().print("numbering: projecting"))


def run_until_stopped(
    settings: Settings,
    parts: frozenset[Part],
    on_ready: Callable[[], None],
    watch: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Run these parts until SIGINT or SIGTERM, and `watch` beside them; returns when they have stopped cleanly."""
    write_log_lines(settings)
    uvloop.run(_run(settings, parts, on_ready, watch))


async def _run(
    settings: Settings,
    parts: frozenset[Part],
    on_ready: Callable[[], None],
    watch: Callable[[], Coroutine[Any, Any, None]] | None,
) -> None:
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch()) if watch is not None else None
        await run_service(settings, parts, on_ready)
        if watching is not None:
            watching.cancel()


def _settings_for(parts: frozenset[Part]) -> Settings:
    """The settings. Raises CommandFault if an address these parts need is missing."""
    settings = present_settings()
    database_url(settings)
    if parts & {Part.RELAY, Part.REQUESTS} and settings.nats_url is None:
        raise CommandFault("no NATS: set NUMBERING_NATS_URL, or start `numbering up`, which brings its own")
    return settings
