"""Thousands of requests made from the OpenAPI document: no 5xx, no undocumented reply; wrong data alone is refused."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.support.service.firms import a_firm
from tests.support.service.service_process import ServiceProcess, services

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SEED = "20261121"
CASES_MIN = 3_000
SECONDS_MAX = 240


async def fuzzed(base_url: str, credential: str, directory: Path) -> dict[str, Any]:
    """The report of one run with the credential of this caller."""
    report = directory / "report.json"
    command = [
        *(Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "fuzz.toml", "--no-color"),
        *("run", f"{base_url}/openapi.json", "-H", f"Authorization: Bearer {credential}", "--seed", SEED),
        *("--report", "json", "--report-json-path", report),
    ]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "fuzz_checks",
        "PYTHONPATH": os.pathsep.join(map(str, (HERE, ROOT))),
    }
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd=directory,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SECONDS_MAX):
        output, _ = await process.communicate()
    assert report.exists(), output.decode()
    found: dict[str, Any] = json.loads(report.read_bytes())
    assert not found["failures"], output.decode()
    assert not found["errors"], output.decode()
    assert found["complete"], output.decode()
    return found


async def test_a_fuzzing_device_finds_nothing_wrong(
    database_url: str, nats_url: str, data_dir: Path, tmp_path: Path
) -> None:
    """The caller is an admin's device, which may do everything; the process also keeps the projections."""
    firm = await a_firm(database_url, data_dir / "keys.json")
    process = ServiceProcess(data_dir, database_url, nats_url)
    async with services(process):
        found = await fuzzed(process.base_url, firm.admin, tmp_path)
        assert "Traceback" not in process.log_file.read_text("utf-8")

    assert found["test_cases"]["generated"] >= CASES_MIN
    assert found["operations"]["tested"] == found["operations"]["selected"]
