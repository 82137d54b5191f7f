"""The evidence over HTTP: checkpoint and tiles of the log, for everybody (service/evidence/README.md section 3)."""

import asyncio
from collections.abc import Mapping
from typing import Final

from service.api.calling.dependencies import Dependencies
from service.api.calling.reply import Page, Result
from service.api.refusals.causes import PathUnknown
from service.api.refusals.table import RefusedError, refusal_of
from service.evidence.merkle import HASH_BYTES
from service.evidence.sealing.store import EvidenceStore, shown
from service.evidence.tiles import INDEX_PARTS_MAX, TILE_WIDTH, Tile, asked_tile, entry_bundle

CHECKPOINT_PATH: Final = "/log/{log}/checkpoint"
PARTS: Final = tuple(f"part_{number}" for number in range(INDEX_PARTS_MAX + 1))
TILE_PATHS: Final = tuple(
    "/log/{log}/tile/{level}/" + "/".join(f"{{{part}}}" for part in PARTS[:count]) for count in range(1, len(PARTS) + 1)
)
"""Paths of tiles with one part of their index, with two, and so on; the last part may be the width of a partial one."""

FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
NOT_KEPT: Final = {"Cache-Control": "no-cache"}

TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"
READS_AT_ONCE: Final = 2
"""These paths ask for no credential: however many ask, the connections of the reports are left to callers."""

FULL_TILES_MAX: Final = 512
"""How many full tiles are kept, of 8 KB each: they never change, and a reader asks for the same few again."""


class PublicEvidence:
    """Answers for one log."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._store = EvidenceStore(dependencies.reads, dependencies.log.log_id)
        self._turns = asyncio.Semaphore(READS_AT_ONCE)
        self._full: dict[Tile, bytes] = {}

    async def checkpoint(self, places: Mapping[str, str]) -> Result:
        """The newest note with its co-signatures. Raises RefusedError (404) before the first, LogUnavailableError."""
        self._require_log(places)
        async with self._turns:
            newest = await self._store.newest_note()
            if newest is None:
                raise RefusedError(refusal_of(PathUnknown()))
            lines = await self._store.cosignatures(newest.size)
        return Result(Page(newest.note + "".join(lines).encode(), TEXT))

    async def tile(self, places: Mapping[str, str]) -> Result:
        """A tile or a bundle. Raises RefusedError (404) if no note covers it, LogUnavailableError."""
        self._require_log(places)
        asked = asked_tile(places["level"], "/".join(places[part] for part in PARTS if part in places))
        if asked is None:
            raise RefusedError(refusal_of(PathUnknown()))
        stored = (await self._stored(asked.tile))[: asked.width * HASH_BYTES]
        if len(stored) < asked.width * HASH_BYTES:
            raise RefusedError(refusal_of(PathUnknown()))
        body = entry_bundle(stored) if asked.is_entries else shown({asked.tile: stored})[asked.tile]
        return Result(Page(body, BYTES))

    def _require_log(self, places: Mapping[str, str]) -> None:
        if places["log"] != str(self._store.log_id):
            raise RefusedError(refusal_of(PathUnknown()))

    async def _stored(self, tile: Tile) -> bytes:
        """What is stored of a tile, which only sealed hashes are; empty if nothing is."""
        if tile in self._full:
            return self._full[tile]
        async with self._turns:
            hashes = (await self._store.stored([tile])).get(tile, b"")
        if len(hashes) == TILE_WIDTH * HASH_BYTES:
            if len(self._full) >= FULL_TILES_MAX:
                del self._full[next(iter(self._full))]
            self._full[tile] = hashes
        return hashes
