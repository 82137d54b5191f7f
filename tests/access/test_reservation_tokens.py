"""Reservation tokens: the published test vectors, and properties for every slot and every key."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, convert
from msgspec.structs import replace

from schemas.values import LogId, Position, TokenNonce
from service.access.key_file import SecretKey, ensure, rotate
from service.access.reservation_tokens import SealedSlot, TokenSealer, UnknownTokenKeyError

VECTORS = Path(__file__).parents[1] / "golden" / "token_vectors.json"


class SealedVector(Struct):
    key_id: str
    log: LogId
    position: Position
    slot: int
    token: str
    nonce: TokenNonce | None = None

    @property
    def says(self) -> SealedSlot:
        return SealedSlot(self.log, self.position, self.slot, self.nonce, self.key_id)


class RefusedVector(Struct):
    why: str
    token: str


class Vectors(Struct):
    keys: list[SecretKey]
    sealed: list[SealedVector]
    refused: list[RefusedVector]


PUBLISHED = convert(json.loads(VECTORS.read_text("utf-8")), Vectors)
RING = [SecretKey(id="new", key="11" * 32), SecretKey(id="old", key="22" * 32)]

parts = {
    "log_id": st.integers(0, 2**16 - 1).map(LogId),
    "slot": st.integers(0, 255),
    "key_id": st.sampled_from([key.id for key in RING]),
}
positions = st.integers(0, 2**40 - 1).map(Position)
nonces = st.integers(0, 2**32 - 1).map(TokenNonce)
slots = st.builds(SealedSlot, position=positions, nonce=nonces, **parts)
first_slots = st.builds(SealedSlot, position=st.integers(0, 2**48 - 1).map(Position), nonce=st.none(), **parts)
any_slots = slots | first_slots


def a_slot(position: int, slot: int, key_id: str) -> SealedSlot:
    return SealedSlot(LogId(1), Position(position), slot, TokenNonce(5), key_id)


@pytest.mark.parametrize("vector", PUBLISHED.sealed, ids=lambda vector: vector.token)
def test_a_slot_is_sealed_and_opened_as_published(vector: SealedVector) -> None:
    sealer = TokenSealer(PUBLISHED.keys)

    assert sealer.seal(vector.says) == vector.token
    assert sealer.open(vector.token) == vector.says


@pytest.mark.parametrize("vector", PUBLISHED.refused, ids=lambda vector: vector.why)
def test_what_was_not_sealed_opens_to_nothing(vector: RefusedVector) -> None:
    assert TokenSealer(PUBLISHED.keys).open(vector.token) is None


@given(any_slots)
def test_every_slot_opens_to_itself_whatever_key_sealed_it(slot: SealedSlot) -> None:
    sealer = TokenSealer(RING)
    assert sealer.open(sealer.seal(slot)) == slot


@given(any_slots, any_slots)
def test_no_two_slots_have_one_token(one: SealedSlot, other: SealedSlot) -> None:
    """CONTRACT.md D97: nor have the same slot of the same position in two histories of a log."""
    sealer = TokenSealer(RING)
    assert (sealer.seal(one) == sealer.seal(other)) == (one == other)


@given(any_slots, st.integers(0, 127))
def test_a_token_with_any_bit_flipped_opens_to_nothing(slot: SealedSlot, bit: int) -> None:
    sealer = TokenSealer(RING)
    token = sealer.seal(slot)

    forged = f"rsv_{int(token[4:], 16) ^ (1 << bit):032x}"

    assert sealer.open(forged) is None


@given(st.text(max_size=40) | st.binary(min_size=16, max_size=16).map(lambda block: f"rsv_{block.hex()}"))
def test_no_text_opens_or_fails(text: str) -> None:
    assert TokenSealer(RING).open(text) is None


@given(any_slots)
def test_a_token_of_one_key_means_nothing_under_another(slot: SealedSlot) -> None:
    token = TokenSealer(RING[:1]).seal(replace(slot, key_id="new"))
    assert TokenSealer(RING[1:]).open(token) is None


@given(any_slots, st.integers(1, 50))
def test_a_block_is_sealed_as_its_slots_one_by_one(slot: SealedSlot, count: int) -> None:
    sealer = TokenSealer(RING)
    first = replace(slot, slot=0)

    tokens = sealer.seal_block(first, count)

    assert tokens == [sealer.seal(replace(first, slot=each)) for each in range(count)]
    assert len(set(tokens)) == count


def test_a_key_that_is_not_in_the_ring_seals_nothing() -> None:
    with pytest.raises(UnknownTokenKeyError, match="absent"):
        TokenSealer(RING).seal(a_slot(1, 0, "absent"))


def test_old_tokens_stay_readable_after_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    before = TokenSealer.of(ensure(path))
    slot = a_slot(7, 3, before.current_key)
    old = before.seal(slot)

    rotate(path)
    after = TokenSealer.of(ensure(path))

    assert after.current_key != before.current_key
    assert after.open(old) == slot


def test_a_running_process_reads_and_seals_with_a_key_another_process_began_to_use(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    running = TokenSealer.of(ensure(path))
    rotate(path)
    restarted = TokenSealer.of(ensure(path))

    slot = a_slot(9, 0, restarted.current_key)
    token = restarted.seal(slot)

    assert running.open(token) == slot
    assert running.seal(slot) == token
    assert running.current_key != restarted.current_key
