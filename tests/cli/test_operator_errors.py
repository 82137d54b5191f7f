"""Errors that operators meet: one sentence that names the setting to look at, no traceback, no password."""

import asyncio
import json
import secrets
import socket
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from service.access.key_file import ensure
from service.embedded.data_directory import free_port
from service.log.migrating.migrate import migrate
from tests.support.service.command_line import Command, printed, refused

PASSWORD = "secret-word"


@pytest.mark.parametrize(
    "arguments",
    [
        ("firm", "create", "--name", "n"),
        ("gaps",),
        ("replay",),
        ("rebuild", "gaps"),
        ("serve", "--web-only"),
        ("project",),
    ],
)
def test_a_database_that_cannot_be_reached_is_said_with_its_setting(
    command: Command, arguments: tuple[str, ...]
) -> None:
    url = f"postgresql://numbering:{PASSWORD}@127.0.0.1:{free_port()}/numbering"
    sentence = refused(command(*arguments, DATABASE_URL=url))
    assert "NUMBERING_DATABASE_URL" in sentence
    assert PASSWORD not in sentence
    assert "\n" not in sentence


def test_without_any_database_both_ways_to_one_are_said(command: Command) -> None:
    sentence = refused(command("gaps", DATABASE_URL=""))
    assert "NUMBERING_DATABASE_URL" in sentence
    assert "numbering up" in sentence


def test_a_database_that_does_not_exist_is_said(command: Command, database_url: str) -> None:
    missing = urlsplit(database_url)._replace(path="/missing").geturl()
    assert "does not exist" in refused(command("gaps", DATABASE_URL=missing))


@pytest.mark.parametrize("arguments", [("gaps",), ("firm", "create", "--name", "n"), ("serve", "--web-only")])
def test_a_database_without_our_schema_says_migrate(
    command: Command, database_url: str, arguments: tuple[str, ...]
) -> None:
    bare = urlsplit(database_url)._replace(path="/postgres").geturl()
    assert "numbering migrate" in refused(command(*arguments, DATABASE_URL=bare))


async def test_a_user_who_may_not_prepare_a_database_is_told_what_he_lacks(
    command: Command, database_admin: asyncpg.Connection, database_url: str
) -> None:
    """Two installations in one cluster: the roles are there, and another user made them."""
    name = f"other_{secrets.token_hex(4)}"
    await database_admin.execute(f"CREATE USER {name} PASSWORD 'pw'")
    await database_admin.execute(f"CREATE DATABASE {name} OWNER {name}")
    try:
        place = urlsplit(database_url)
        url = place._replace(netloc=f"{name}:pw@{place.hostname}:{place.port}", path=f"/{name}").geturl()
        sentence = refused(await asyncio.to_thread(command, "migrate", DATABASE_URL=url))
    finally:
        await database_admin.execute(f"DROP DATABASE {name}")
        await database_admin.execute(f"DROP USER {name}")
    assert sentence.startswith("this database user may not prepare the database: ")
    assert "CREATEROLE" in sentence
    assert "WITH ADMIN OPTION" in sentence


async def test_a_user_that_made_the_roles_may_act_as_each_afterwards(
    database_admin: asyncpg.Connection, database_url: str
) -> None:
    """From PostgreSQL 16 on CREATE ROLE gives its user the new role with ADMIN, and without SET."""
    if database_admin.get_server_version().major < 16:
        pytest.skip("before PostgreSQL 16 a member may act as a role")
    name = f"maker_{secrets.token_hex(4)}"
    await database_admin.execute(f"CREATE USER {name} CREATEROLE PASSWORD 'pw'")
    await database_admin.execute(
        f"GRANT numbering_owner, numbering_writer, numbering_reader, numbering_projector TO {name} "
        "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"
    )
    await database_admin.execute(f"CREATE DATABASE {name} OWNER {name}")
    try:
        place = urlsplit(database_url)
        url = place._replace(netloc=f"{name}:pw@{place.hostname}:{place.port}", path=f"/{name}").geturl()
        assert await migrate(url)
    finally:
        await database_admin.execute(f"DROP DATABASE {name}")
        await database_admin.execute(f"DROP OWNED BY {name}")
        await database_admin.execute(f"DROP USER {name}")


