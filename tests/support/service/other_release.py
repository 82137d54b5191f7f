"""The program of another commit of this repository, installed as its users install it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.source.code import ROOT
from tests.support.service.command_line import Outcome

INSTALL_SECONDS_MAX = 600
SECONDS_MAX = 120


class Release:
    """A tree with its `.venv`; of another commit, or this one."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree

    @classmethod
    def of_commit(cls, commit: str, tree: Path) -> "Release":
        """Unpack the commit into the new directory `tree` and install it there."""
        tree.mkdir()
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", str(tree)], input=archive, check=True)
        subprocess.run([str(tree / "deploy/install")], cwd=tree, check=True, timeout=INSTALL_SECONDS_MAX)
        return cls(tree)

    @property
    def program(self) -> str:
        """Its `numbering`."""
        return str(self.tree / ".venv/bin/numbering")

    @property
    def schema(self) -> int:
        """The number of its last migration."""
        return max(int(file.name[:4]) for file in self.tree.glob("service/log/sql/migrations/*.sql"))

    def run(self, environment: dict[str, str], *arguments: str) -> Outcome:
        """`numbering ARGUMENTS`."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
        done = subprocess.run(
            [self.program, *arguments],
            env=inherited | environment,
            cwd=self.tree,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def told(self, environment: dict[str, str], *arguments: str) -> Any:
        """What the command prints, which succeeds and prints JSON."""
        done = self.run(environment, *arguments)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)
