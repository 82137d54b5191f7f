"""With NUMBERING_LOG_FORMAT=json every line on standard error is one JSON object, whatever has to be said."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from service.access.key_file import ensure
from tests.support.service.command_line import run_here
from tests.support.service.service_process import ServiceProcess, services

DEFECTS = {
    "an error that nobody catches": "1 / 0",
    "an error of a task that nobody waits for": """
import asyncio
async def fail():
    raise ValueError("defect")
async def main():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    del task
    import gc; gc.collect()
asyncio.run(main())
""",
    "a warning": "import warnings; warnings.warn('mind this')",
}


def lines_of(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


async def test_a_service_that_starts_waits_and_stops_writes_nothing_else(tmp_path: Path, database_url: str) -> None:
    ensure(tmp_path / "keys.json")
    service = ServiceProcess(tmp_path, database_url, "nats://127.0.0.1:1", NUMBERING_LOG_FORMAT="json")
    async with services():
        service.spawn()
        await service.until_status("/healthz", 200)
        service.stop()
    events = [line["event"] for line in lines_of(service.said())]
    assert f"ready on {service.base_url}" in events
    assert len(events) > 1, "it says that NATS is away"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("nonsense",), "No such command 'nonsense'; `numbering --help` says what there is"),
        (("--nonsense",), "No such option '--nonsense'; `numbering --help` says what there is"),
        (("settings", "--nonsense"), "No such option '--nonsense'; `numbering settings --help` says what there is"),
        (("firm", "create"), "Missing option '--name'; `numbering firm create --help` says what there is"),
        ((), "a command is missing; `numbering --help` says what there is"),
        (("keys",), "a command is missing; `numbering keys --help` says what there is"),
    ],
    ids=["command", "option", "option of a command", "missing option", "nothing", "half a command"],
)
def test_a_wrong_usage_is_a_line(arguments: tuple[str, ...], what: str) -> None:
    ended = run_here(arguments, {"NUMBERING_LOG_FORMAT": "json"})
    assert ended.exit_code == 2
    assert [(line["event"], line["level"]) for line in lines_of(ended.stderr)] == [(what, "error")]
    assert ended.stdout == ""


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_what_python_itself_has_to_say_is_a_line(defect: str) -> None:
    start = """
from service.cli.screen.log_lines import write_log_lines
from service.configuration.setting_kinds import LogFormat
from service.configuration.settings import Settings
write_log_lines(Settings(log_format=LogFormat.JSON))
"""
    ended = subprocess.run(
        [sys.executable, "-c", start + defect], capture_output=True, text=True, check=False, timeout=60
    )
    lines = lines_of(ended.stderr)
    assert lines, ended
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
