"""Generators of clients and linters, from PyPI and npm, kept in `.tools` from one run to the next.

They are no dependencies of ours: each set has an environment of its own, with the versions of its lock file.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from service.embedded.process import CannotStartError

ROOT: Final = Path(__file__).parents[3]
PROGRAMS: Final = ROOT / "tests" / "generated"
UV_REQUIRED: Final = "NUMBERING_TEST_UV"
NODE_REQUIRED: Final = "NUMBERING_TEST_NODE"
"""Set either to `required` where the tool is known to be there, as in CI: then a test fails where it would skip."""

LANGUAGES: Final = ("python", "go", "php", "java", "typescript-axios", "typescript-fetch")
"""The languages, by its own names, in which openapi-generator makes clients here."""

INSTALL_SECONDS: Final = 300
RUN_SECONDS: Final = 180


def python_tools() -> Path:
    """The folder of programs of an environment that has the generators written in Python, and Java for another one."""
    return python_programs(PROGRAMS / "requirements.txt", "python")


def python_programs(wanted: Path, kind: str) -> Path:
    """The folder of programs of an environment that has what the requirements file `wanted` names; made once."""
    place = _place(kind, wanted.read_bytes() + sys.version.encode())
    if not place.exists():
        uv = _present("uv", UV_REQUIRED, ROOT / ".tools" / "uv" / "bin" / "uv")
        made = _unfinished(place)
        run([uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, made], seconds=INSTALL_SECONDS)
        into = ["--python", str(made / "bin" / "python"), "--require-hashes", "--only-binary", ":all:"]
        run([uv, "pip", "install", "--quiet", *into, "-r", wanted], seconds=INSTALL_SECONDS)
        made.rename(place)
    return place / "bin"


def node_tools() -> Path:
    """A folder with the generators and linters written in JavaScript in its `node_modules`."""
    return npm_packages(PROGRAMS / "javascript", "node")


def npm_packages(wanted: Path, kind: str) -> Path:
    """A folder with what the lock file in `wanted` names in its `node_modules`; installed once."""
    place = _place(kind, (wanted / "package-lock.json").read_bytes())
    if not place.exists():
        npm = _present("npm", NODE_REQUIRED)
        made = _unfinished(place)
        made.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(wanted / name, made)
        run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], made, seconds=INSTALL_SECONDS)
        made.rename(place)
    return place


def run(
    command: Sequence[str | Path],
    directory: Path | None = None,
    *,
    seconds: float = RUN_SECONDS,
    environment: Mapping[str, str] | None = None,
) -> str:
    """The output of a program, errors included. Fails with it if the program fails."""
    ended = subprocess.run(
        [str(each) for each in command],
        cwd=directory,
        env=os.environ | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert ended.returncode == 0, f"{command[0]}:\n{ended.stdout[-6000:]}"
    return ended.stdout


def tool_chain(name: str) -> str:
    """The path of a compiler that this machine may have; without it the test is skipped."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _present(name: str, required: str, otherwise: Path | None = None) -> str:
    found = shutil.which(name) or (str(otherwise) if otherwise is not None and otherwise.exists() else None)
    if found is None and os.environ.get(required) == "required":
        raise CannotStartError(f"{name} is not there, and {required} says that it must be")
    if found is None:
        pytest.skip(f"{name} is not installed; {required}=required makes this an error")
    return found


def _place(kind: str, content: bytes) -> Path:
    return ROOT / ".tools" / f"generators-{kind}-{hashlib.sha256(content).hexdigest()[:16]}"


def _unfinished(place: Path) -> Path:
    """Where to make what then moves to `place`, so that what is there is whole. What an older lock file named goes."""
    kind = place.name.rpartition("-")[0]
    for old in place.parent.glob(f"{kind}-*"):
        shutil.rmtree(old)
    place.parent.mkdir(exist_ok=True)
    return place.with_name(f"{place.name}.unfinished")
