"""The sealer on a real database: what it signs is right for everybody, and it signs nothing else, whatever fails."""

import asyncio
import base64
import hashlib
from itertools import pairwise
from pathlib import Path

import metamorphic_log  # type: ignore[import-untyped]
import pytest

from service.evidence.key_file import EvidenceKeys
from service.evidence.notes import Signature
from service.evidence.sealing.last_view import LastView
from service.evidence.sealing.sealer import Sealer
from service.evidence.sealing.status import SealerState
from service.evidence.sealing.store import EvidenceStore
from service.evidence.sealing.tree import EvidenceBrokenError
from service.evidence.tiles import Hashes
from service.log.event_log import LogUnavailableError
from service.log.postgres_log import PostgresLog
from tests.support.evidence.reference import consistency_proof, tree_hash, verified_by
from tests.support.evidence.sealing import (
    AT,
    KEYS,
    LOG,
    a_sealer,
    append_many,
    notes_of,
    records_of,
    rewrite,
    rewriting,
)
from tests.support.waiting import until

VKEY = str(KEYS.verifier_keys(LOG)[0])


async def require_right(log: PostgresLog, database_url: str) -> list[int]:
    """Every note is signed, of the log's records, and each continues the one before; their sizes."""
    entries = [hashlib.sha256(record).digest() for record in await records_of(log)]
    heads: list[tuple[int, bytes]] = []
    for note in await notes_of(database_url):
        assert verified_by(note, [VKEY]) == [VKEY]
        origin, size, root = note.decode().splitlines()[:3]
        assert origin == "numbers.example.com/log/1"
        assert base64.b64decode(root) == tree_hash(entries[: int(size)])
        heads.append((int(size), base64.b64decode(root)))
    for (old, old_root), (new, new_root) in pairwise(heads):
        proof = consistency_proof(old, entries[:new])
        metamorphic_log.verify_consistency(old, new, proof, old_root, new_root)
    return [size for size, _ in heads]


async def test_what_was_appended_is_signed(log: PostgresLog, database_url: str, tmp_path: Path) -> None:
    told: list[bytes] = []
    sealer = Sealer(
        log, EvidenceStore(log.pool, LOG), KEYS, LastView(tmp_path, LOG), clock=lambda: AT, on_note=told.append
    )
    await sealer.turn()
    assert await notes_of(database_url) == []

    for to in (1, 6, 7, 255, 256, 257, 700):
        await append_many(log, to)
        await sealer.turn()
        await sealer.turn()
        assert sealer.status().size == to
    assert await require_right(log, database_url) == [1, 6, 7, 255, 256, 257, 700]
    assert told == await notes_of(database_url)
    assert LastView(tmp_path, LOG).read() == told[-1]


async def test_a_process_that_starts_again_goes_on(log: PostgresLog, database_url: str, tmp_path: Path) -> None:
    for to in (3, 256, 300, 512, 513):
        await append_many(log, to)
        await a_sealer(log, tmp_path).turn()
    assert await require_right(log, database_url) == [3, 256, 300, 512, 513]


async def test_a_machine_without_the_file_goes_on(log: PostgresLog, database_url: str, tmp_path: Path) -> None:
    await append_many(log, 3)
    await a_sealer(log, tmp_path / "one").turn()
    await append_many(log, 300)
    await a_sealer(log, tmp_path / "two").turn()
    assert await require_right(log, database_url) == [3, 300]


async def test_two_sealers_sign_one_tree(log: PostgresLog, database_url: str, tmp_path: Path) -> None:
    one, two = a_sealer(log, tmp_path / "one"), a_sealer(log, tmp_path / "two")
    for to in range(100, 1100, 100):
        await append_many(log, to)
        await asyncio.gather(one.turn(), two.turn())
    assert await require_right(log, database_url) == list(range(100, 1100, 100))


class Dies(EvidenceStore):
    """A store whose process dies before or after the transaction that seals."""

    def __init__(self, log: PostgresLog, *, is_committed: bool) -> None:
        super().__init__(log.pool, log.log_id)
        self._is_committed = is_committed

    async def seal(self, before: int, size: int, grown: list[Hashes], note: str) -> None:  # type: ignore[override]
        if self._is_committed:
            await super().seal(before, size, grown, note)
        raise LogUnavailableError("the process died")


