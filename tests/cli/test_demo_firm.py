"""`numbering demo --make-firm`: the demo for a service that `numbering up` did not start."""

import json
import stat
from pathlib import Path

from service.embedded.data_directory import free_port
from tests.support.service.command_line import Command, printed, refused


def test_the_firm_is_made_once_and_its_file_is_private(command: Command, tmp_path: Path) -> None:
    """Nobody answers at the address, so the day ends at once."""
    printed(command("migrate"))
    file = tmp_path / "demo.json"
    address = f"http://127.0.0.1:{free_port()}"
    asked = ("demo", "--make-firm", "--demo-file", str(file), "--base-url", address)
    first = command(*asked)
    made = json.loads(file.read_text())

    assert address in first.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made["base_url"] == address
    assert made["live_key"] not in first.stdout + first.stderr

    assert command(*asked).exit_code == 1
    assert json.loads(file.read_text()) == made
    assert made["firm_id"] in command("key", "list").stdout


def test_without_keys_no_firm_is_made(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    assert "numbering migrate" in refused(command("demo", "--make-firm", "--demo-file", str(file)))
    assert not file.exists()
