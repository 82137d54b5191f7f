"""`numbering evidence` and `witness`, as an operator uses them."""

import base64
import hashlib
import json
import stat
from pathlib import Path

import pytest

from tests.support.service.command_line import Command, printed, refused


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "evidence.json"


def test_keys_are_made_once(command: Command, keys_file: Path) -> None:
    made = printed(command("evidence", "create", "--name", "numbers.example.com", "--ml-dsa"))
    assert made["origin"] == "numbers.example.com/log/1"
    assert stat.S_IMODE(keys_file.stat().st_mode) == 0o600
    content = keys_file.read_bytes()
    assert "already" in refused(command("evidence", "create", "--name", "other.example.com"))
    assert keys_file.read_bytes() == content
    secrets = [json.loads(content)[name] for name in ("ed25519", "ml_dsa_44")]
    assert not [secret for secret in secrets if secret in json.dumps(made)]


@pytest.mark.parametrize("name", ["a b", "a+b", "numbers.example.com/", "a\nb"])
def test_a_name_that_no_key_can_have_is_refused(command: Command, keys_file: Path, name: str) -> None:
    outcome = command("evidence", "create", "--name", name)
    assert "cannot be the name" in refused(outcome)
    assert not keys_file.exists()


def test_what_is_printed_of_keys_is_what_their_specification_says(command: Command) -> None:
    command("evidence", "create", "--name", "numbers.example.com", "--ml-dsa")
    lines = command("evidence", "key").stdout.splitlines()
    said = command("evidence", "fingerprint").stdout.splitlines()
    assert [line.split()[0] for line in said] == ["ed25519", "ml_dsa_44"]
    for line, fingerprint in zip(lines, said, strict=True):
        name, key_id, material = line.split("+", 2)
        key = base64.b64decode(material, validate=True)
        assert name == "numbers.example.com/log/1"
        assert key_id == hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex()
        digest = base64.b64encode(hashlib.sha256(key[1:]).digest()).decode().rstrip("=")
        assert fingerprint.split()[1:] == [key_id, f"SHA256:{digest}"]


def test_a_rotation_forgets_the_secret_and_keeps_the_key(command: Command, keys_file: Path) -> None:
    command("evidence", "create", "--name", "numbers.example.com")
    before, secret = command("evidence", "key").stdout.splitlines(), json.loads(keys_file.read_text())["ed25519"]
    printed(command("evidence", "rotate"))
    after = command("evidence", "key").stdout.splitlines()
    assert after[1:] == before
    assert after[0] != before[0]
    assert secret not in keys_file.read_text()


@pytest.mark.parametrize("arguments", [("key",), ("fingerprint",), ("rotate",)])
def test_without_keys_it_says_how_to_make_them(command: Command, arguments: tuple[str, ...]) -> None:
    assert "numbering evidence create" in refused(command("evidence", *arguments))


@pytest.mark.parametrize("content", ["", "{", "{}", '{"name": "a", "ed25519": "zz"}', '{"name": "a", "ed25519": "00"}'])
def test_a_damaged_file_is_named(command: Command, keys_file: Path, content: str) -> None:
    keys_file.parent.mkdir(parents=True)
    keys_file.write_text(content)
    keys_file.chmod(0o600)
    for name in ("key", "fingerprint", "rotate"):
        assert "is damaged" in refused(command("evidence", name))
    assert keys_file.read_text() == content


def test_keys_that_others_may_read_are_refused(command: Command, keys_file: Path) -> None:
    command("evidence", "create", "--name", "numbers.example.com")
    keys_file.chmod(0o644)
    assert str(keys_file) in refused(command("evidence", "key"))


def test_the_status_of_what_was_never_sealed(command: Command) -> None:
    assert "nothing is sealed yet" in refused(command("evidence", "status"))
    assert (
        "cannot" in refused(command("evidence", "status", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")).lower()
    )
