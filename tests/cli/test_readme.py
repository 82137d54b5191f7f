"""The README tells the truth: its examples run as pasted, its tables are those of the program."""

import re
import subprocess
import sys
from pathlib import Path

import click

from service.__main__ import numbering
from service.settings import Settings, describe
from tests.support.up_process import Up

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
SECONDS_MAX = 60


def test_the_first_steps_work_as_pasted(up: Up) -> None:
    [steps] = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    demo = f"demo={up.data_dir / 'demo.json'}"
    here = steps.replace("demo=~/.local/share/invoice-numbering/demo.json", demo)
    here = here.replace(".venv/bin/numbering", str(Path(sys.executable).with_name("numbering")))
    assert demo in here

    ended = subprocess.run(
        ["sh", "-eu", "-c", here], env=up.terminal, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert '"success":false' not in ended.stdout
    assert "4 taken = 1 standing + 0 voided + 0 withdrawn + 3 pending + 0 released + 0 expired" in ended.stdout


def test_every_setting_is_in_the_table_as_the_program_describes_it() -> None:
    for line in describe(Settings()):
        [row] = re.findall(rf"^\| `{line.variable}` \|.*$", README, re.MULTILINE)
        assert row.endswith(f"| {line.unit} | {line.effect} |")


def test_every_command_is_in_the_table() -> None:
    table = README.partition("| command | effect |")[2].partition("\n\n")[0]
    for name, command in numbering.commands.items():
        names = [f"{name} {inner}" for inner in command.commands] if isinstance(command, click.Group) else [name]
        assert all(f"`{each}" in table for each in names), name
