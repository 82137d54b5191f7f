"""The image is what its guide says, as far as its file tells: an engine is not needed here."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import click

from service.__main__ import COMMANDS, numbering
from service.configuration.settings import Settings, describe
from tests.source.code import ROOT

FILE: Final = ROOT / "deploy/image/Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """Every instruction with what follows it, on one line, without comments."""
    text = re.sub(r"^#.*\n", "", FILE.read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    found = [line.partition(" ") for line in text.splitlines() if line.strip()]
    return [(name, " ".join(rest.split())) for name, _, rest in found]


def last_stage() -> dict[str, str]:
    """The last instruction of each name in the stage that becomes the image."""
    [*_, begin] = [index for index, (name, _) in enumerate(instructions()) if name == "FROM"]
    return dict(instructions()[begin:])


def test_hadolint_finds_nothing() -> None:
    program = Path(sys.executable).with_name("hadolint")
    outcome = subprocess.run([program, "--no-color", FILE], capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stdout) == (0, "")


def test_its_variables_are_settings_with_values_that_they_take() -> None:
    given = dict(re.findall(r"(NUMBERING_\w+)=(\S+)", last_stage()["ENV"]))
    assert given
    assert set(given) <= {name for line in describe(Settings()) for name in line.variables}
    exposed = {f"{given[name]}" for name in ("NUMBERING_PORT", "NUMBERING_METRICS_PORT")}
    assert exposed == set(last_stage()["EXPOSE"].split())
    assert given["NUMBERING_DATA_DIR"] == last_stage()["VOLUME"] == last_stage()["WORKDIR"]


def test_what_it_runs_are_commands_without_a_shell_between() -> None:
    stage = last_stage()
    assert json.loads(stage["ENTRYPOINT"]) == ["numbering"]
    [command] = json.loads(stage["CMD"])
    assert command in COMMANDS
    program, name = json.loads(stage["HEALTHCHECK"].partition("CMD ")[2])
    assert program == "numbering"
    assert numbering.get_command(click.Context(numbering), name) is not None


def test_it_runs_as_a_numeric_user_who_is_not_root() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last_stage()["USER"])


def test_what_it_copies_gets_into_the_build_and_nothing_else_does() -> None:
    copied = {
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    first, *rest = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] != "#"]
    assert first == "*"
    assert {line.removeprefix("!") for line in rest if line.startswith("!")} == copied
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_version_it_tells_is_that_of_the_project() -> None:
    [version] = [rest.partition("=")[2] for name, rest in instructions() if name == "ARG" and "VERSION=" in rest]
    assert f'version = "{version}"' in (ROOT / "pyproject.toml").read_text("utf-8")
