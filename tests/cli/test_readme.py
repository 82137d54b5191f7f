"""The README tells the truth: its examples run as pasted, its tables are those of the program."""

import re
import subprocess
import sys
from pathlib import Path

import click

from service.__main__ import numbering
from service.api.catalogue import ROUTES
from service.api.openapi.examples import FIELD_FAULTS
from service.api.refusals.table import TABLE
from service.settings import Settings, describe
from tests.support.service.up_process import Up

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
STEPS, ENDPOINTS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
SECONDS_MAX = 60


def pasted(up: Up, *blocks: str) -> str:
    """What the shell prints for these blocks, pasted one after another."""
    demo = f"demo={up.data_dir / 'demo.json'}"
    here = "\n".join(blocks).replace("demo=~/.local/share/invoice-numbering/demo.json", demo)
    here = here.replace(".venv/bin/numbering", str(Path(sys.executable).with_name("numbering")))
    assert demo in here
    ended = subprocess.run(
        ["sh", "-eu", "-c", here], env=up.terminal, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert '"success":false' not in ended.stdout, ended.stdout
    return ended.stdout


def test_the_first_steps_work_as_pasted(up: Up) -> None:
    printed = pasted(up, STEPS)

    assert "4 taken = 1 standing + 0 voided + 0 withdrawn + 3 pending + 0 released + 0 expired" in printed


def test_every_endpoint_works_as_pasted(up: Up) -> None:
    printed = pasted(up, STEPS.partition("series=")[0], ENDPOINTS)

    shown = re.findall(r"call \w+ (\w+) [\"']?([^\s\"'?)]+)", ENDPOINTS)
    for route in ROUTES:
        path = re.compile(re.sub(r"\{\w+\}", r"[^/]+", route.path.removeprefix("/v1/")))
        assert any(method == route.method and path.fullmatch(asked) for method, asked in shown), route.path
    assert printed.count('"success":true') >= len(ROUTES) - 5, "five replies go into variables"


def test_every_code_is_in_the_table_with_its_statuses() -> None:
    table = README.partition("| code | status | what to do |")[2].partition("\n\n")[0]
    rows = {code: line for line in table.splitlines()[2:] for code in re.findall(r"`(\w+)`", line.split("|")[1])}
    known = {(row.code, row.status) for row in TABLE.values()} | {(code, 400) for code in FIELD_FAULTS}
    for code, status in known:
        assert str(status) in rows[code].split("|")[2], code
    assert set(rows) == {code for code, _ in known}


def test_every_setting_is_in_the_table_as_the_program_describes_it() -> None:
    for line in describe(Settings()):
        [row] = re.findall(rf"^\| `{line.variable}` \|.*$", README, re.MULTILINE)
        assert row.endswith(f"| {line.unit} | {line.effect} |")


def test_every_command_is_in_the_table() -> None:
    table = README.partition("| command | effect |")[2].partition("\n\n")[0]
    for name, command in numbering.commands.items():
        names = [f"{name} {inner}" for inner in command.commands] if isinstance(command, click.Group) else [name]
        assert all(f"`{each}" in table for each in names), name
