"""Reserving over NATS, compared with a request that does nothing: service, no-op and clients are separate processes."""

import json
import os
import platform
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from nats.aio.client import Client
from nats.errors import NoRespondersError

from schemas.commands import Caller, OpenSeries
from schemas.values import Actor, ActorKind, DocumentType, FirmId, Mode, SeriesId, UnixSeconds
from service.log.postgres_log import PostgresLog
from service.writer.request import Answered, Submission
from service.writer.writer import Writer
from tests.benchmarks.load import Measured, drive
from tests.benchmarks.no_op_responder import SUBJECT
from tests.benchmarks.place import Pace, Place
from tests.benchmarks.processes import process
from tests.benchmarks.processor_time import NATS, POSTGRESQL, ProcessorTimes
from tests.benchmarks.report import Cell, Report
from tests.support.service.firms import Firm, a_firm
from tests.support.tasks import running_beside
from tests.support.waiting import until

LEVELS = (1, 8, 64)
SERIES = SeriesId("ser_bench")
WARM_UP_SHARE = 0.2
ASK_SECONDS = 30.0

CLIENT, SERVICE, RESPONDER = "client", "service", "responder"

Ask = Callable[[], Awaitable[object]]


class Asks(NamedTuple):
    """What is measured: a request that does nothing, the same with as many bytes both ways, and one that reserves."""

    no_op: Ask
    same_bytes: Ask
    reserve: Ask


class Load(NamedTuple):
    """One measurement, and the microseconds of processor time that an answer took, by process."""

    measured: Measured
    microseconds: Mapping[str, float]


class Round(NamedTuple):
    """One measurement of each kind of request."""

    no_op: Load
    same_bytes: Load
    reserve: Load


async def run(place: Place, pace: Pace) -> Report:
    """One row for each number of requests in flight."""
    levels = pace.levels or LEVELS
    found: dict[int, list[Round]] = {level: [] for level in levels}
    async with _asking(place) as (asks, times):
        for _ in range(pace.rounds):
            for level in levels:
                found[level].append(Round(*[await _measured(ask, level, pace, times) for ask in asks]))
    return Report("Requests per second over NATS", [_row(level, each) for level, each in found.items()], _notes(pace))


async def _measured(ask: Ask, level: int, pace: Pace, times: ProcessorTimes) -> Load:
    await drive([ask] * level, pace.seconds * WARM_UP_SHARE)
    before = times.seconds()
    measured = await drive([ask] * level, pace.seconds)
    after = times.seconds()
    return Load(measured, {name: (after[name] - before[name]) / measured.count * 1e6 for name in before})


@asynccontextmanager
async def _asking(place: Place) -> AsyncGenerator[tuple[Asks, ProcessorTimes]]:
    """The requests that are measured; the servers answer all of them now. And who takes time for them."""
    with TemporaryDirectory() as directory:
        firm = await a_firm(place.database_url, Path(directory) / "keys.json")
        await _open_series(place, firm.firm_id)
        service = process(
            "service",
            "requests",
            DATA_DIR=directory,
            DATABASE_URL=place.database_url,
            NATS_URL=place.nats_url,
            RATE_LIMIT="0",
        )
        with process("tests.benchmarks.no_op_responder", place.nats_url) as responder, service as pid:
            times = ProcessorTimes({CLIENT: os.getpid(), SERVICE: pid, RESPONDER: responder}, os.getpid())
            client = Client()
            await client.connect(place.nats_url)
            try:
                yield await _requests(client, firm), times
            finally:
                await client.close()


async def _requests(client: Client, firm: Firm) -> Asks:
    place = f"numbering.v1.requests.live.{firm.firm_id}"
    headers = {"Authorization": f"Bearer {firm.device_a}"}
    block = json.dumps({"series_id": SERIES, "count": 1}).encode()

    async def ask(subject: str, body: bytes) -> bytes:
        return (await client.request(subject, body, ASK_SECONDS, headers=headers)).data

    async def no_op() -> None:
        await client.request(SUBJECT, b"{}", ASK_SECONDS)

    async def reserve() -> bytes:
        data = await ask(f"{place}.reserve", block)
        assert data.startswith(b'{"success":true'), data
        return data

    await _answered(no_op)
    await _answered(lambda: ask(f"{place}.series", b'{"series_id": "none"}'))
    await ask(f"{place}.lock", json.dumps({"series_id": SERIES}).encode())
    idle = f"{SUBJECT}.{len(await reserve())}"
    return Asks(no_op, lambda: ask(idle, block), reserve)


async def _open_series(place: Place, firm_id: FirmId) -> None:
    """The series of the firm, opened before any client asks: NATS has no operation that opens one."""
    log = await PostgresLog.open(place.database_url)
    writer = Writer(log, clock=lambda: UnixSeconds(int(time.time())))
    caller = Caller(firm_id, Mode.LIVE, Actor(ActorKind.KEY, "1", 1))
    try:
        async with running_beside(writer.run()):
            answered = await writer.submit(Submission(OpenSeries(SERIES, "A", DocumentType.FISCAL, 2026), caller))
            assert isinstance(answered, Answered), answered
    finally:
        await log.close()


async def _answered(ask: Ask) -> None:
    """Return once a responder answers."""

    async def is_answered() -> bool:
        try:
            await ask()
        except NoRespondersError:
            return False
        return True

    await until(is_answered)


def _row(level: int, rounds: Sequence[Round]) -> dict[str, Cell]:
    """Medians over the rounds; a ratio is the median of the ratios of the rounds."""
    reserves, idle = [each.reserve for each in rounds], [each.same_bytes for each in rounds]
    return {
        "in flight": level,
        "no-op/s": round(median(each.no_op.measured.rate for each in rounds)),
        "same bytes/s": round(median(each.measured.rate for each in idle)),
        "reserve/s": round(median(each.measured.rate for each in reserves)),
        "p50 ms": median(each.measured.milliseconds(0.5) for each in reserves),
        "p99 ms": median(each.measured.milliseconds(0.99) for each in reserves),
        "ratio": median(each.reserve.measured.rate / each.no_op.measured.rate for each in rounds),
        "to same bytes": median(each.reserve.measured.rate / each.same_bytes.measured.rate for each in rounds),
        "service us": _took(reserves, SERVICE),
        "PostgreSQL us": _took(reserves, POSTGRESQL),
        "NATS us": _took(reserves, NATS),
        "client us": _took(reserves, CLIENT),
        "same bytes: responder us": _took(idle, RESPONDER),
        "NATS us ": _took(idle, NATS),
        "client us ": _took(idle, CLIENT),
    }


def _took(loads: Sequence[Load], name: str) -> int:
    return round(median(each.microseconds.get(name, 0.0) for each in loads))


def _notes(pace: Pace) -> list[str]:
    return [
        "no-op: nats-py, two bytes, a callback that sends a constant; same bytes: the same callback, with the headers "
        "and the body of the request to reserve, and as many bytes in the reply",
        "reserve: `numbering requests`, one number for each request, durable in PostgreSQL before the reply, the "
        "credential checked, no Idempotency-Key",
        "clients: one nats-py connection in a separate process; us: processor time of one answer, by process, first of "
        "a reservation, then of the no-op of the same bytes",
        f"median of {pace.rounds} rounds of {pace.seconds:g} s each, interleaved; {os.cpu_count()} processors shared "
        f"with PostgreSQL and NATS, Python {platform.python_version()}",
    ]
