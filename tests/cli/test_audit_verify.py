"""`numbering audit verify` and verify.py alone, over a bundle that was exported and one that was changed."""

import asyncio
import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from service.evidence.verifying import verify
from tests.support.evidence.bundles import a_bundle, a_told_log
from tests.support.evidence.mutations import Parts
from tests.support.service.command_line import Command

VERIFY_PY = Path(verify.__file__)


@pytest.fixture
def files(database_url: str, tmp_path: Path) -> dict[str, Path]:
    """A bundle, the same after a change, and the keys of its log and its witness."""

    async def make() -> None:
        async with a_told_log(database_url, tmp_path) as told:
            whole = (await a_bundle(told.log, tmp_path / "whole.zip", has_bodies=True)).read_bytes()
            parts = Parts.of(whole)
            event = parts.lines("events.jsonl")[0]
            changed = parts.with_lines(
                "events.jsonl", [event.replace(b"FACT", b"FALS"), *parts.lines("events.jsonl")[1:]]
            )
            (tmp_path / "changed.zip").write_bytes(changed.forged())
            (tmp_path / "keys").write_text("".join(f"{key}\n" for key in told.log_keys))
            (tmp_path / "witnesses").write_text("".join(f"{key}\n" for key in told.witness_keys))

    asyncio.run(make())
    return {path.name: path for path in tmp_path.iterdir() if path.is_file()}


def alone(*arguments: object) -> subprocess.CompletedProcess[str]:
    """What verify.py says, as an auditor runs it: without our packages."""
    command = [sys.executable, "-I", str(VERIFY_PY), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_and_the_file_alone_say_the_same(files: dict[str, Path], command: Command) -> None:
    keys = ("--key", str(files["keys"]), "--witness", str(files["witnesses"]), "--json")
    for name, code in (("whole.zip", 0), ("changed.zip", 1)):
        ended, ours = alone(files[name], *keys), command("audit", "verify", str(files[name]), *keys)
        assert (ended.returncode, ours.code) == (code, code)
        (found,) = json.loads(ours.stdout)
        assert found == {"file": str(files[name])} | json.loads(ended.stdout)
    assert found["fault"] | {"says": ""} == {
        "code": "root",
        "place": {"member": "notes.jsonl", "line": 1},
        "says": "",
    }


def test_without_keys_it_says_that_it_trusted_the_file_and_what_to_compare(files: dict[str, Path]) -> None:
    ended = alone(files["whole.zip"])
    assert ended.returncode == 0
    assert "not checked: the keys: those in the file were trusted" in ended.stdout
    assert "SHA256:" in ended.stdout
    given = alone(files["whole.zip"], "--key", files["keys"])
    assert "checked: the keys: those you gave" in given.stdout


def test_keys_of_another_log_are_refused(files: dict[str, Path], tmp_path: Path) -> None:
    stranger = verify.Key("numbers.example.com/log/1", verify.ED25519, bytes(32))
    material = base64.b64encode(bytes([stranger.kind]) + stranger.public).decode()
    ended = alone(files["whole.zip"], "--key", f"{stranger.name}+{stranger.id.hex()}+{material}", "--json")
    assert (ended.returncode, json.loads(ended.stdout)["fault"]["code"]) == (1, "key-chain")


def test_what_cannot_be_read_is_told_from_what_is_wrong(
    files: dict[str, Path], tmp_path: Path, command: Command
) -> None:
    nothing = tmp_path / "nothing"
    assert alone(nothing).returncode == 2
    assert alone(files["whole.zip"], "--key", "nothing").returncode == 2
    assert command("audit", "verify", str(files["whole.zip"]), "--key", "nothing").code == 2
    nothing.write_bytes(b"")
    ended = alone(nothing)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "[format]" in ended.stdout


def test_a_file_cannot_steer_the_terminal(files: dict[str, Path], tmp_path: Path) -> None:
    parts = Parts.of(files["whole.zip"].read_bytes())
    wrong = tmp_path / "wrong.zip"
    wrong.write_bytes(parts.with_manifest(format="\x1b[2J\u202e").packed())
    assert alone(wrong).stdout.isascii()
    assert "\x1b" not in alone(wrong).stdout
