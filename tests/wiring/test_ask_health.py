"""`numbering health`, which a container engine runs: its exit status is what /healthz or /readyz says."""

import asyncio
import os

import pytest

from service.embedded.data_directory import free_port
from service.health import Finding, Health, HealthBoard
from service.metrics import new_metrics
from service.web.health_server import watched
from tests.support.service.command_line import Outcome, refused, run_here

EVERYWHERE = "0.0.0.0"  # noqa: S104 - as in a container


async def asked(*options: str, **settings: str) -> Outcome:
    environment = os.environ | {f"NUMBERING_{name}": value for name, value in settings.items()}
    return await asyncio.to_thread(run_here, ("health", *options), environment)


@pytest.mark.parametrize(
    ("health", "options", "status"),
    [
        (Health.OK, (), 0),
        (Health.OK, ("--ready",), 0),
        (Health.DEGRADED, ("--ready",), 0),
        (Health.DOWN, (), 0),
        (Health.DOWN, ("--ready",), 1),
    ],
    ids=str,
)
async def test_the_exit_status_is_what_the_process_says(health: Health, options: tuple[str, ...], status: int) -> None:
    async def check() -> Finding:
        return Finding(health, "the disk is full")

    async with watched(HealthBoard({"postgres": check}), new_metrics(), EVERYWHERE, 0) as port:
        outcome = await asked(*options, METRICS_PORT=str(port), HOST=EVERYWHERE)
        at_the_other_port = await asked(*options, METRICS_PORT="0", PORT=str(port))

    assert outcome.exit_code == at_the_other_port.exit_code == status
    if status:
        assert f"the process on port {port} says 503" in refused(outcome)
        assert "the disk is full" in refused(outcome)


async def test_a_process_that_does_not_answer_is_not_well() -> None:
    port = free_port()
    assert f"no process answers on port {port}" in refused(await asked(METRICS_PORT=str(port)))
