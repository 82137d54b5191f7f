"""The units of systemd hold only commands, settings and files that exist, and nothing loosens them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click
import pytest

from service.__main__ import COMMANDS, numbering
from service.configuration.settings import Settings, describe, read_settings
from tests.source.code import ROOT
from tests.source.guides import block

GUIDE: Final = "deploy/systemd/README.md"
UNITS: Final = ROOT / "deploy/systemd/units"
JOBS: Final = ("project", "relay", "requests", "seal", "web")
SERVICES: Final = (*(f"numbering@{job}.service" for job in JOBS), "numbering-migrate.service")
PROGRAM: Final = "/opt/numbering/bin/numbering"
EXPOSURE_MAX: Final = 1.5

Lines = Mapping[str, list[str]]


def lines_of(unit: str) -> Lines:
    """The values of each name in a unit and in what belongs to it alone; an empty value forgets those before it."""
    template = re.sub(r"@.*\.", "@.", unit)
    texts = [(UNITS / template).read_text("utf-8")]
    texts += [path.read_text("utf-8") for path in sorted(UNITS.glob(f"{unit}.d/*.conf"))]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", "\n".join(texts), re.MULTILINE):
        found[name] = [*found.get(name, []), value] if value else []
    job = re.sub(r"^.*@|\.service$", "", unit)
    return {name: [value.replace("%i", job) for value in values] for name, values in found.items()}


def environment_of(unit: str) -> dict[str, str]:
    pairs = [pair.partition("=") for value in lines_of(unit)["Environment"] for pair in value.split()]
    return {name: value for name, _, value in pairs}


def test_there_is_a_file_for_each_job_and_none_besides() -> None:
    folders = {path.name for path in UNITS.iterdir() if path.is_dir()}
    assert folders == {f"{service}.d" for service in SERVICES if "@" in service}
    assert {path.name for path in UNITS.iterdir() if path.is_file()} == {
        "numbering.target",
        "numbering@.service",
        "numbering-migrate.service",
    }


@pytest.mark.parametrize("unit", SERVICES)
def test_a_unit_runs_a_command_that_there_is(unit: str) -> None:
    [start] = lines_of(unit)["ExecStart"]
    program, name, *options = start.split()
    assert program == PROGRAM
    assert name in COMMANDS
    command = numbering.get_command(click.Context(numbering), name)
    assert command is not None
    assert set(options) <= {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("unit", SERVICES)
def test_what_a_unit_sets_are_settings_and_every_secret_is_a_credential_of_its_own(unit: str) -> None:
    environment = environment_of(unit)
    ours = {name: value for name, value in environment.items() if name.startswith("NUMBERING_")}
    assert set(ours) <= {name for line in describe(Settings()) for name in line.variables}
    assert set(environment) - set(ours) <= {"PYTHONFAULTHANDLER", "PYTHONUNBUFFERED"}
    credentials = dict(value.split(":") for value in lines_of(unit)["LoadCredential"])
    assert {value for name, value in ours.items() if name.endswith("_FILE")} == {f"%d/{each}" for each in credentials}
    given = read_env("operator.env")
    assert {ours[name] for name in ours if name.endswith("_FILE")} == {
        f"%d/{Path(given[name]).name}" for name in ours if name.endswith("_FILE")
    }
    assert all(credentials[Path(path).name] == path for path in given.values() if Path(path).name in credentials)


def read_env(name: str) -> dict[str, str]:
    text = (UNITS.parent / name).read_text("utf-8")
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


def test_the_settings_of_all_jobs_are_right_and_hold_no_secret() -> None:
    settings = read_settings(read_env("numbering.env"))
    assert settings.database_url is not None
    assert settings.nats_url is not None
    assert not any(
        ":" in url.partition("://")[2].partition("@")[0] for url in (settings.database_url, settings.nats_url)
    )


def test_no_two_jobs_want_one_port() -> None:
    ports = [environment_of(f"numbering@{job}.service")["NUMBERING_METRICS_PORT"] for job in JOBS]
    assert len(set(ports)) == len(JOBS)
    rows = dict(re.findall(r"^\| `numbering@(\w+)` \|.*\| (\d+) \|$", (ROOT / GUIDE).read_text("utf-8"), re.MULTILINE))
    assert rows == dict(zip(JOBS, ports, strict=True))


@pytest.mark.parametrize("job", JOBS)
def test_a_job_says_that_it_is_ready_and_is_watched_and_started_again(job: str) -> None:
    lines = lines_of(f"numbering@{job}.service")
    assert lines["Type"] == ["notify"]
    assert lines["Restart"] == ["always"]
    assert lines["StartLimitIntervalSec"] == ["0"]
    assert 10 <= int(lines["WatchdogSec"][0]) <= 60
    assert lines["User"] == [f"numbering-{job}"]


HARDENING: Final = {
    "DynamicUser": "yes",
    "NoNewPrivileges": "yes",
    "UMask": "0077",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "PrivateUsers": "yes",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
    "LimitCORE": "0",
    "StateDirectoryMode": "0700",
}


@pytest.mark.parametrize("unit", SERVICES)
def test_every_unit_is_closed_in(unit: str) -> None:
    lines = lines_of(unit)
    assert {name: lines.get(name) for name in HARDENING} == {name: [value] for name, value in HARDENING.items()}
    assert lines["CapabilityBoundingSet"] == lines["AmbientCapabilities"] == []
    assert lines["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as systemd finds them, with a program that is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    place = tmp_path / "units"
    shutil.copytree(UNITS, place)
    for service in place.glob("numbering*.service"):
        text = service.read_text("utf-8").replace(PROGRAM, str(Path(sys.executable).with_name("numbering")))
        service.write_text(text, "utf-8")
    (place / "numbering@web.service.d/job.conf").write_text(
        (UNITS / "numbering@web.service.d/job.conf")
        .read_text("utf-8")
        .replace(PROGRAM, str(Path(sys.executable).with_name("numbering"))),
        "utf-8",
    )
    for job in JOBS:
        (place / f"numbering@{job}.service").symlink_to("numbering@.service")
    return place


def analyze(place: Path, *arguments: str) -> tuple[int, str]:
    """The exit status of systemd-analyze and all that it says, with the units of this folder before the machine's."""
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{place}:", "SYSTEMD_COLORS": "0", "LC_ALL": "C.UTF-8"}
    outcome = subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    return outcome.returncode, outcome.stdout + outcome.stderr


