"""Starts what is measured as processes of their own."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from service.embedded.process import children_of, command_of

STOP_SECONDS_MAX: Final = 30.0


@contextmanager
def process(*arguments: str, checkout: Path | None = None, **settings: str) -> Generator[int]:
    """`python -m ARGUMENTS` with only these settings, until the block ends; yields its id.

    The code and the virtual environment are those of `checkout`, or else ours. At the end it is asked to stop, as a
    supervisor does.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
    environment = inherited | {f"NUMBERING_{name}": value for name, value in settings.items()}
    python = sys.executable if checkout is None else str(checkout.resolve() / ".venv" / "bin" / "python")
    started = subprocess.Popen(
        [python, "-m", *arguments],
        env=environment,
        cwd=checkout,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield started.pid
        assert started.poll() is None, f"{arguments} ended during the measurement"
    finally:
        started.terminate()
        try:
            started.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def children_by_job(pid: int) -> dict[str, int]:
    """The ids of the Python processes that a process has started, by the last word of their commands."""
    found = ((child, command_of(child)) for child in children_of(pid))
    return {words[-1]: child for child, words in found if words and Path(words[0]).name.startswith("python")}