@pytest.mark.parametrize("is_committed", [False, True], ids=["before-the-commit", "after-the-commit"])
async def test_a_process_that_dies_while_it_seals_leaves_all_or_nothing(
    log: PostgresLog, database_url: str, tmp_path: Path, *, is_committed: bool
) -> None:
    await append_many(log, 250)
    await a_sealer(log, tmp_path).turn()
    await append_many(log, 600)
    dying = a_sealer(log, tmp_path, store=Dies(log, is_committed=is_committed))
    with pytest.raises(LogUnavailableError):
        await dying.turn()
    assert await require_right(log, database_url) == ([250, 600] if is_committed else [250])

    await append_many(log, 700)
    await a_sealer(log, tmp_path).turn()
    assert await require_right(log, database_url) == [250, 600, 700]


async def test_what_was_signed_is_remembered_before_anybody_can_see_it(
    log: PostgresLog, database_url: str, tmp_path: Path
) -> None:
    await append_many(log, 600)
    with pytest.raises(LogUnavailableError):
        await a_sealer(log, tmp_path, store=Dies(log, is_committed=False)).turn()
    async with rewriting(database_url) as connection:
        await rewrite(connection, "flip", 500)
    with pytest.raises(EvidenceBrokenError, match="another tree of 600 entries was signed here"):
        await a_sealer(log, tmp_path).turn()
    assert await notes_of(database_url) == []


async def test_a_sealer_in_doubt_goes_on_by_itself(log: PostgresLog, database_url: str, tmp_path: Path) -> None:
    await append_many(log, 250)
    in_doubt = a_sealer(log, tmp_path, store=Dies(log, is_committed=True))
    for _ in range(2):
        with pytest.raises(LogUnavailableError):
            await in_doubt.turn()
        await append_many(log, 300)
    assert await require_right(log, database_url) == [250, 300]


async def test_a_disk_that_is_full_holds_nothing_up_for_good(
    log: PostgresLog, database_url: str, tmp_path: Path
) -> None:
    await append_many(log, 3)
    place = tmp_path / "file"
    place.write_text("no directory")
    sealer = a_sealer(log, place)
    with pytest.raises(OSError, match="file"):
        await sealer.turn()
    place.unlink()
    await append_many(log, 5)
    await sealer.turn()
    assert (await require_right(log, database_url))[-1] == 5


async def test_it_seals_by_itself_until_it_is_cancelled(log: PostgresLog, database_url: str, tmp_path: Path) -> None:
    sealer = a_sealer(log, tmp_path)
    running = asyncio.create_task(sealer.run())
    await append_many(log, 3)
    await until(lambda: sealer.status().size == 3)
    assert sealer.status().state is SealerState.SEALING
    running.cancel()
    await asyncio.wait([running])
    assert await require_right(log, database_url) in ([3], [2, 3])


async def test_the_keys_of_another_log_sign_nothing(log: PostgresLog, database_url: str, tmp_path: Path) -> None:
    await append_many(log, 3)
    await a_sealer(log, tmp_path).turn()
    await append_many(log, 5)
    for other in (EvidenceKeys("numbers.example.com", "02" * 32), EvidenceKeys("other.example.com", "01" * 32)):
        with pytest.raises(EvidenceBrokenError, match="none of ours"):
            await a_sealer(log, tmp_path, other).turn()
    assert await require_right(log, database_url) == [3]


async def test_a_witness_is_kept_once_under_its_note(log: PostgresLog, tmp_path: Path) -> None:
    await append_many(log, 3)
    await a_sealer(log, tmp_path).turn()
    store = EvidenceStore(log.pool, LOG)
    line = Signature("witness.example/w1", b"\x01\x02\x03\x04", bytes(72))
    await store.cosign(3, line)
    await store.cosign(3, Signature("witness.example/w1", b"\x01\x02\x03\x04", bytes([1]) * 72))
    assert await store.cosignatures(3) == [str(line)]


async def test_the_verifier_keys_are_kept(log: PostgresLog, tmp_path: Path) -> None:
    await append_many(log, 1)
    await a_sealer(log, tmp_path, EvidenceKeys("numbers.example.com", "01" * 32, "02" * 32)).turn()
    kept = await EvidenceStore(log.pool, LOG).verifier_keys()
    expected = EvidenceKeys("numbers.example.com", "01" * 32, "02" * 32).verifier_keys(LOG)
    assert {key for key, _ in kept} == {str(key) for key in expected}
