"""What the tests see from outside: processes, their owners, and the data of the servers."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from service.embedded.process import command_of, wait_until

PATIENCE_SECONDS = 20.0
ROOT = Path(__file__).parents[2]
ON_LINUX = sys.platform == "linux"


@dataclass(frozen=True)
class Started:
    """A process that started servers, and the process ids of the servers."""

    parent: int
    postgres: int
    nats: int


@contextmanager
def parent_of_servers(data_dir: Path, binaries: Path | None = None) -> Generator[Started]:
    """Another Python process that has started both servers in `data_dir` and waits; it is killed at the end."""
    command = [sys.executable, "-m", "tests.embedded.parent", str(data_dir), *([str(binaries)] if binaries else [])]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            told: dict[str, int] = json.loads(child.stdout.readline())
            yield Started(child.pid, told["postgres"], told["nats"])
        finally:
            child.kill()


def is_gone(pid: int) -> bool:
    """Whether process `pid` ends in time."""
    return wait_until(lambda: not command_of(pid), PATIENCE_SECONDS)


def owner_of(pid: int) -> int:
    """The user id of a process, as this process sees it."""
    return Path(f"/proc/{pid}").stat().st_uid


def is_root() -> bool:
    """Whether the tests run as root."""
    return os.geteuid() == 0


async def ask(url: str, statement: str) -> object:
    """The one value that a statement returns, over its own connection."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
