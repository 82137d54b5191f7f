"""Relay and projections as children of `up`: killed or frozen while numbers are issued, they lose nothing."""

import os
import signal
from itertools import count
from typing import Any

import pytest

from service.log.postgres_log import PostgresLog
from tests.support.nats.relays import assert_stream_is_log
from tests.support.service.client import AN_INVOICE
from tests.support.service.up_process import Up

PARTS = {"relay": "relay", "project": "projections"}
LAGS = {"relay": "numbering_relay_lag_events", "project": 'numbering_projection_lag_events{projection="invoices"}'}
ISSUED = 5
_names = count(1)


def a_series(up: Up) -> str:
    opened = up.answer(
        "POST", "/v1/invoice-series", "live_key", {"name": f"UP{next(_names)}", "document_type": "fiscal"}
    )
    assert opened[0] == 201, opened
    series_id: str = opened[1]["data"]["id"]
    return series_id


def issue(up: Up, series_id: str) -> list[str]:
    """Issue some invoices; their ids."""
    body = {**AN_INVOICE, "series_id": series_id}
    answers = [up.answer("POST", "/v1/invoices", "live_key", body) for _ in range(ISSUED)]
    assert {status for status, _ in answers} == {201}, answers
    return [answer["data"]["id"] for _, answer in answers]


def health(up: Up, part: str) -> Any:
    return up.answer("GET", "/readyz", "live_key")[1]["data"]["parts"][part]


def listed(up: Up, series_id: str) -> list[str]:
    status, answer = up.answer("GET", f"/v1/invoices?series_id={series_id}", "live_key")
    return [invoice["id"] for invoice in reversed(answer["data"]["data"])] if status == 200 else []


def lags(up: Up) -> dict[str, float]:
    found = (line.rpartition(" ") for line in up.text("/metrics").splitlines() if "_lag_events" in line)
    return {name: float(value) for name, _, value in found if not name.startswith("#")}


async def is_whole(up: Up, series_id: str, invoices: list[str]) -> bool:
    """Return once list and NATS stream have everything; fail if they never do."""
    up.until(lambda: listed(up, series_id) == invoices)
    up.until(lambda: set(lags(up).values()) == {0})
    log = await PostgresLog.open(up.demo()["database_url"])
    try:
        await assert_stream_is_log(up.demo()["nats_url"], log)
    finally:
        await log.close()
    return True


@pytest.mark.parametrize("child", PARTS)
async def test_a_killed_child_loses_nothing(up: Up, child: str) -> None:
    series_id = a_series(up)
    invoices = issue(up, series_id)
    killed = up.processes()[child]
    os.kill(killed, signal.SIGKILL)
    invoices += issue(up, series_id)

    up.until(lambda: up.processes().get(child, killed) != killed)
    invoices += issue(up, series_id)
    up.until(lambda: health(up, PARTS[child]) == "ok")
    assert await is_whole(up, series_id, invoices)


@pytest.mark.parametrize("child", PARTS)
async def test_a_frozen_child_is_degraded_and_loses_nothing(up: Up, child: str) -> None:
    series_id = a_series(up)
    frozen = up.processes()[child]
    os.kill(frozen, signal.SIGSTOP)
    try:
        invoices = issue(up, series_id)
        up.until(lambda: health(up, PARTS[child]) == "degraded")
        assert lags(up)[LAGS[child]] >= ISSUED
        invoices += issue(up, series_id)
    finally:
        os.kill(frozen, signal.SIGCONT)
    invoices += issue(up, series_id)
    assert await is_whole(up, series_id, invoices)
    assert up.processes()[child] == frozen
    assert health(up, PARTS[child]) == "ok"


def test_children_yield_to_the_process_that_answers(up: Up) -> None:
    niceness = {name: os.getpriority(os.PRIO_PROCESS, pid) for name, pid in up.processes().items()}
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    yielding = min(19, ours + 10)
    assert niceness == {"relay": yielding, "project": yielding, "postgres": ours, "nats-server": ours}
