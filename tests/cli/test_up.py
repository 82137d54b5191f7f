"""`numbering up` as a new user sees it: one command, its own servers, and all commands work in a second terminal."""

import json
import os
import re
import signal
import stat
import subprocess
from collections.abc import Generator

import pytest

from service.embedded.data_directory import free_port
from service.embedded.process import is_alive
from tests.source.guides import block
from tests.support.service.command_line import run_apart
from tests.support.service.up_process import Up, running_up

FIELDS = {
    "base_url",
    "live_key",
    "test_key",
    "device_a",
    "device_b",
    "device_admin",
    "other_firm_key",
    "other_firm_device",
    "database_url",
    "nats_url",
    "firm_id",
}

NAMES = r"\b[ABM]-[0-9A-F]{6}(-\d{4}\b)?|\(\S+ of \S+ live\)|session:\d+"
TIMES = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0[23]:00|position \d+|\d+, \d+$"


FAMILY = {"postgres", "nats-server", "relay", "project"}
"""The children of `up`."""


@pytest.fixture
def json_up() -> Generator[Up]:
    """As `own_up`, with log lines for programs."""
    with running_up(NUMBERING_LOG_FORMAT="json") as started:
        yield started


@pytest.fixture
def own_up() -> Generator[Up]:
    """A `numbering up` for one test, which may stop or break it."""
    with running_up() as started:
        yield started


def test_a_newcomer_plays_the_demo_and_every_account_agrees(up: Up) -> None:
    played = run_apart(("demo",), up.terminal | {"COLUMNS": "120"})
    assert played.exit_code == 0, played
    said = plain(played.stdout)
    assert [line for line in plain(block("README.md", "text", 2)) if line not in said and line != "..."] == []

    reports = json.loads(up.numbering("gaps", "--json").stdout)["data"]
    replayed = up.numbering("replay", "--quiet").stdout
    for report in reports:
        terms = report["equation"]
        assert terms["taken"] == sum(count for fate, count in terms.items() if fate != "taken")
        words = f"{terms['taken']} taken = {terms['standing']} standing + {terms['voided']} voided"
        assert any(report["series_id"] in line and words in line for line in replayed.splitlines())
    played_by = json.loads(up.numbering("gaps", "--firm", up.demo()["firm_id"], "--json").stdout)["data"]
    assert {gap["reason"] for report in played_by for gap in report["data"]} == {"released", "expired"}
    rebuilt = up.numbering("rebuild", "all")
    assert rebuilt.exit_code == 0, rebuilt
    assert "DIFFERS" not in rebuilt.stdout


def plain(text: str) -> list[str]:
    """The lines of the demo without names, ids, times and widths: these differ from run to run."""
    return [re.sub(r" +", " ", re.sub(f"{NAMES}|{TIMES}", "~", line)).strip() for line in text.splitlines()]


def test_the_first_start_writes_private_credentials_and_shows_none(up: Up) -> None:
    demo = up.demo()
    assert demo.keys() == FIELDS
    for name in ("demo.json", "keys.json", "runtime.json"):
        assert stat.S_IMODE((up.data_dir / name).stat().st_mode) == 0o600
    for name in FIELDS - {"base_url"}:
        assert demo[name] not in up.said()
    for name in ("live_key", "test_key", "device_a", "device_b", "device_admin", "other_firm_key", "other_firm_device"):
        assert up.answer("GET", "/v1/invoice-series", name)[0] == 200


def test_a_command_shown_at_the_start_works_as_pasted(up: Up) -> None:
    [show] = [line for line in up.said().splitlines() if line.startswith("  curl") and " -d " not in line]
    arguments = subprocess.run(
        ["bash", "-c", f'curl() {{ printf "%s\\n" "$@"; }}; {show}'], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert f"Authorization: Bearer {up.demo()['live_key']}" in arguments


def test_a_second_start_finds_what_the_first_made(own_up: Up) -> None:
    demo = own_up.demo()
    assert own_up.answer("POST", "/v1/invoice-series", "live_key", {"name": "A", "document_type": "fiscal"})[0] == 201
    assert own_up.end(signal.SIGTERM) == 0
    assert "nothing listens there" in own_up.numbering("gaps").stderr

    own_up.start()
    family = own_up.processes()
    assert family.keys() == FAMILY

    assert own_up.demo() == demo
    assert own_up.answer("GET", "/v1/invoice-series", "live_key")[1]["data"]["total"] == 1
    os.kill(family["project"], signal.SIGSTOP)
    assert own_up.end(signal.SIGINT) == 0
    assert not any(is_alive(pid) for pid in family.values())


def test_a_hard_kill_leaves_nothing_that_blocks_the_next_start(own_up: Up) -> None:
    assert own_up.answer("POST", "/v1/invoice-series", "live_key", {"name": "A", "document_type": "fiscal"})[0] == 201
    family = own_up.processes()
    assert family.keys() == FAMILY
    os.kill(family["relay"], signal.SIGSTOP)
    own_up.end(signal.SIGKILL)
    own_up.until(lambda: not any(is_alive(pid) for pid in family.values()))
    own_up.start()
    assert own_up.answer("GET", "/v1/invoice-series", "live_key")[1]["data"]["total"] == 1


def test_a_data_directory_in_use_is_said(up: Up) -> None:
    second = run_apart(("up",), up.terminal | {"NUMBERING_PORT": str(free_port())})
    assert second.exit_code == 1
    assert "is in use by process" in second.stderr


def test_killed_servers_and_children_are_started_again_and_the_service_resumes(json_up: Up) -> None:
    own_up, before = json_up, json_up.processes()
    note = own_up.data_dir / "postgres" / "cluster" / "postmaster.pid"
    os.kill(int(note.read_text("ascii").splitlines()[0]), signal.SIGKILL)
    os.kill(int((own_up.data_dir / "nats" / "store" / "pid").read_text("ascii")), signal.SIGKILL)

    for child in ("relay", "project"):
        os.kill(before[child], signal.SIGKILL)

    own_up.until(lambda: own_up.said().count("has ended; starting it again") == 2)
    own_up.until(lambda: own_up.processes().keys() == FAMILY)
    assert not set(before.values()) & set(own_up.processes().values())
    for child in ("relay", "project"):
        assert f"{child} has ended (SIGKILL); starting it again in 0.5 s" in own_up.said()
    own_up.until(lambda: own_up.answer("GET", "/readyz", "live_key")[1].get("data", {}).get("status") == "ready")

    assert own_up.answer("POST", "/v1/invoice-series", "live_key", {"name": "B", "document_type": "fiscal"})[0] == 201
    own_up.until(lambda: own_up.answer("GET", "/v1/invoices", "live_key")[0] == 200)
    lines = [json.loads(line) for line in own_up.said().splitlines()]
    assert "project" in {line.get("job") for line in lines}, "a child writes lines of the same kind"