def test_systemd_finds_no_fault_in_the_units(installed: Path) -> None:
    files = [str(installed / unit) for unit in (*SERVICES, "numbering.target")]
    assert analyze(installed, "verify", "--man=no", *files) == (0, "")


@pytest.mark.parametrize("unit", SERVICES)
def test_systemd_finds_little_that_a_unit_is_exposed_to(installed: Path, unit: str) -> None:
    status, said = analyze(installed, "security", "--offline=true", str(installed / unit))
    assert status == 0, said
    [exposure] = re.findall(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert float(exposure) <= EXPOSURE_MAX


def test_the_guide_names_commands_files_and_units_that_there_are() -> None:
    """It needs a machine that systemd has started; here its words are looked up."""
    texts = [
        block("deploy/systemd/README.md", "bash", 1),
        block("deploy/systemd/README.md", "bash", 2),
        block("deploy/systemd/README.md", "bash", 3),
        block("deploy/systemd/README.md", "bash", 4),
    ]
    for text in texts:
        outcome = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
        assert (outcome.returncode, outcome.stderr) == (0, "")
    together = "\n".join(texts)
    files = re.findall(r"(?<![\w/.])deploy/[\w./-]+", together)
    assert files
    assert [name for name in files if not (ROOT / name).exists()] == []
    assert set(re.findall(rf"{PROGRAM} ([\w-]+)", together)) <= set(COMMANDS)
    units = set(re.findall(r"numbering(?:@\w+|-\w+|\.target)(?![\w.])", together.replace("numbering-numbering", "")))
    assert units == {"numbering.target", "numbering-migrate", *(f"numbering@{job}" for job in JOBS if job != "seal")}
