"""The README and the guides beside the code work as pasted into a shell, against `numbering up`."""

import subprocess
import sys
from pathlib import Path

from service.api.catalogue import ROUTES
from tests.source.guides import block
from tests.support.service.up_process import Up

STEPS = block("README.md", "sh")
ENDPOINTS = block("schemas/README.md", "sh")
SECONDS_MAX = 60


def pasted(up: Up, *blocks: str) -> str:
    """What the shell prints when these blocks are pasted one after another."""
    demo = f"demo={up.data_dir / 'demo.json'}"
    here = "\n".join(blocks).replace("demo=~/.local/share/invoice-numbering/demo.json", demo)
    here = here.replace(".venv/bin/numbering", str(Path(sys.executable).with_name("numbering")))
    ended = subprocess.run(
        ["sh", "-eu", "-c", here], env=up.terminal, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert '"success":false' not in ended.stdout, ended.stdout
    return ended.stdout


def test_the_first_steps_work_as_pasted(up: Up) -> None:
    assert "demo=~/.local/share/invoice-numbering/demo.json" in STEPS
    printed = pasted(up, STEPS)

    assert "4 taken = 1 standing + 0 voided + 0 withdrawn + 3 pending + 0 released + 0 expired" in printed


def test_every_endpoint_works_as_pasted(up: Up) -> None:
    printed = pasted(up, STEPS.partition("series=")[0], ENDPOINTS)
    in_variables = ENDPOINTS.count("$(call ")
    assert printed.count('"success":true') >= len(ROUTES) - in_variables, "every other reply is printed"


def test_a_firm_and_its_credentials_are_made_as_pasted(up: Up) -> None:
    printed = pasted(up, block("deploy/README.md", "sh", 1))

    assert '"api_key"' in printed
    assert '"token"' in printed
    assert "till-1" in printed


def test_all_copies_hold_what_the_log_says(up: Up) -> None:
    printed = pasted(up, block("deploy/guide/faults.md", "sh", 1))

    assert "DIFFERS" not in printed
