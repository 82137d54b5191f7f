"""Checkpoint and tiles over HTTP: what a client of C2SP tlog-tiles reads without any credential."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from service.log.postgres_log import PostgresLog
from tests.support.evidence.reference import tree_hash, verified_by
from tests.support.evidence.sealing import KEYS, LOG, a_sealer, append_many, records_of
from tests.support.service.client import Api

SIZE = 300


@pytest_asyncio.fixture
async def read(api: Api, log: PostgresLog, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A client without credentials, of a log with 300 sealed events and 3 more."""
    await append_many(log, SIZE)
    await a_sealer(log, tmp_path).turn()
    await append_many(log, SIZE + 3)
    async with aiohttp.ClientSession(api.base_url) as session:
        yield session


async def test_the_checkpoint_is_the_newest_note(read: aiohttp.ClientSession, log: PostgresLog) -> None:
    async with read.get("/log/1/checkpoint") as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-cache"
        note = await response.read()
    vkey = str(KEYS.verifier_keys(LOG)[0])
    assert verified_by(note, [vkey]) == [vkey]
    assert note.decode().splitlines()[1] == str(SIZE)


async def test_tiles_and_bundles_are_those_of_the_records(read: aiohttp.ClientSession, log: PostgresLog) -> None:
    entries = [hashlib.sha256(record).digest() for record in await records_of(log)]
    leaves = [tree_hash([entry]) for entry in entries]
    expected = {
        "tile/0/000": b"".join(leaves[:256]),
        "tile/0/001.p/44": b"".join(leaves[256:300]),
        "tile/1/000.p/1": tree_hash(entries[:256]),
        "tile/entries/000": b"".join(b"\x00\x20" + entry for entry in entries[:256]),
        "tile/entries/001.p/44": b"".join(b"\x00\x20" + entry for entry in entries[256:300]),
        # Partial tiles of smaller trees stay, also when the full one is there.
        "tile/0/000.p/7": b"".join(leaves[:7]),
        "tile/0/001.p/1": leaves[256],
    }
    for _ in range(2):
        for path, body in expected.items():
            async with read.get(f"/log/1/{path}") as response:
                assert response.status == 200, path
                assert await response.read() == body, path
                assert response.headers["Content-Type"] == "application/octet-stream"
                assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path",
    ["1/tile/0/001", "1/tile/0/001.p/45", "1/tile/0/002.p/1", "1/tile/1/000", "1/tile/1/000.p/2", "1/tile/2/000.p/1",
     "1/tile/entries/001.p/45", "1/tile/0/0", "1/tile/x/000", "2/checkpoint", "2/tile/0/000", "1/tile/0/x999/000"],
)  # fmt: skip
async def test_what_no_note_covers_is_not_there_and_no_cache_keeps_that(read: aiohttp.ClientSession, path: str) -> None:
    async with read.get(f"/log/{path}") as response:
        assert response.status == 404
        assert response.headers["Cache-Control"] == "no-store"


async def test_there_is_no_checkpoint_before_the_first(api: Api) -> None:
    async with aiohttp.ClientSession(api.base_url) as session, session.get("/log/1/checkpoint") as response:
        assert response.status == 404
        assert response.headers["Cache-Control"] == "no-store"
