"""The tree in PostgreSQL: entries read from the log, tiles, notes and co-signatures."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct

from schemas.values import LogId, Position
from service.evidence.merkle import HASH_BYTES, entry_of, leaf_hashes
from service.evidence.notes import Signature, VerifierKey
from service.evidence.sealing.tree import EvidenceBrokenError, Tree, last_tile
from service.evidence.tiles import TILE_WIDTH, Edge, Hashes, Tile, edge_tiles
from service.log.event_log import LogFaultError
from service.log.postgres_faults import read_faults
from service.log.sessions import cut_off_after
from service.statements import statement

SECONDS_MAX: Final = 10
RECORDS_FETCHED: Final = 2_000
"""How many records are hashed at once: some 5 ms, and then other tasks have their turn."""

_OTHER_SIZE: Final = "LG010"


class OvertakenError(LogFaultError):
    """Another sealer was faster; nothing was written."""


class Entries(Struct, frozen=True):
    """The entries of consecutive records, one after another; `are_whole` if none is missing and none elsewhere."""

    entries: bytes
    are_whole: bool


class NoteRow(Struct, frozen=True):
    """The newest note, and the size of the tree that is stored, which must be the note's."""

    tree_size: int
    size: int
    note: bytes


class CoveringRow(Struct, frozen=True):
    """The size of the newest note, 0 before the first; and size and text of the note that covers a position, if any."""

    newest_size: Position
    size: int
    note: str | None


class TimeStamp(Struct, frozen=True):
    """What an authority answered for a note: a TimeStampResp in DER."""

    size: int
    note: bytes
    response: bytes


async def read_newest_note(connection: asyncpg.Connection | PoolConnectionProxy, log_id: LogId) -> NoteRow | None:
    """The newest note; none before the first. Raises asyncpg's errors."""
    row = await connection.fetchrow(statement("evidence_newest_note"), log_id)
    return None if row is None else NoteRow(row["tree_size"], row["size"], row["note"].encode())


