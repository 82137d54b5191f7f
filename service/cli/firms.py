"""Firms, API keys and device sessions: `numbering firm | key | session`. Every command prints JSON."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import click
import uvloop

from schemas.values import FirmId, Mode, Platform
from service.access.records import SESSION_SECONDS, AccessRecords, Right, access_records
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import print_json
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.screen.printable_option import printable_option
from service.cli.starting.present import database_url, present_settings
from service.clock import now

DAY_SECONDS: Final = 86_400
DAYS: Final = click.IntRange(1, 36_500)
TEXT_MAX: Final = 200

firm_option = click.option("--firm", required=True, help="The firm's id.")
firm_filter = click.option("--firm", help="Only of this firm.")
mode_option = click.option(
    "--mode", type=click.Choice([each.value for each in Mode]), required=True, help="The partition it works in."
)
auditor_option = click.option("--auditor", "is_auditor", is_flag=True, help="It reads everything and writes nothing.")
user_option = click.option(
    "--user", type=click.IntRange(1, 2**63 - 1), default=1, show_default=True, help="The user's id."
)


@click.group()
def firm() -> None:
    """Firms, the tenants of the service."""


@click.group()
def key() -> None:
    """API keys: the credentials of other programs."""


@click.group()
def session() -> None:
    """Device sessions: the credentials of tills and phones."""


@firm.command("create")
@click.option("--name", required=True, help="What people call it.")
def create_firm(name: str) -> None:
    """Create a firm."""

    async def create() -> FirmId:
        async with opened_records() as records:
            return await records.create_firm(printable_option(name, "--name", most=TEXT_MAX))

    print_json({"firm_id": uvloop.run(create())})


@key.command("create")
@firm_option
@mode_option
@user_option
@auditor_option
@click.option("--days", type=DAYS, help="How long it is good for.  [default: until revoked]")
def create_key(*, firm: str, mode: str, user: int, is_auditor: bool, days: int | None) -> None:
    """Create an API key and show it, this once."""

    async def create() -> str:
        async with opened_records() as records:
            lifetime_seconds = None if days is None else days * DAY_SECONDS
            made = await records.create_key(
                FirmId(firm), Mode(mode), user_id=user, lifetime_seconds=lifetime_seconds, is_auditor=is_auditor
            )
            return made.api_key

    print_json({"api_key": uvloop.run(create())})


@key.command("list")
@firm_filter
def list_keys(firm: str | None) -> None:
    """List API keys, without their secrets."""

    async def found() -> object:
        async with opened_records() as records:
            return await records.keys(FirmId(firm) if firm else None)

    print_json({"keys": uvloop.run(found())})


@key.command("revoke")
@click.argument("key_id", type=int)
def revoke_key(key_id: int) -> None:
    """End an API key."""

    async def revoke() -> bool:
        async with opened_records() as records:
            return await records.revoke_key(key_id)

    if not uvloop.run(revoke()):
        raise CommandFault(f"there is no API key {key_id}; `numbering key list` shows them")
    print_json({"key_id": key_id, "revoked": True})


@session.command("create")
@firm_option
@mode_option
@click.option("--device", required=True, help="The installation's id; empty for one that cannot lock.")
@click.option("--name", required=True, help="What people call the device.")
@click.option("--platform", type=click.Choice([each.value for each in Platform]), required=True)
@click.option("--admin", "right", flag_value=Right.ADMIN.value, help="The session of a firm administrator.")
@click.option("--auditor", "right", flag_value=Right.AUDITOR.value, help="It reads everything and writes nothing.")
@user_option
@click.option("--days", type=DAYS, default=SESSION_SECONDS // DAY_SECONDS, show_default=True)
def create_session(
    *,
    firm: str,
    mode: str,
    device: str,
    name: str,
    platform: str,
    right: str | None,
    user: int,
    days: int,
) -> None:
    """Create a device session and show its token, this once."""

    async def create() -> str:
        async with opened_records() as records:
            made = await records.create_session(
                FirmId(firm),
                Mode(mode),
                device_id=printable_option(device, "--device", most=TEXT_MAX) if device else "",
                device_name=printable_option(name, "--name", most=TEXT_MAX),
                platform=Platform(platform),
                right=Right(right or Right.USER),
                user_id=user,
                lifetime_seconds=days * DAY_SECONDS,
            )
            return made.token

    print_json({"token": uvloop.run(create())})


@session.command("list")
@firm_filter
def list_sessions(firm: str | None) -> None:
    """List device sessions, without their tokens."""

    async def found() -> object:
        async with opened_records() as records:
            return await records.sessions(FirmId(firm) if firm else None)

    print_json({"sessions": uvloop.run(found())})


@session.command("revoke")
@click.argument("session_id", type=int)
def revoke_session(session_id: int) -> None:
    """End a device session."""

    async def revoke() -> bool:
        async with opened_records() as records:
            return await records.revoke_session(session_id)

    if not uvloop.run(revoke()):
        raise CommandFault(f"there is no session {session_id}; `numbering session list` shows them")
    print_json({"session_id": session_id, "revoked": True})


@asynccontextmanager
async def opened_records() -> AsyncGenerator[AccessRecords]:
    """The records of the present database. Raises CommandFault."""
    settings = present_settings()
    url = database_url(settings)
    with explaining_postgres(url):
        async with access_records(url, settings.keys_path, now) as records:
            yield records
