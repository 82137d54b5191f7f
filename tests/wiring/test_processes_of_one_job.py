"""A process holds what its jobs need, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

from service.access.key_file import ensure

REQUESTS_ONLY = """
import os, signal, sys
import service.__main__
from service.configuration.settings import read_settings
from service.cli.starting.serving import run_until_stopped
from service.jobs import Job

def on_ready():
    found = sorted(name for name in sys.modules if name.startswith(("service.web", "service.api.openapi", "jinja2")))
    print("imported:", found)
    os.kill(os.getpid(), signal.SIGTERM)

run_until_stopped(read_settings(os.environ), frozenset({Job.REQUESTS}), on_ready)
"""


async def test_a_process_that_serves_only_nats_has_no_web_application(
    database_url: str, nats_url: str, tmp_path: Path
) -> None:
    ensure(tmp_path / "keys.json")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
    given = {"DATA_DIR": str(tmp_path), "DATABASE_URL": database_url, "NATS_URL": nats_url}
    environment |= {f"NUMBERING_{name}": value for name, value in given.items()}

    ran = subprocess.run(  # noqa: ASYNC221 - nothing else of this test is to run
        [sys.executable, "-c", REQUESTS_ONLY], env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "imported: []"), ran.stderr