class EvidenceStore:
    """The evidence of one log. Reads need any role of the service; those that keep something the writer's.

    Everything raises LogUnavailableError if PostgreSQL cannot be reached.
    """

    def __init__(self, pool: asyncpg.Pool, log_id: LogId) -> None:
        self.log_id = log_id
        self._pool = pool

    async def entries(self, after: Position, to: Position) -> Entries:
        """The entries of the records after `after` up to `to`, hashed from the log as it is now."""
        entries: list[bytes] = []
        in_place = 0
        for start in range(after, to, RECORDS_FETCHED):
            bounds = (start, min(start + RECORDS_FETCHED, to))
            async with self._connection() as connection:
                rows = await connection.fetch(statement("evidence_entries"), self.log_id, *bounds)
            # Hashed here: PostgreSQL takes half as long again, most of it to begin each hash.
            for position, record in rows:
                written = record.encode()
                entries.append(entry_of(written))
                in_place += written.startswith(b'{"log":%d,"position":%d,' % (self.log_id, position))
        return Entries(b"".join(entries), in_place == len(entries) == to - after)

    async def tree_size(self) -> int:
        """How many entries the stored tree has."""
        async with self._connection() as connection:
            return await connection.fetchval(statement("evidence_tree_size"), self.log_id) or 0

    async def newest_note(self) -> NoteRow | None:
        """The newest note; none before the first."""
        async with self._connection() as connection:
            return await read_newest_note(connection, self.log_id)

    async def covering_note(self, position: Position) -> CoveringRow:
        """The newest co-signed note that covers the events up to `position`, or else the newest one that does."""
        async with self._connection() as connection:
            row = await connection.fetchrow(statement("evidence_covering_note"), self.log_id, position)
        assert row is not None, "an aggregate returns a row"
        return CoveringRow(Position(row["newest_size"] or 0), row["size"] or 0, row["note"])

    async def cosignatures(self, size: int) -> list[str]:
        """The witnesses' lines under the note of this size."""
        async with self._connection() as connection:
            return [row[0] for row in await connection.fetch(statement("evidence_cosignatures"), self.log_id, size)]

    async def stored(self, tiles: Iterable[Tile]) -> dict[Tile, bytes]:
        """Those of these tiles that are there, as they are stored: level 0 as entries."""
        asked = sorted(tiles)
        levels, places = [tile.level for tile in asked], [tile.index for tile in asked]
        async with self._connection() as connection:
            rows = await connection.fetch(statement("evidence_tiles"), self.log_id, levels, places)
        return {Tile(row["level"], row["place"]): row["hashes"] for row in rows}

    async def hashes(self, tiles: Iterable[Tile]) -> dict[Tile, bytes]:
        """Those of these tiles that are there, as they are served: level 0 as leaf hashes."""
        return shown(await self.stored(tiles))

    async def seal(self, before: int, size: int, grown: Sequence[Hashes], note: str) -> None:
        """Add to a tree of `before` entries what makes it one of `size`, and keep its note, all or nothing.

        Raises OvertakenError.
        """
        columns = (
            [hashes.tile.level for hashes in grown],
            [hashes.tile.index for hashes in grown],
            [hashes.offset for hashes in grown],
            [hashes.hashes for hashes in grown],
        )
        async with self._connection() as connection:
            try:
                await connection.execute(statement("evidence_seal"), self.log_id, before, size, *columns, note)
            except asyncpg.PostgresError as error:
                if error.sqlstate == _OTHER_SIZE:
                    raise OvertakenError(str(error)) from error
                raise

    async def cosign(self, size: int, signature: Signature) -> None:
        """Keep a witness's line under the note of this size."""
        written = (signature.name, signature.key_id, str(signature))
        async with self._connection() as connection:
            await connection.execute(statement("evidence_cosign"), self.log_id, size, *written)

    async def keep_stamp(self, size: int, response: bytes) -> None:
        """Keep what a time stamp authority answered for the note of this size."""
        async with self._connection() as connection:
            await connection.execute(statement("evidence_keep_stamp"), self.log_id, size, response)

    async def has_stamp(self, size: int) -> bool:
        """Whether the note of this size was time-stamped."""
        return bool(await self.stamps(size, size))

    async def stamped_sizes(self) -> list[int]:
        """The sizes of the notes that were time-stamped, in order."""
        async with self._connection() as connection:
            return [row["size"] for row in await connection.fetch(statement("evidence_stamped_sizes"), self.log_id)]

    async def stamps(self, first: int, last: int) -> list[TimeStamp]:
        """The time stamps of notes of `first` to `last` entries, in the order of the sizes."""
        async with self._connection() as connection:
            rows = await connection.fetch(statement("evidence_stamps"), self.log_id, first, last)
        return [TimeStamp(row["size"], row["note"].encode(), row["response"]) for row in rows]

    async def keep_keys(self, keys: Iterable[VerifierKey], rotations: Mapping[VerifierKey, str]) -> None:
        """Keep the verifier keys of the log, oldest first."""
        async with self._connection() as connection:
            for key in keys:
                written = (key.id, str(key), rotations.get(key))
                await connection.execute(statement("evidence_keep_key"), self.log_id, *written)

    async def verifier_keys(self) -> list[tuple[str, str | None]]:
        """The keys of the present origin, the newest first, each with the rotation note that led to it."""
        return await self._keys("evidence_keys")

    async def every_key(self) -> list[tuple[str, str | None]]:
        """The keys of every origin, the newest first, each with the note of the rotation or break that led to it."""
        return await self._keys("evidence_every_key")

    async def _keys(self, name: str) -> list[tuple[str, str | None]]:
        async with self._connection() as connection:
            rows = await connection.fetch(statement(name), self.log_id)
        return [(row["verifier_key"], row["rotation"]) for row in rows]

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[PoolConnectionProxy]:
        with read_faults():
            async with self._pool.acquire(timeout=SECONDS_MAX) as connection:
                with cut_off_after(connection, SECONDS_MAX):
                    yield connection


async def stored_tree(store: EvidenceStore, size: int) -> Tree:
    """The first `size` entries of the stored tree, of which nothing is verified yet.

    Raises EvidenceBrokenError if a tile is missing or too short, and LogUnavailableError.
    """
    if not size:
        return Tree.empty()
    stored = await store.stored({*edge_tiles(size), last_tile(size)})
    try:
        return Tree.of(Edge(size, shown(stored)), stored)
    except (KeyError, ValueError) as error:
        raise EvidenceBrokenError(f"a tile of the tree of {size} entries is missing or too short: {error}") from error


def shown(stored: Mapping[Tile, bytes]) -> dict[Tile, bytes]:
    """Stored tiles as they are served: level 0 as leaf hashes."""
    return {tile: hashes if tile.level else b"".join(leaf_hashes(hashes)) for tile, hashes in stored.items()}


def grown_tiles(stored: Mapping[Tile, bytes], grown: Iterable[Hashes]) -> dict[Tile, bytes]:
    """Stored tiles with what they get. Raises ValueError if that does not follow what is there."""
    tiles = dict(stored)
    for hashes in grown:
        there = tiles.get(hashes.tile, b"")
        if len(there) != hashes.offset * HASH_BYTES or hashes.offset >= TILE_WIDTH:
            raise ValueError(f"{hashes.tile} has {len(there)} bytes and would get hash {hashes.offset}")
        tiles[hashes.tile] = there + hashes.hashes
    return tiles
