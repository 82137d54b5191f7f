"""The guides of operators, auditors and accountants work as pasted, for a firm that has done some business."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.clock import now
from tests.source.guides import block
from tests.support.service.command_line import printed
from tests.support.service.up_process import Up

SECONDS_MAX = 120
SESSION = ("--mode", "live", "--device", "till-1", "--name", "Till 1", "--platform", "android", "--admin")
ITEM = {"description": "Cafea", "quantity": 1, "price": 10}
YEAR = datetime.fromtimestamp(now(), UTC).year


@dataclass(frozen=True)
class Business:
    """A firm whose first document is number 104, and which released 105 to 110 unused."""

    up: Up
    firm: str
    series: str
    invoice: str

    def pasted(self, directory: Path, *blocks: str, **environment: str) -> str:
        """What the shell prints; the blocks may use $firm, $series and $invoice. Asserts that no command fails."""
        variables = [f"firm={self.firm}", f"series={self.series}", f"invoice={self.invoice}"]
        # The guides name years: those that are near while they are written.
        told = "\n".join(blocks).replace("2027", str(YEAR + 1)).replace("2026", str(YEAR))
        return shell(directory, "\n".join([*variables, told]), self.up.terminal | environment)


def shell(directory: Path, text: str, environment: Mapping[str, str]) -> str:
    """What the shell prints when this is pasted in `directory`. Asserts that no command fails."""
    numbering = str(Path(sys.executable).with_name("numbering"))
    here = text.replace(".venv/bin/numbering", numbering).replace(".venv/bin/python", sys.executable)
    ended = subprocess.run(
        ["sh", "-eu", "-c", here],
        cwd=directory,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def business(up: Up) -> Business:
    firm: str = printed(up.numbering("firm", "create", "--name", "Corner shop"))["firm_id"]
    token: str = printed(up.numbering("session", "create", "--firm", firm, *SESSION))["token"]

    def ask(path: str, body: object) -> Any:
        status, reply = up.asked("POST", path, token, body)
        assert status in {200, 201}, reply
        return reply["data"]

    opening = {"name": "FACT", "document_type": "fiscal", "start_number": 104}
    series = ask("/v1/invoice-series", opening)["id"]
    ask(f"/v1/invoice-series/{series}/lock", {})
    client = {"type": "b2c", "name": "Ion Pop"}
    invoice = ask("/v1/invoices", {"series_id": series, "client_data": client, "items": [ITEM]})["id"]
    for reserved in ask(f"/v1/invoice-series/{series}/reserve-numbers", {"count": 6})["data"]:
        ask(f"/v1/invoice-series/reservations/{reserved['token']}/release", {})
    return Business(up, firm, series, invoice)


def test_keys_are_rotated_the_database_is_checked_and_the_plan_shown(business: Business, tmp_path: Path) -> None:
    rotates, checks = block("deploy/guide/restoring.md", "sh", 1), block("deploy/guide/faults.md", "sh", 2)
    told = business.pasted(tmp_path, rotates, checks, block("deploy/guide/upgrades.md", "sh", 1))
    assert '"kept": 1' in told
    assert "nothing to run" in told


def test_evidence_has_keys_a_fingerprint_and_a_state(business: Business, tmp_path: Path) -> None:
    own = {"NUMBERING_DATA_DIR": str(tmp_path / "data")}
    told = shell(tmp_path, block("deploy/guide/evidence.md", "sh", 1), business.up.terminal | own)
    assert told.count("numbers.example.com/log/1+") == 2
    assert "ed25519" in told
    assert "numbers.example.com/log/1+" in shell(
        tmp_path, block("deploy/guide/evidence.md", "sh", 3), business.up.terminal | own
    )
    sealed(business)
    assert "/log/1" in business.pasted(tmp_path, block("deploy/guide/evidence.md", "sh", 2))


def test_an_auditor_verifies_without_us_asks_about_numbers_and_gets_listings(
    business: Business, tmp_path: Path
) -> None:
    sealed(business)
    (tmp_path / "key.txt").write_text(business.up.numbering("evidence", "key").stdout)
    verifies, replays = block("service/evidence/AUDITOR.md", "sh", 1), block("service/evidence/AUDITOR.md", "sh", 2)
    told = business.pasted(tmp_path, verifies, replays)
    assert "verified" in told
    assert "= 1 standing + 0 voided + 0 withdrawn + 0 pending + 6 released" in told
    asks, explains = block("service/evidence/AUDITOR.md", "sh", 3), block("service/evidence/AUDITOR.md", "sh", 4)
    told = business.pasted(tmp_path, asks, explains, block("service/evidence/AUDITOR.md", "sh", 5))
    assert "The till of shop 12 broke" in told
    assert {"receipt.json", "gap.json", "d394.pdf", "decision.pdf"} <= {file.name for file in tmp_path.iterdir()}


def test_the_accountant_gets_the_declaration_and_the_decision(business: Business, tmp_path: Path) -> None:
    details = json.loads(block("projections/reports/romania/README.md", "json", 1))
    details["series"] = {"FACT": details["series"]["SHOP"]}
    (tmp_path / "details.json").write_text(json.dumps(details))
    romania = [
        block("projections/reports/romania/README.md", "sh", 1),
        block("projections/reports/romania/README.md", "sh", 2),
    ]
    business.pasted(tmp_path, *romania)
    assert {"d394-fragment.xml", "d394.csv", "decision.pdf"} <= {file.name for file in tmp_path.iterdir()}


def test_what_was_lost_is_stepped_over_auditors_get_keys_and_a_document_is_erased(
    business: Business, tmp_path: Path
) -> None:
    told = business.pasted(tmp_path, block("deploy/guide/restoring.md", "sh", 2))
    assert "1042" in told
    makes_keys, erases = block("deploy/guide/evidence.md", "sh", 4), block("deploy/guide/evidence.md", "sh", 5)
    told = business.pasted(tmp_path, makes_keys, erases)
    assert '"api_key"' in told
    assert business.invoice in told


def sealed(business: Business) -> None:
    """Wait until a note covers every event."""
    up = business.up
    up.until(lambda: "numbering_evidence_lag_events 0.0" in up.text("/metrics"))
