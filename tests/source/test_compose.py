"""The compose files start what the code has, and nothing with more rights than it needs; no engine is needed here."""

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from service.__main__ import numbering
from service.configuration.setting_values import PREFIX
from service.configuration.settings import Settings, describe
from tests.source.code import ROOT, tracked

FOLDER: Final = ROOT / "deploy/compose"
FILES: Final = sorted(path.name for path in FOLDER.glob("*.yaml"))
PROCESSES: Final = {"web", "requests", "relay", "project"}
KINDS: Final = ("services", "secrets", "networks", "volumes")
OURS: Final = "${INVOICE_NUMBERING_IMAGE:-invoice-numbering}"


def read(name: str) -> Mapping[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return found


def services() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every service of every file with what it says; a file may change a service of another one."""
    for file in FILES:
        yield from read(file)["services"].items()


ALL: Final = [each for each in services() if "image" in each[1]]
CHANGES: Final = [each for each in services() if "image" not in each[1]]
"""What a second file adds to a service of the first."""


@pytest.mark.parametrize(("name", "service"), ALL, ids=[name for name, _ in ALL])
def test_a_container_has_no_more_rights_than_it_needs(name: str, service: dict[str, Any]) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "pid", "ipc", "userns_mode", "devices"}
    assert service.get("network_mode", "none") == "none"
    assert service["restart"], f"{name} says whether it is started again"


def test_a_second_file_takes_no_guard_away() -> None:
    kept = {"user", "read_only", "cap_drop", "security_opt", "privileged", "restart", "secrets"}
    assert [name for name, service in CHANGES if service.keys() & kept] == []


def test_every_variable_is_a_setting() -> None:
    known = {variable for line in describe(Settings()) for variable in line.variables}
    used = {name for _, service in services() for name in service.get("environment", {}) if name.startswith(PREFIX)}
    assert used
    assert used - known == set()


def test_every_process_runs_a_command_that_there_is_and_is_asked_whether_it_is_ready() -> None:
    ours = {name: service for name, service in ALL if service["image"] == OURS}
    assert set(ours) >= PROCESSES | {"migrate", "operator"}
    for name, service in ours.items():
        first, *options = service["command"]
        if first == "--version":
            continue
        command = numbering.get_command(click.Context(numbering), first)
        assert command is not None, name
        assert set(options) <= {option for parameter in command.params for option in parameter.opts}
        assert service["healthcheck"] == {"disable": True} or service["healthcheck"]["test"][:2] == ["CMD", "numbering"]
        assert (name in PROCESSES) == ("test" in service["healthcheck"])


def test_every_part_waits_for_what_it_needs_and_names_only_what_there_is() -> None:
    for file in FILES:
        both = [read(each) for each in {"compose.yaml", file}]
        known = {kind: {key for each in both for key in each.get(kind, {})} for kind in KINDS}
        for service in read(file)["services"].values():
            assert set(service.get("depends_on", {})) <= known["services"]
            assert set(service.get("secrets", [])) <= known["secrets"]
            assert set(service.get("networks", [])) <= known["networks"]
            for source in (volume.partition(":")[0] for volume in service.get("volumes", [])):
                assert source in known["volumes"] or (FOLDER / source).resolve() in tracked()
    for name in PROCESSES:
        waits = read("compose.yaml")["services"][name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}


def test_no_secret_stands_in_a_file_and_each_is_made() -> None:
    made = (FOLDER / "make-secrets").read_text("utf-8")
    secrets = {name: secret for file in FILES for name, secret in read(file).get("secrets", {}).items()}
    assert secrets == {name: {"file": f"./secrets/{name}"} for name in secrets}
    assert [name for name in secrets if not re.search(rf"\b{name}\b", made)] == []
    assert "deploy/compose/secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    for _, service in services():
        for variable, value in service.get("environment", {}).items():
            assert "PASSWORD" not in variable or variable.endswith("_FILE"), variable
            assert not re.search(r"//[^/@]*:[^/@]*@", str(value)), variable


def test_only_postgres_is_given_the_password_of_its_superuser() -> None:
    holders = {name for name, service in services() if "postgres_password" in service.get("secrets", [])}
    assert holders == {"postgres"}
    owners = {name for name, service in services() if "database_password" in service.get("secrets", [])}
    assert owners == {"postgres", "migrate", "operator"}, "no process that answers can act as the owner"


@pytest.mark.parametrize("script", ["up", "make-secrets"])
def test_a_script_can_be_run_as_it_is(script: str) -> None:
    path: Path = FOLDER / script
    assert path.stat().st_mode & stat.S_IXUSR
    assert path.read_text("utf-8").startswith("#!/bin/sh\n")
