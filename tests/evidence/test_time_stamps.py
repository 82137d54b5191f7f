"""Time stamps of notes: openssl is the authority and the judge."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from service.evidence.sealing.store import EvidenceStore
from service.evidence.timestamping.authority import Authority, AuthorityError, RootsError, read_roots
from service.evidence.timestamping.stamper import Stamper
from service.log.postgres_log import PostgresLog
from tests.support.evidence.sealing import LOG, a_sealer, append_many, notes_of
from tests.support.evidence.timestamps import OPENSSL, LocalAuthority, a_local_authority
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")

NOTE = b"numbers.example.com/log/1\n1\nAAAA\n\n"


async def stamped(authority: LocalAuthority, content: bytes = NOTE, roots: Path | None = None) -> bytes:
    async with aiohttp.ClientSession() as session:
        return await Authority(authority.address, read_roots(roots or authority.roots)).stamp(session, content)


async def test_another_program_verifies_it(tmp_path: Path) -> None:
    async with a_local_authority(tmp_path / "tsa") as authority:
        response = await stamped(authority)
        assert "Verification: OK" in await authority.verify(NOTE, response)
        with pytest.raises(AssertionError, match="FAILED"):
            await authority.verify(NOTE + b".", response)


async def test_what_is_no_stamp_of_ours_is_refused(tmp_path: Path) -> None:
    async with a_local_authority(tmp_path / "tsa") as authority, a_local_authority(tmp_path / "other") as other:
        earlier = await stamped(authority)
        with pytest.raises(AuthorityError, match="verify"):
            await stamped(authority, roots=other.roots)
        faults = (500, 302, b"", b"nonsense", earlier, earlier[:-1], b"0" * 70_000)
        for fault in faults:
            authority.faults = [fault]
            with pytest.raises(AuthorityError):
                await stamped(authority)
        flipped = bytearray(earlier)
        for place in range(40, len(earlier), 97):
            flipped[place] ^= 1
            authority.faults = [bytes(flipped)]
            with pytest.raises(AuthorityError):
                await stamped(authority)
            flipped[place] ^= 1


def test_the_file_of_roots_is_read_with_care(tmp_path: Path) -> None:
    for content in (None, b"", b"nonsense"):
        if content is not None:
            (tmp_path / "roots").write_bytes(content)
        with pytest.raises(RootsError, match="roots"):
            read_roots(tmp_path / "roots")


async def test_the_newest_note_is_stamped_and_an_authority_that_was_away_asked_again(
    log: PostgresLog, database_url: str, tmp_path: Path
) -> None:
    store = EvidenceStore(log.pool, LOG)
    async with a_local_authority(tmp_path / "tsa") as local:
        local.faults = [503]
        stamper = Stamper(Authority(local.address, read_roots(local.roots)), store, rest=0.01, retry=(0.01, 0.02))
        with capture_logs() as said:
            job = asyncio.create_task(stamper.run())
            for to in (3, 9):
                await append_many(log, to)
                await a_sealer(log, tmp_path).turn()
                stamper.tell((await notes_of(database_url))[-1])
                await until(partial(store.has_stamp, to))
            job.cancel()
            with suppress(asyncio.CancelledError):
                await job
        notes = await notes_of(database_url)
        kept = await store.stamps(1, 9)
        assert [each.size for each in kept] == [3, 9]
        assert [each.note for each in kept] == notes
        for each in kept:
            assert "Verification: OK" in await local.verify(each.note, each.response)
        assert [line["event"] for line in said if "stamp" in line["event"]] == [
            "evidence.no_time_stamp",
            "evidence.time_stamped",
        ]
        asked = local.asked
        again = Stamper(Authority(local.address, read_roots(local.roots)), store, rest=60)
        again.tell(notes[-1])
        job = asyncio.create_task(again.run())
        await asyncio.sleep(0.2)
        job.cancel()
        assert local.asked == asked
