"""Firms, API keys and sessions, as operators make and end them."""

import stat
from pathlib import Path

import jwt
import pytest

from tests.support.service.command_line import Command, printed, refused

SESSION = ("--mode", "live", "--device", "d-1", "--name", "Till 1", "--platform", "android")


@pytest.fixture
def firm(command: Command) -> str:
    firm_id: str = printed(command("firm", "create", "--name", "Demo SRL"))["firm_id"]
    return firm_id


def test_a_firm_a_key_and_a_session_are_printed_as_json(command: Command, firm: str) -> None:
    printed(command("migrate"))
    key = printed(command("key", "create", "--firm", firm, "--mode", "test"))
    session = printed(command("session", "create", "--firm", firm, *SESSION, "--admin"))

    assert key.keys() == {"api_key"}
    assert key["api_key"].startswith("sk_test_")
    assert session.keys() == {"token"}
    claims = jwt.decode(session["token"], options={"verify_signature": False})
    assert (claims["firm"], claims["did"], claims["adm"], claims["mode"]) == (firm, "d-1", True, "live")


def test_lists_show_no_secret_and_revoking_ends_what_they_show(command: Command, firm: str) -> None:
    printed(command("migrate"))
    api_key = printed(command("key", "create", "--firm", firm, "--mode", "live"))["api_key"]
    token = printed(command("session", "create", "--firm", firm, *SESSION))["token"]

    keys, sessions = command("key", "list", "--firm", firm), command("session", "list")
    assert api_key not in keys.stdout
    assert token not in sessions.stdout
    [key], [session] = printed(keys)["keys"], printed(sessions)["sessions"]
    assert key["last_four"] == api_key[-4:]

    printed(command("key", "revoke", str(key["key_id"])))
    printed(command("session", "revoke", str(session["session_id"])))
    assert printed(command("key", "list"))["keys"][0]["revoked_at"] is not None
    assert printed(command("session", "list"))["sessions"][0]["revoked_at"] is not None


def test_what_does_not_exist_is_named(command: Command) -> None:
    assert "no firm firm_none" in refused(command("key", "create", "--firm", "firm_none", "--mode", "live"))
    assert "no API key 7" in refused(command("key", "revoke", "7"))
    assert "no session 7" in refused(command("session", "revoke", "7"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("key", "create", "--firm", "f"),
        ("key", "create", "--firm", "f", "--mode", "prod"),
        ("session", "create", "--firm", "f", "--mode", "live", "--device", "d", "--name", "n", "--platform", "dos"),
        ("firm", "create", "--name", "   "),
        ("firm", "create", "--name", "a\x00b"),
        ("firm", "create", "--name", "x" * 1000),
        ("gaps", "--as-of", "yesterday"),
        ("rebuild", "everything"),
        ("replay", "--as-of", "-1"),
    ],
)
def test_wrong_usage_exits_with_2(command: Command, arguments: tuple[str, ...]) -> None:
    result = command(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_session_is_not_signed_with_a_key_nobody_has(command: Command, firm: str) -> None:
    assert "there is no key file" in refused(command("session", "create", "--firm", firm, *SESSION))


def test_a_key_file_for_a_secret_is_made_without_a_database(command: Command, tmp_path: Path) -> None:
    made = printed(command("keys", "create"))
    assert made["keys_file"] == str(tmp_path / "data" / "keys.json")
    assert made["session_key"] in Path(made["keys_file"]).read_text("utf-8")
    assert "already" in refused(command("keys", "create"))
    assert printed(command("migrate"))["keys_file"] == made["keys_file"]


def test_migrate_makes_the_key_file_and_rotation_keeps_the_old_keys(command: Command, tmp_path: Path) -> None:
    first = printed(command("migrate"))
    assert first["migrated"] == []
    path = Path(first["keys_file"])
    assert path == tmp_path / "data" / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    rotated = printed(command("keys", "rotate"))

    assert rotated["kept"] == 1
    assert rotated["token_key"] in path.read_text("utf-8")
