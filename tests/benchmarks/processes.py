"""Starts what is measured as processes of their own."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def process(*arguments: str, checkout: Path | None = None, **settings: str) -> Generator[int]:
    """`python -m ARGUMENTS` with only these settings, until the block ends; yields its id.

    The code is that of `checkout`, or else of this one.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
    environment = inherited | {f"NUMBERING_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", *arguments]
    started = subprocess.Popen(command, env=environment, cwd=checkout, stderr=subprocess.DEVNULL)
    try:
        yield started.pid
        assert started.poll() is None, f"{arguments} ended during the measurement"
    finally:
        started.kill()
        started.wait()
