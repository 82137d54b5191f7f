"""A log written by the first version starts under the present one, replays to the same state, and goes on."""

import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import pytest_asyncio

from projections.keeping.every import ALL
from projections.keeping.runner import ProjectionRunner
from schemas.record import StoredRecord
from schemas.values import DEFAULT_LOG, DeviceId, FirmId, Mode, Number, Position, SeriesId, UnixSeconds
from service.access.key_file import KeyFile
from service.access.reservation_tokens import SealedSlot, TokenSealer
from service.access.session_tokens import SessionClaims, sign
from service.log.migrating.migrate import migrate
from service.log.postgres_log import PostgresLog
from tests.support.domain.invariants import check_invariants
from tests.support.nats.relays import assert_stream_is_log, reached, relaying
from tests.support.servers.dumps import restored
from tests.support.servers.parts import Parts
from tests.support.service.client import Api, Clock, an_api
from tests.support.service.command_line import run_here
from tests.support.service.service_process import ServiceProcess, services

FIRST: Final = Path(__file__).parents[1] / "logs" / "first"
EVENTS: Final = Position(2662)

FIRM = FirmId("firm_lbtpz8z1gz")
SERIES = SeriesId("mpHzUyQetv")
BLOCK, SLOT, NUMBER = Position(5), 5, Number(6)
"""Of the block that device A reserved at this position, this slot, which holds this number, was pending at the end."""


@pytest_asyncio.fixture
async def first_log(
    parts: Parts, database_admin: asyncpg.Connection, template_database: str, tmp_path: Path
) -> AsyncIterator[str]:
    """The address of a database with the first version's log, brought to the present schema."""
    del template_database  # its migration has made the roles
    name = f"test_{secrets.token_hex(8)}"
    async with restored(database_admin, parts.postgres_url, name, FIRST / "log.dump", tmp_path) as url:
        await migrate(url)
        yield url


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with the first version's keys."""
    shutil.copy(FIRST / "keys.json", tmp_path)
    (tmp_path / "keys.json").chmod(0o600)
    return tmp_path


async def records_of(database_url: str) -> list[StoredRecord]:
    log = await PostgresLog.open(database_url)
    try:
        return await log.read(Position(0), 1_000_000)
    finally:
        await log.close()


def test_it_replays_to_the_state_its_own_version_printed(first_log: str) -> None:
    outcome = run_here(("replay", "--quiet"), os.environ | {"NUMBERING_DATABASE_URL": first_log})

    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout.removeprefix("\n") == (FIRST / "state.txt").read_text("utf-8")


def test_what_it_holds_against_the_rules_of_paper_is_named(first_log: str) -> None:
    """CONTRACT.md D88, D89 and D93: it starts all the same."""
    outcome = run_here(("check",), os.environ | {"NUMBERING_DATABASE_URL": first_log})

    assert outcome.exit_code == 1
    said = outcome.stdout.splitlines()
    for words, count in (("is dated 2099-12-31, not from", 1), ("reverses it too", 1), (", after document ", 21)):
        assert sum(words in line for line in said) == count
    assert len(said) == 23


async def test_its_events_are_sound(first_log: str) -> None:
    records = await records_of(first_log)

    assert len(records) == EVENTS
    check_invariants(records)


async def test_a_projection_that_calls_itself_as_then_holds_what_it_held_then(first_log: str) -> None:
    lines = [line.split() for line in (FIRST / "digests.txt").read_text("utf-8").splitlines()[1:]]
    digests = {name: digest for name, _, digest, *_ in lines}
    definitions = dict(line.split(maxsplit=1) for line in (FIRST / "definitions.txt").read_text("utf-8").splitlines())
    assert digests.keys() == definitions.keys()

    runner = ProjectionRunner(first_log)
    await runner.catch_up()

    unchanged = [projection.name for projection in ALL if definitions.get(projection.name) == projection.definition]
    assert {name: await runner.digest(name) for name in unchanged} == {name: digests[name] for name in unchanged}
    assert all(position == EVENTS for position in runner.positions().values())


async def test_the_relay_publishes_it_as_it_is(first_log: str, nats_url: str) -> None:
    log = await PostgresLog.open(first_log)
    try:
        async with relaying(log, nats_url) as relay:
            await reached(relay, EVENTS)
        await assert_stream_is_log(nats_url, log)
    finally:
        await log.close()


async def test_a_process_of_the_service_becomes_ready_on_it(first_log: str, nats_url: str, data: Path) -> None:
    process = ServiceProcess(data, first_log, nats_url)
    async with services(process):
        assert process.stop() == 0

    check_invariants(await records_of(first_log))


async def test_its_devices_go_on_with_the_sessions_and_tokens_they_hold(first_log: str, data: Path) -> None:
    last = (await records_of(first_log))[-1].record.at
    keys = KeyFile(data / "keys.json")
    device = device_a(keys, last)
    sealer = TokenSealer.of(keys)
    token = sealer.seal(SealedSlot(DEFAULT_LOG, BLOCK, SLOT, None, keys.current_token_key.id))

    # The day the log was written: its reservations are held for thirty days.
    async with an_api(first_log, data, clock=Clock(last + 60 - int(time.time()))) as api:
        slots = await held(api, device)
        assert slots[token] == NUMBER
        (reserved,) = (await api.post(f"/invoice-series/{SERIES}/reserve-numbers", {"count": 1}, device)).data["data"]
        consumed = (await api.issue(device, reservation_token=token, force_chronology=False)).data
        issued = (await api.issue(device, series_id=SERIES)).data

        assert [int(made["number"]) for made in (reserved, consumed, issued)] == [12, NUMBER, 13]
        assert await held(api, device) == {other: number for other, number in slots.items() if other != token} | {
            reserved["token"]: 12
        }
        again = await api.issue(device, reservation_token=token, force_chronology=False)
        assert again.refusal == (409, "reservation_already_consumed")

    state = check_invariants(await records_of(first_log))
    assert state.position == EVENTS + 4
    assert state.series[SERIES].next_number == 14


async def held(api: Api, device: str) -> dict[str, int]:
    """What the device holds of the series, by token."""
    found = (await api.get(f"/invoice-series/{SERIES}/reservations", device)).data["data"]
    return {slot["token"]: slot["number"] for slot in found}


def device_a(keys: KeyFile, at: UnixSeconds) -> str:
    """The session that device A was given then."""
    claims = SessionClaims(
        sub="2",
        firm=FIRM,
        sid=1,
        did=DeviceId("device-a"),
        adm=False,
        mode=Mode.LIVE,
        exp=UnixSeconds(at + 86400),
        iat=at,
    )
    return sign(claims, keys.current_session_key)
