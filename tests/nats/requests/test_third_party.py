"""Clients of third parties find the service, understand its description and use it, without any code of ours."""

import asyncio
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nats.micro.service import ServiceInfo, ServicePing, ServiceStats

from schemas.api.operations import OPERATIONS
from tests.support.nats.examples import installed
from tests.support.nats.relays import relaying
from tests.support.nats.requesting import Requester

STRANGER = Path(__file__).parent / "javascript"
STRANGER_SECONDS = 60
NAMES = {operation.name for operation in OPERATIONS}


async def stranger(requester: Requester, nats_url: str, series_id: str, directory: Path) -> dict[str, Any]:
    """The output of the JavaScript program."""
    firm = requester.api.firm
    place = await asyncio.to_thread(installed, STRANGER, directory)
    command = ["node", "stranger.js", nats_url, firm.firm_id, series_id, firm.device_a]
    ended = await asyncio.to_thread(
        subprocess.run, command, cwd=place, capture_output=True, text=True, timeout=STRANGER_SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


async def test_the_official_javascript_client_finds_the_service_reserves_numbers_and_reads_the_stream(
    requester: Requester, nats_url: str, data_dir: Path
) -> None:
    series_id = await requester.api.a_series()
    async with relaying(requester.api.dependencies.log, nats_url):
        found = await stranger(requester, nats_url, series_id, data_dir)

    ping, info, stats = found["ping"], found["info"], found["stats"]
    assert found["anyone"] == ping
    assert {(each["name"], each["id"], each["version"]) for each in (info, stats)} == {
        ("numbering", ping["id"], ping["version"])
    }
    assert {endpoint["name"] for endpoint in info["endpoints"]} == NAMES
    counted = {each["name"]: (each["num_requests"], each["num_errors"]) for each in stats["endpoints"]}
    assert counted == dict.fromkeys(NAMES, (0, 0)) | {"lock": (1, 0), "reserve": (2, 1), "release": (1, 0)}
    assert (found["numbers"], found["refused"]) == ([1, 2, 3], {"code": "400"})
    assert await requester.api.next_number(series_id) == 4


async def test_the_official_javascript_client_reads_each_event_at_its_position(
    requester: Requester, nats_url: str, data_dir: Path
) -> None:
    series_id = await requester.api.a_series()
    async with relaying(requester.api.dependencies.log, nats_url):
        events = (await stranger(requester, nats_url, series_id, data_dir))["events"]

    prefix = f"numbering.v1.events.live.{requester.api.firm.firm_id}.{series_id}"
    assert [(event["sequence"], event["position"]) for event in events] == [(place, place) for place in range(1, 5)]
    assert [event["type"] for event in events] == [
        "series-opened/1",
        "series-locked/1",
        "numbers-reserved/1",
        "reservation-released/1",
    ]
    assert {event["subject"].rpartition(".")[0] for event in events} == {prefix}


async def test_nats_py_decodes_what_the_service_says_of_itself(requester: Requester) -> None:
    await requester.ask("series", {"series_id": "nosuch"})

    async def told(verb: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((await requester.client.request(f"$SRV.{verb}.numbering", b"")).data)
        return found

    ping = ServicePing.from_dict(await told("PING"))
    info = ServiceInfo.from_dict(await told("INFO"))
    stats = ServiceStats.from_dict(await told("STATS"))

    assert {(each.name, each.id, each.version) for each in (ping, info, stats)} == {("numbering", ping.id, "0.1.0")}
    assert {endpoint.name for endpoint in info.endpoints} == {endpoint.name for endpoint in stats.endpoints} == NAMES
    assert all(endpoint.metadata["summary"] for endpoint in info.endpoints)
    assert abs(datetime.now(UTC) - stats.started.replace(tzinfo=UTC)) < timedelta(minutes=5)
    [asked] = [endpoint for endpoint in stats.endpoints if endpoint.num_requests]
    assert (asked.name, asked.num_errors, asked.last_error) == ("series", 1, "404:resource_missing")
    # The `nats` command checks replies against a schema that allows only an object here.
    assert [endpoint.data for endpoint in stats.endpoints] == [{}] * len(NAMES)
