"""A log that was restored from an older copy, with the keys of the log that went on (CONTRACT.md D97)."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from schemas.values import DEFAULT_LOG, LogId, Position, TokenNonce
from service.access.key_file import ensure
from service.access.lost_history import LINE_SECONDS, LOST_EVENTS_MAX, LostHistory
from service.access.reservation_tokens import SealedSlot, TokenSealer
from service.health import Health
from service.log.postgres_log import PostgresLog
from service.writer.known_state import KnownState
from tests.support.domain.invariants import check_invariants
from tests.support.service.restored_service import (
    MISSING,
    LostTail,
    a_lost_tail,
    health_of_history,
    signs_of_loss,
)


@pytest_asyncio.fixture
async def lost(database_url: str, database_admin: asyncpg.Connection, tmp_path: Path) -> AsyncIterator[LostTail]:
    """A restored log."""
    async with a_lost_tail(database_admin, database_url, tmp_path) as found:
        yield found


async def test_a_token_of_a_lost_history_never_opens_to_another_number(lost: LostTail) -> None:
    """CONTRACT.md D97: not even if the restored log makes the same block at the same position for the same device."""
    async with lost.api() as api:
        honest = await lost.reserve(api, 3)
        assert not set(honest) & set(lost.lost)

        for token in lost.lost:
            assert (await lost.consume(api, token)).refusal == MISSING
            path = f"/invoice-series/reservations/{token}"
            assert (await api.get(path, lost.firm.device_a)).refusal == (404, "resource_missing")
            assert (await api.post(f"{path}/release", None, lost.firm.device_a)).refusal == (404, "resource_missing")

        served = [(await lost.consume(api, token)).data["number_idx"] for token in honest]
        assert served == [11, 12, 13]
        assert [(await lost.consume(api, token)).data["number_idx"] for token in lost.kept] == list(range(1, 11))
        assert await health_of_history(api) is Health.DEGRADED


@pytest.mark.parametrize("count", [1, 2, 3, 4, 50])
async def test_blocks_of_any_size_at_the_old_position_are_told_apart(lost: LostTail, count: int) -> None:
    async with lost.api() as api:
        await lost.reserve(api, count)
        assert [(await lost.consume(api, token)).refusal for token in lost.lost] == [MISSING] * 3
        assert signs_of_loss(api) == 3


async def test_it_is_told_apart_after_its_block_has_ended_too(lost: LostTail) -> None:
    """A block without pending numbers is read from the log, not from memory."""
    async with lost.api() as api:
        (token,) = await lost.reserve(api, 1)
        await lost.consume(api, token)
        assert (await lost.consume(api, lost.lost[0])).refusal == MISSING
        assert (await lost.consume(api, token)).refusal == (409, "reservation_already_consumed")


async def test_it_is_told_apart_where_the_restored_log_has_another_event(lost: LostTail) -> None:
    async with lost.api() as api:
        await api.issue(lost.firm.device_a, series_id=lost.series_id)
        assert (await lost.consume(api, lost.lost[0])).refusal == MISSING
        assert (signs_of_loss(api), await health_of_history(api)) == (1, Health.DEGRADED)


async def test_a_token_from_the_future_is_said_loudly(lost: LostTail) -> None:
    """CONTRACT.md D97: the caller, the health, a metric and a log line say it, and nothing halts."""
    async with lost.api() as api:
        assert (signs_of_loss(api), await health_of_history(api)) == (0, Health.OK)

        with capture_logs() as lines:
            for token in lost.lost:
                assert (await lost.consume(api, token)).refusal == MISSING

        assert (signs_of_loss(api), await health_of_history(api)) == (3, Health.DEGRADED)
        (line,) = [line for line in lines if line["log_level"] == "critical"]
        assert "lost its tail" in line["event"]
        assert "Numbers that were lost" in line["event"]
        assert line["head"] < line["position"]
        assert not any(token in json.dumps(line) for token in lost.lost)
        assert (await api.issue(lost.firm.device_a, series_id=lost.series_id)).status == 201


async def test_no_other_firm_learns_anything_from_it(lost: LostTail) -> None:
    async with lost.api() as api:
        answer = await api.issue(api.firm.device_a, reservation_token=lost.lost[0], force_chronology=False)
        unknown = await api.issue(api.firm.device_a, reservation_token="rsv_" + "0" * 32, force_chronology=False)
        assert answer.error | {"request_id": 0} == unknown.error | {"request_id": 0}


def forgeries(lost: LostTail) -> dict[str, str]:
    """Texts that nobody was given, and that no one key of ours sealed for a block that was ever made."""
    keys = ensure(lost.directory / "keys.json").keys.token_keys
    sealer = TokenSealer(keys)

    def seal(log_id: int = DEFAULT_LOG, position: int = 99, slot: int = 0) -> str:
        return sealer.seal(SealedSlot(LogId(log_id), Position(position), slot, TokenNonce(1), keys[0].id))

    return {
        "a guess": "rsv_" + "5" * 32,
        "a kept token with a bit flipped": f"rsv_{int(lost.kept[0][4:], 16) ^ 1:032x}",
        "another log": seal(log_id=2),
        "a slot that no block has": seal(slot=50),
        "a position that is absurd": seal(position=LOST_EVENTS_MAX + 10_000),
        "position 0": seal(position=0),
    }


async def test_a_guess_is_no_sign_of_a_loss(lost: LostTail) -> None:
    """CONTRACT.md D97: only what a key of ours must have sealed counts."""
    async with lost.api() as api:
        for text in forgeries(lost).values():
            assert (await lost.consume(api, text)).refusal == MISSING
        assert (signs_of_loss(api), await health_of_history(api)) == (0, Health.OK)


async def test_tokens_of_another_firm_of_this_log_are_no_sign_of_a_loss(lost: LostTail) -> None:
    async with lost.api() as api:
        for token in lost.kept:
            answer = await api.issue(api.firm.device_a, reservation_token=token, force_chronology=False)
            assert answer.refusal == MISSING
        assert (signs_of_loss(api), await health_of_history(api)) == (0, Health.OK)


async def test_a_process_says_it_in_one_line_a_minute_however_often_it_is_shown() -> None:
    seconds = 0.0
    history = LostHistory(DEFAULT_LOG, lambda: None, lambda: seconds)
    slot = SealedSlot(DEFAULT_LOG, Position(9), 0, TokenNonce(1), "k")
    with capture_logs() as lines:
        for seconds in (0.0, 1.0, LINE_SECONDS - 1, LINE_SECONDS, LINE_SECONDS + 1):  # noqa: B007 - the clock reads it
            history.note(slot, Position(5), Position(0))
    assert len(lines) == 2


async def the_log_is_sound(url: str) -> None:
    log = await PostgresLog.open(url)
    try:
        assert check_invariants(await log.read(Position(0), 1000)) == await KnownState(log).read()
    finally:
        await log.close()


def test_a_loss_is_explained_once_an_operator_has_stepped_over_numbers() -> None:
    history = LostHistory(DEFAULT_LOG, lambda: None)
    slot = SealedSlot(DEFAULT_LOG, Position(9), 0, TokenNonce(1), "k")
    history.note(slot, Position(5), Position(0))
    assert history.is_unexplained(Position(0))
    assert not history.is_unexplained(Position(6))

    late = LostHistory(DEFAULT_LOG, lambda: None)
    late.note(slot, Position(20), Position(12))
    assert not late.has_signs


async def test_a_restored_log_is_sound_whatever_was_shown_to_it(lost: LostTail) -> None:
    async with lost.api() as api:
        for token in lost.lost:
            await lost.consume(api, token)
        await lost.reserve(api, 3)
    await the_log_is_sound(lost.restored_url)


def of_first_version(lost: LostTail, position: Position, slot: int) -> str:
    """The token as the first version would have sealed it."""
    keys = ensure(lost.directory / "keys.json").keys.token_keys
    return TokenSealer(keys).seal(SealedSlot(DEFAULT_LOG, position, slot, None, keys[0].id))


async def test_a_token_in_the_first_version_s_form_opens_no_block_that_was_made_since(lost: LostTail) -> None:
    async with lost.api() as api:
        await lost.reserve(api, 3)
        blocks = list(api.dependencies.writer.known.state.unsettled)
        assert len(blocks) == 2
        for position in blocks:
            assert (await lost.consume(api, of_first_version(lost, position, 0))).refusal == MISSING
        assert (signs_of_loss(api), await health_of_history(api)) == (2, Health.DEGRADED)


async def test_a_repeat_under_its_key_gets_the_very_tokens_of_its_block(lost: LostTail) -> None:
    async with lost.api() as api:
        path, body = f"/invoice-series/{lost.series_id}/reserve-numbers", {"count": 2}
        first = await api.post(path, body, lost.firm.device_a, key="again")
        second = await api.post(path, body, lost.firm.device_a, key="again")
        assert first.data == second.data
        listed = await api.get(f"/invoice-series/{lost.series_id}/reservations", lost.firm.device_a)
        assert [slot["token"] for slot in listed.data["data"]] == lost.kept + [
            slot["token"] for slot in first.data["data"]
        ]
        assert first.data["data"][0]["number"] == 11