def test_a_relay_without_nats_is_said(command: Command) -> None:
    assert "NUMBERING_NATS_URL" in refused(command("relay"))


def test_a_service_without_keys_says_how_to_make_them(command: Command) -> None:
    assert "numbering migrate" in refused(command("serve", "--web-only"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "it must be a file that this user can read"),
        ("half a fi", "RFC 7517"),
        ('{"keys": []}', "holds no RS256, ES256 or EdDSA key"),
    ],
    ids=["missing", "not finished", "empty"],
)
def test_a_service_whose_identity_provider_cannot_be_known_does_not_start(
    command: Command, tmp_path: Path, text: str | None, why: str
) -> None:
    jwks = tmp_path / "jwks.json"
    if text is not None:
        jwks.write_text(text, "utf-8")
    ensure(tmp_path / "keys.json")
    sentence = refused(command("serve", "--web-only", DATA_DIR=str(tmp_path), JWKS_FILE=str(jwks)))
    assert why in sentence
    assert str(jwks) in sentence


def test_a_bad_setting_stops_every_command(command: Command) -> None:
    for arguments in (("settings",), ("gaps",), ("up",), ("serve",), ("demo",)):
        assert "NUMBERING_PORT is 'x'" in refused(command(*arguments, PORT="x"))


def test_up_does_not_start_where_its_port_is_taken_or_its_directory_cannot_be(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "NUMBERING_HOST" in refused(command("up", HOST="192.0.2.1"))
    assert "NUMBERING_DATA_DIR" in refused(command("up", DATA_DIR=str(tmp_path / "file" / "data")))


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "a" * 70])
def test_an_address_that_cannot_be_had_is_said_by_serve_and_by_up(command: Command, tmp_path: Path, host: str) -> None:
    ensure(tmp_path / "keys.json")
    for arguments in (("serve", "--web-only"), ("up",)):
        sentence = refused(command(*arguments, HOST=host, DATA_DIR=str(tmp_path)))
        assert sentence.startswith(f"cannot listen on {host} port ")
        assert sentence.endswith("set NUMBERING_HOST or NUMBERING_PORT")


def test_a_port_in_use_is_said(command: Command, tmp_path: Path) -> None:
    ensure(tmp_path / "keys.json")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        sentence = refused(command("serve", "--web-only", PORT=port, DATA_DIR=str(tmp_path)))
    assert sentence == (
        f"cannot listen on 127.0.0.1 port {port}: address already in use; set NUMBERING_HOST or NUMBERING_PORT"
    )


@pytest.mark.parametrize("setting", [{"PORT": "x"}, {"NATS_CA_FILE": "/missing"}, {"HOST": "192.0.2.1"}, {"NOPE": "1"}])
def test_where_log_lines_are_json_a_fault_is_one(command: Command, tmp_path: Path, setting: dict[str, str]) -> None:
    ensure(tmp_path / "keys.json")
    ended = command("serve", "--web-only", LOG_FORMAT="json", DATA_DIR=str(tmp_path), **setting)
    assert ended.exit_code == 1
    *_, last = [json.loads(line) for line in ended.stderr.splitlines()]
    assert last["level"] == "error"
    assert f"NUMBERING_{next(iter(setting))}" in last["event"]
    assert last["timestamp"].endswith("Z")


def test_a_demo_without_a_service_says_how_to_start_one(command: Command) -> None:
    assert "numbering up" in refused(command("demo"))


def test_settings_show_no_password(command: Command) -> None:
    url = f"postgresql://numbering:{PASSWORD}@127.0.0.1/numbering"
    result = command("settings", DATABASE_URL=url)
    assert result.exit_code == 0
    assert PASSWORD not in result.stdout
    assert "NUMBERING_SWEEP_SECONDS" in result.stdout
    lines = {line["variable"]: line for line in printed(command("settings", "--json", DATABASE_URL=url))["settings"]}
    assert lines["NUMBERING_DATABASE_URL"]["present"] == "postgresql://numbering:***@127.0.0.1/numbering"
    assert lines["NUMBERING_SWEEP_SECONDS"]["unit"] == "seconds"
