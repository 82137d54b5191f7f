"""Reservation tokens: the published test vectors, and properties for every slot and every key."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, convert

from schemas.values import LogId, Position
from service.access.key_file import SecretKey, ensure, rotate
from service.access.reservation_tokens import SealedSlot, TokenSealer, UnknownTokenKeyError

VECTORS = Path(__file__).parents[1] / "golden" / "token_vectors.json"


class SealedVector(Struct):
    key_id: str
    log: LogId
    position: Position
    slot: int
    token: str


class RefusedVector(Struct):
    why: str
    token: str


class Vectors(Struct):
    keys: list[SecretKey]
    sealed: list[SealedVector]
    refused: list[RefusedVector]


PUBLISHED = convert(json.loads(VECTORS.read_text("utf-8")), Vectors)
RING = [SecretKey(id="new", key="11" * 32), SecretKey(id="old", key="22" * 32)]

slots = st.builds(
    SealedSlot,
    log_id=st.integers(0, 2**16 - 1).map(LogId),
    position=st.integers(0, 2**48 - 1).map(Position),
    slot=st.integers(0, 255),
)


@pytest.mark.parametrize("vector", PUBLISHED.sealed, ids=lambda vector: vector.token)
def test_a_slot_is_sealed_and_opened_as_published(vector: SealedVector) -> None:
    sealer = TokenSealer(PUBLISHED.keys)

    assert sealer.seal(vector.log, vector.position, vector.slot, vector.key_id) == vector.token
    assert sealer.open(vector.token) == SealedSlot(log_id=vector.log, position=vector.position, slot=vector.slot)


@pytest.mark.parametrize("vector", PUBLISHED.refused, ids=lambda vector: vector.why)
def test_what_was_not_sealed_opens_to_nothing(vector: RefusedVector) -> None:
    assert TokenSealer(PUBLISHED.keys).open(vector.token) is None


@given(slots, st.sampled_from(RING))
def test_every_slot_opens_to_itself_whatever_key_sealed_it(slot: SealedSlot, key: SecretKey) -> None:
    sealer = TokenSealer(RING)
    assert sealer.open(sealer.seal(slot.log_id, slot.position, slot.slot, key.id)) == slot


@given(slots, st.integers(0, 127))
def test_a_token_with_any_bit_flipped_opens_to_nothing(slot: SealedSlot, bit: int) -> None:
    sealer = TokenSealer(RING)
    token = sealer.seal(slot.log_id, slot.position, slot.slot, sealer.current_key)

    forged = f"rsv_{int(token[4:], 16) ^ (1 << bit):032x}"

    assert sealer.open(forged) is None


@given(st.text(max_size=40) | st.binary(min_size=16, max_size=16).map(lambda block: f"rsv_{block.hex()}"))
def test_no_text_opens_or_fails(text: str) -> None:
    assert TokenSealer(RING).open(text) is None


@given(slots)
def test_a_token_of_one_key_means_nothing_under_another(slot: SealedSlot) -> None:
    token = TokenSealer(RING[:1]).seal(slot.log_id, slot.position, slot.slot, "new")
    assert TokenSealer(RING[1:]).open(token) is None


@given(st.integers(0, 2**48 - 1).map(Position), st.integers(1, 50))
def test_a_block_is_sealed_as_its_slots_one_by_one(position: Position, count: int) -> None:
    sealer = TokenSealer(RING)

    tokens = sealer.seal_block(LogId(1), position, count, "old")

    assert tokens == [sealer.seal(LogId(1), position, slot, "old") for slot in range(count)]
    assert len(set(tokens)) == count


def test_a_key_that_is_not_in_the_ring_seals_nothing() -> None:
    with pytest.raises(UnknownTokenKeyError, match="absent"):
        TokenSealer(RING).seal(LogId(1), Position(1), 0, "absent")


def test_old_tokens_stay_readable_after_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    before = TokenSealer.of(ensure(path))
    old = before.seal(LogId(1), Position(7), 3, before.current_key)

    rotate(path)
    after = TokenSealer.of(ensure(path))

    assert after.current_key != before.current_key
    assert after.open(old) == SealedSlot(log_id=LogId(1), position=Position(7), slot=3)


def test_a_running_process_reads_and_seals_with_a_key_another_process_began_to_use(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    running = TokenSealer.of(ensure(path))
    rotate(path)
    restarted = TokenSealer.of(ensure(path))

    token = restarted.seal(LogId(1), Position(9), 0, restarted.current_key)

    assert running.open(token) == SealedSlot(log_id=LogId(1), position=Position(9), slot=0)
    assert running.seal(LogId(1), Position(9), 0, restarted.current_key) == token
    assert running.current_key != restarted.current_key
