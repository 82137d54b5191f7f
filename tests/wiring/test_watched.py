"""A process of any job is watched at a port of its own: health, readiness, and the metrics of its own parts alone."""

import asyncio
import math
from pathlib import Path

import aiohttp
import pytest

from service.access.key_file import ensure
from service.embedded.data_directory import free_port
from service.evidence.key_file import create
from tests.support.service.metrics_read import families_in, metrics_of, samples
from tests.support.service.service_process import ServiceProcess, services
from tests.support.waiting import until

ALWAYS = {
    "numbering_build_info",
    "numbering_evidence_lag_events",
    "numbering_evidence_lag_seconds",
    "numbering_log_halted",
    "numbering_nats_connected",
    "numbering_part_health",
    "numbering_pool_connections",
    "numbering_pool_connections_max",
    "numbering_pool_waiting",
    "numbering_projection_lag_events",
    "numbering_projection_lag_seconds",
    "numbering_relay_lag_events",
    "numbering_relay_lag_seconds",
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
    "python_gc_collections_total",
    "python_gc_objects_collected_total",
    "python_gc_objects_uncollectable_total",
    "python_info",
}
OF_THE_WRITER = {
    "numbering_append_seconds",
    "numbering_batch_commands",
    "numbering_log_position",
    "numbering_numbers_total",
    "numbering_queue_depth",
}
OF_REQUESTS = {
    "numbering_audit_reads_lost_total",
    "numbering_audit_reads_total",
    "numbering_auth_failures_total",
    "numbering_lost_history_tokens_total",
    "numbering_rejections_total",
    "numbering_replayed_answers_total",
    "numbering_request_seconds",
    "numbering_requests_total",
}
ANSWERING = ALWAYS | OF_THE_WRITER | OF_REQUESTS
OF_THE_WEB = {"numbering_http_connections", "numbering_sweeps_total", "numbering_expired_numbers_total"}
OF_THE_SELF_CHECK = {"numbering_selfcheck_faults", "numbering_selfcheck_last_round_timestamp_seconds"}
OF_THE_SEALER = {"numbering_evidence_stopped"}
IN_ALL = {"postgres", "clock"}
JOBS = {
    ("serve",): (
        ANSWERING | OF_THE_WEB | OF_THE_SELF_CHECK | OF_THE_SEALER,
        IN_ALL | {"log", "relay", "evidence", "projections", "selfcheck", "history", "requests"},
    ),
    ("serve", "--web-only"): (ANSWERING | OF_THE_WEB, IN_ALL | {"log", "history"}),
    ("requests",): (ANSWERING, IN_ALL | {"log", "history", "requests"}),
    ("relay",): (ALWAYS | OF_THE_SEALER, IN_ALL | {"relay", "evidence"}),
    ("project",): (ALWAYS | OF_THE_SELF_CHECK, IN_ALL | {"projections", "selfcheck"}),
    ("seal",): (ALWAYS | OF_THE_SEALER, IN_ALL | {"evidence"}),
}
PART_HEALTH = "numbering_part_health"
HEALTHS = {"down": 0.0, "degraded": 1.0, "ok": 2.0}


@pytest.mark.parametrize(("arguments", "watched"), JOBS.items(), ids=[" ".join(each) for each in JOBS])
async def test_a_process_tells_of_its_own_parts_and_of_what_it_can_see(
    tmp_path: Path, database_url: str, nats_url: str, arguments: tuple[str, ...], watched: tuple[set[str], set[str]]
) -> None:
    ensure(tmp_path / "keys.json")
    create(tmp_path / "evidence.json", "watched.example.com")
    families, parts = watched
    port = free_port()
    process = ServiceProcess(tmp_path, database_url, nats_url, arguments, NUMBERING_METRICS_PORT=str(port))
    process.base_url = f"http://127.0.0.1:{port}"
    async with services(process), aiohttp.ClientSession() as session:
        for path, status in {"/healthz": 200, "/nothing": 404}.items():
            async with session.get(f"{process.base_url}{path}") as response:
                assert response.status == status
                assert response.headers["Cache-Control"] == "no-store"
                assert response.headers["X-Content-Type-Options"] == "nosniff"

        async def agree() -> bool:
            """A part may have changed between the two."""
            async with session.get(f"{process.base_url}/readyz") as response:
                found = (await response.json())["parts"]
            assert set(found) == parts
            shown = {name: value for name, value in samples(await metrics_of(process)).items() if PART_HEALTH in name}
            return shown == {f'{PART_HEALTH}{{part="{part}"}}': HEALTHS[health] for part, health in found.items()}

        await until(agree)
        text = await metrics_of(process)
        assert families_in(text) == families
        assert "_created" not in text
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
    async with services(process):
        while (lag := samples(await metrics_of(process))["numbering_relay_lag_events"]) == 0:
            await asyncio.sleep(0.05)
    assert math.isnan(lag)


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
