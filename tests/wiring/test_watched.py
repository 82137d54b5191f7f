"""A process of any job is watched at a port of its own: health, readiness, and the metrics of its own parts alone."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from service.access.key_file import ensure
from service.embedded.data_directory import free_port
from tests.support.service.service_process import ServiceProcess, services

OF_THE_WRITER = {"numbering_queue_depth", "numbering_log_position", "numbering_append_seconds"}
OF_THE_RELAY = {"numbering_relay_lag_events"}
OF_THE_PROJECTIONS = {"numbering_projection_lag_events"}
OF_THE_SELF_CHECK = {"numbering_selfcheck_faults", "numbering_selfcheck_last_round_timestamp_seconds"}
OF_THE_SWEEP = {"numbering_sweeps_total"}
ALL = OF_THE_WRITER | OF_THE_RELAY | OF_THE_PROJECTIONS | OF_THE_SELF_CHECK | OF_THE_SWEEP
JOBS = {
    ("serve",): (ALL, {"postgres", "log", "clock", "relay", "projections", "selfcheck", "history", "requests"}),
    ("serve", "--web-only"): (OF_THE_WRITER | OF_THE_SWEEP, {"postgres", "log", "clock", "history"}),
    ("requests",): (OF_THE_WRITER, {"postgres", "log", "clock", "history", "requests"}),
    ("relay",): (OF_THE_RELAY, {"postgres", "clock", "relay"}),
    ("project",): (OF_THE_PROJECTIONS | OF_THE_SELF_CHECK, {"postgres", "clock", "projections", "selfcheck"}),
}


@pytest.mark.parametrize(("arguments", "watched"), JOBS.items(), ids=[" ".join(each) for each in JOBS])
async def test_a_process_tells_of_its_own_parts_and_of_no_others(
    tmp_path: Path, database_url: str, nats_url: str, arguments: tuple[str, ...], watched: tuple[set[str], set[str]]
) -> None:
    ensure(tmp_path / "keys.json")
    metrics, parts = watched
    port = free_port()
    process = ServiceProcess(tmp_path, database_url, nats_url, arguments, NUMBERING_METRICS_PORT=str(port))
    process.base_url = f"http://127.0.0.1:{port}"
    async with services(process), aiohttp.ClientSession() as session:
        for path, status in {"/healthz": 200, "/nothing": 404}.items():
            async with session.get(f"{process.base_url}{path}") as response:
                assert response.status == status
                assert response.headers["Cache-Control"] == "no-store"
                assert response.headers["X-Content-Type-Options"] == "nosniff"
        async with session.get(f"{process.base_url}/readyz") as response:
            assert set((await response.json())["parts"]) == parts
        async with session.get(f"{process.base_url}/metrics") as response:
            text = await response.text()
        found = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
        assert found & (ALL | {name.removesuffix("_total") for name in ALL}) == {
            name.removesuffix("_total") if name.removesuffix("_total") in found else name for name in metrics
        }
        if arguments[0] == "serve":
            async with session.get(f"http://127.0.0.1:{process.port}/metrics") as response:
                assert response.status == 404


async def test_a_relay_that_has_not_seen_both_ends_does_not_say_that_all_is_published(
    tmp_path: Path, database_url: str
) -> None:
    ensure(tmp_path / "keys.json")
    port = free_port()
    process = ServiceProcess(tmp_path, database_url, "nats://127.0.0.1:1", ("relay",), NUMBERING_METRICS_PORT=str(port))
    process.base_url = f"http://127.0.0.1:{port}"
    async with services(process), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{process.base_url}/metrics") as response:
                [line] = [
                    each for each in (await response.text()).splitlines() if each.startswith("numbering_relay_lag")
                ]
            if line != "numbering_relay_lag_events 0.0":
                break
            await asyncio.sleep(0.05)
    assert line == "numbering_relay_lag_events NaN"


async def test_a_metrics_port_that_cannot_be_had_stops_the_start(tmp_path: Path, database_url: str) -> None:
    ensure(tmp_path / "keys.json")
    port = free_port()
    first = ServiceProcess(tmp_path, database_url, "", ("project",), NUMBERING_METRICS_PORT=str(port))
    first.base_url = f"http://127.0.0.1:{port}"
    second = ServiceProcess(tmp_path, database_url, "", ("project",), NUMBERING_METRICS_PORT=str(port))
    async with services(first):
        second.spawn()
        while "NUMBERING_METRICS_PORT" not in second.said():
            await asyncio.sleep(0.05)
        assert f"cannot listen on 127.0.0.1 port {port}" in second.said()
        second.stop()
