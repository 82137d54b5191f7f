"""A database that was rewritten behind the sealer's back is found out, and nothing more is signed."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from schemas.values import Position
from service.evidence.merkle import HASH_BYTES
from service.evidence.sealing.last_view import LastView
from service.evidence.sealing.sealer import Sealer, SealerPace
from service.evidence.sealing.status import SealerState
from service.evidence.sealing.store import EvidenceStore
from service.evidence.sealing.tree import EvidenceBrokenError
from service.log.postgres_log import PostgresLog
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

TABLES = ["tree", "tile", "note", "cosignature", "verifier_key"]
READ = "SELECT count(*) FROM evidence.{}"
DELETE = "DELETE FROM evidence.{}"
UPDATE = "UPDATE evidence.{} SET log_id = 1"
COUNT = 600
"""Two full tiles and a part of a third."""

PLACES = {"first-tile": 7, "second-tile": 300, "last-tile": 580}
KINDS = ["flip", "delete", "insert", "close-the-hole", "reorder", "roll-back"]


async def found_out(sealer: Sealer) -> str:
    """What the sealer says once it has looked at every tile; it must say something."""
    with pytest.raises(EvidenceBrokenError) as found:  # noqa: PT012 - which of the turns it is does not matter
        for _ in range(COUNT // 256 + 2):
            await sealer.turn()
    return str(found.value)


@pytest.mark.parametrize("is_restarted", [False, True], ids=["running", "restarted"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_rewritten_log_is_found_out(
    log: PostgresLog, database_url: str, tmp_path: Path, kind: str, place: str, *, is_restarted: bool
) -> None:
    sealer = a_sealer(log, tmp_path)
    await append_many(log, COUNT)
    await sealer.turn()
    notes = await notes_of(database_url)
    async with rewriting(database_url) as connection:
        await rewrite(connection, kind, PLACES[place])

    said = await found_out(a_sealer(log, tmp_path) if is_restarted else sealer)
    if kind in {"roll-back", "close-the-hole"}:
        assert "lost its end" in said
    elif kind == "insert":  # it moved every event after it, in tiles that may be looked at before
        assert int(said.split()[1]) >= PLACES[place]
    else:
        assert f"event {PLACES[place]} " in said
    assert await notes_of(database_url) == notes


async def test_a_rewritten_log_that_grew_on_is_found_out(log: PostgresLog, database_url: str, tmp_path: Path) -> None:
    await append_many(log, COUNT)
    sealer = a_sealer(log, tmp_path)
    await sealer.turn()
    async with rewriting(database_url) as connection:
        await rewrite(connection, "roll-back", 500)
        await connection.execute("UPDATE log.event SET record = replace(record, 'number 499', 'number 4999')")
    await append_many(log, COUNT + 10)
    assert "event 499 " in await found_out(sealer)
    assert "event 499 " in await found_out(a_sealer(log, tmp_path))


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE evidence.tile SET hashes = set_byte(hashes, 40, 7) WHERE level = 0 AND place = 0", "event 2 "),
        ("UPDATE evidence.tile SET hashes = set_byte(hashes, 40, 7) WHERE level = 0 AND place = 2", "not those"),
        ("UPDATE evidence.tile SET hashes = set_byte(hashes, 40, 7) WHERE level = 1", "not those"),
        ("DELETE FROM evidence.tile WHERE level = 1", "missing"),
        ("DELETE FROM evidence.tile WHERE level = 0 AND place = 2", "missing"),
        ("UPDATE evidence.note SET note = replace(note, E'\n600\n', E'\n601\n')", "none of ours"),
        ("DELETE FROM evidence.note WHERE size = 600", "says 300"),
        ("UPDATE evidence.tree SET size = 599", "has 599 entries"),
    ],
    ids=["old-entry", "last-entry", "hash", "no-hash", "no-entries", "note", "no-note", "size"],
)
async def test_a_rewritten_tree_is_found_out(
    log: PostgresLog, database_url: str, tmp_path: Path, statement: str, says: str
) -> None:
    await append_many(log, 300)
    await a_sealer(log, tmp_path).turn()
    await append_many(log, COUNT)
    await a_sealer(log, tmp_path).turn()
    async with rewriting(database_url) as connection:
        await connection.execute(statement)
    await append_many(log, COUNT + 1)
    assert says in await found_out(a_sealer(log, tmp_path))


async def test_an_entry_and_its_record_changed_together_are_found_out(
    log: PostgresLog, database_url: str, tmp_path: Path
) -> None:
    await append_many(log, COUNT)
    sealer = a_sealer(log, tmp_path)
    await sealer.turn()
    async with rewriting(database_url) as connection:
        await rewrite(connection, "flip", 7)
        changed = (await EvidenceStore(log.pool, LOG).entries(Position(6), Position(7))).entries
        await connection.execute(
            "UPDATE evidence.tile SET hashes = overlay(hashes PLACING $1 FROM $2) WHERE level = 0 AND place = 0",
            changed,
            6 * HASH_BYTES + 1,
        )
    assert "tile 0 of level 0" in await found_out(sealer)
    assert "tile 0 of level 0" in await found_out(a_sealer(log, tmp_path))


async def test_a_database_restored_with_its_evidence_is_found_out_by_the_file(
    log: PostgresLog, database_url: str, tmp_path: Path
) -> None:
    await append_many(log, 300)
    await a_sealer(log, tmp_path).turn()
    async with rewriting(database_url) as connection:
        await rewrite(connection, "roll-back", 101)
        await connection.execute("DELETE FROM evidence.tile")
        await connection.execute("DELETE FROM evidence.note")
        await connection.execute("UPDATE evidence.tree SET size = 0")
    assert "lost its end" in await found_out(a_sealer(log, tmp_path))

    async with rewriting(database_url) as connection:
        await connection.execute("UPDATE log.event SET record = replace(record, 'number 50', 'number 5000')")
    await append_many(log, 310)
    assert "another tree of 300 entries" in await found_out(a_sealer(log, tmp_path))
    assert await notes_of(database_url) == []


async def test_a_database_that_got_its_end_back_is_sealed_again(
    log: PostgresLog, database_url: str, tmp_path: Path
) -> None:
    await append_many(log, 300)
    await a_sealer(log, tmp_path).turn()
    signed, records = await notes_of(database_url), await records_of(log)
    async with rewriting(database_url) as connection:
        await rewrite(connection, "roll-back", 101)
        await connection.execute("DELETE FROM evidence.tile")
        await connection.execute("DELETE FROM evidence.note")
        await connection.execute("UPDATE evidence.tree SET size = 0")
    await append_many(log, 310)
    assert (await records_of(log))[:300] == records
    await a_sealer(log, tmp_path).turn()
    assert (await notes_of(database_url))[0] == signed[0]
    assert len(await notes_of(database_url)) == 2


async def test_one_that_stopped_says_so_and_goes_on_when_all_is_right_again(
    log: PostgresLog, database_url: str, tmp_path: Path
) -> None:
    await append_many(log, 300)
    pace = SealerPace(seal=0.01, recheck=0.01)
    sealer = Sealer(log, EvidenceStore(log.pool, LOG), KEYS, LastView(tmp_path, LOG), clock=lambda: AT, pace=pace)
    running = asyncio.create_task(sealer.run())
    await until(lambda: sealer.status().size == 300)
    async with rewriting(database_url) as connection:
        await rewrite(connection, "flip", 7)
        await until(lambda: sealer.status().state is SealerState.STOPPED)
        assert "event 7 " in (sealer.status().because or "")
        await connection.execute("UPDATE log.event SET record = replace(record, 'numbed ', 'number ')")
    await append_many(log, 301)
    await until(lambda: sealer.status().size == 301)
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.parametrize("role", ["numbering_writer", "numbering_reader", "numbering_projector"])
async def test_no_role_of_the_service_changes_the_evidence(
    log: PostgresLog, database_url: str, tmp_path: Path, role: str
) -> None:
    await append_many(log, 3)
    await a_sealer(log, tmp_path).turn()
    connection = await asyncpg.connect(database_url, server_settings={"role": role})
    for table in TABLES:
        assert await connection.fetchval(READ.format(table)) is not None
        for change in (DELETE, UPDATE):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(change.format(table))
    if role != "numbering_writer":
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT evidence.keep_key(1::smallint, 'x', 'x', NULL)")
    await connection.close()


async def test_the_owner_cannot_change_the_evidence_either(log: PostgresLog, database_url: str, tmp_path: Path) -> None:
    await append_many(log, 3)
    await a_sealer(log, tmp_path).turn()
    connection = await asyncpg.connect(database_url, server_settings={"role": "numbering_owner"})
    changes = [
        *(DELETE.format(table) for table in TABLES),
        "TRUNCATE evidence.note CASCADE",
        "UPDATE evidence.tile SET hashes = set_byte(hashes, 1, 7)",
        "UPDATE evidence.tile SET place = 5",
        "UPDATE evidence.note SET note = ''",
    ]
    for statement in changes:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await connection.execute(statement)
        assert refused.value.sqlstate == "LG005", statement
    await connection.close()
