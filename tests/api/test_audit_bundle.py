"""The bundle over HTTP: a file that is made while it is read (CONTRACT.md D116)."""

import asyncio
import hashlib
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from schemas.events import DraftSaved
from schemas.record import Record
from schemas.values import (
    Actor,
    ActorKind,
    CommandId,
    Digest,
    DocumentId,
    LogId,
    Mode,
    Position,
    SeriesId,
    Version,
)
from service.log.event_log import Content
from service.log.postgres_log import PostgresLog
from service.web.patience import Patience
from tests.support.domain.batches import a_batch
from tests.support.evidence.bundle_reader import ReadBundle
from tests.support.evidence.sealing import a_sealer, rewriting
from tests.support.service.client import Api, Options, an_api
from tests.support.waiting import until

PATH = "/v1/audit/bundle"


@pytest_asyncio.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service that waits for a slow reader for a moment only, with some documents of two firms."""
    options = Options(patience=Patience(piece_seconds=1.0))
    async with an_api(database_url, tmp_path, options) as running:
        series = await running.a_locked_series()
        await running.tokens(series, 3)
        await running.issue(running.firm.device_a, series_id=series)
        await running.post("/invoice-series", {"name": "WEB", "document_type": "fiscal"}, running.other_firm.live_key)
        yield running


async def seal(api: Api, directory: Path) -> None:
    """Sign what the log holds."""
    log = api.dependencies.log
    assert isinstance(log, PostgresLog)
    await a_sealer(log, directory).turn()


async def bundle(api: Api, credential: str, query: str = "", *, method: str = "GET") -> tuple[bytes, Mapping[str, str]]:
    """The file and the headers it came with."""
    sent = {"Authorization": f"Bearer {credential}"}
    async with api.session.request(method, f"{api.base_url}{PATH}{query}", headers=sent) as response:
        assert response.status == 200, await response.text()
        return await response.read(), response.headers


def is_made(api: Api) -> bool:
    """Whether a bundle of the firm is being made."""
    return api.dependencies.bundles.has_bundle(api.firm.firm_id)


async def test_an_auditor_takes_the_bundle_of_its_firm_away(api: Api, tmp_path: Path) -> None:
    await seal(api, tmp_path)
    for credential in (api.firm.auditor, api.firm.auditor_key, api.firm.admin, api.firm.live_key):
        file, headers = await bundle(api, credential)
        read = ReadBundle(file).checked()
        assert (read.manifest["firm_id"], read.manifest["mode"], read.manifest["as_of"]) == (
            api.firm.firm_id,
            "live",
            read.events[-1]["at"],
        )
        assert not any(api.other_firm.firm_id.encode() in content for content in read.members.values())
    position = read.manifest["position"]
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == f'attachment; filename="numbering-bundle-{position}.zip"'
    assert headers["Cache-Control"] == "no-store"
    assert "Content-Length" not in headers
    other = ReadBundle((await bundle(api, api.other_firm.auditor))[0]).checked()
    assert [event["event"]["type"] for event in other.events] == ["series-opened/1"]

    async def is_recorded() -> bool:
        listed: list[dict[str, Any]] = (await api.get("/audit/reads", api.firm.live_key)).data["data"]
        return [each["route"] for each in listed].count(PATH) == 2

    await until(is_recorded, "the records of both auditors")


async def test_a_caller_chooses_what_the_bundle_is_of(api: Api, tmp_path: Path) -> None:
    await seal(api, tmp_path)
    earlier = ReadBundle((await bundle(api, api.firm.auditor, "?as_of_position=2&series_id=FACT"))[0]).checked()
    assert (earlier.positions(), len(earlier.manifest["series"])) == ([1, 2], 1)
    days = "?start_date=2026-01-01&end_date=9999-12-31&bodies=true"
    read = ReadBundle((await bundle(api, api.firm.auditor, days))[0]).checked()
    assert (read.manifest["from"], read.manifest["to"]) == ("2026-01-01", "9999-12-31")
    assert [line["state"] for line in read.documents] == ["kept"]
    assert "body" in read.documents[0]
    before = ReadBundle((await bundle(api, api.firm.auditor, "?end_date=2001-01-01"))[0]).checked()
    assert (before.events, before.manifest["position"]) == ([], 0)
    assert (await bundle(api, api.firm.auditor, method="HEAD"))[0] == b""
    assert not is_made(api)


async def test_a_bundle_that_cannot_be_is_refused(api: Api, tmp_path: Path) -> None:
    async def refusal(query: str = "", credential: str = api.firm.auditor) -> tuple[int, str]:
        return (await api.get(f"/audit/bundle{query}", credential)).refusal

    assert await refusal(credential=api.firm.device_a) == (403, "insufficient_permissions")
    unsealed = await api.get("/audit/bundle?as_of_position=1", api.firm.auditor)
    assert (unsealed.refusal, unsealed.headers["Retry-After"]) == ((409, "not_sealed"), "1")
    await seal(api, tmp_path)
    await api.a_series("MORE")
    head = await api.dependencies.log.head()
    assert await refusal(f"?as_of_position={head}") == (409, "not_sealed")
    assert await refusal("?series_id=none") == (404, "resource_missing")
    assert await refusal("?as_of_position=0") == (400, "invalid_field_value")
    for wrong in ("end_date=2026-01-01&as_of_time=3", "start_date=2026-01-02&end_date=2026-01-01"):
        assert await refusal(f"?{wrong}") == (400, "invalid_field_value")
    assert not is_made(api)


async def test_one_bundle_of_a_firm_is_made_at_a_time(api: Api, database_url: str, tmp_path: Path) -> None:
    await seal(api, tmp_path)
    holder = await asyncpg.connect(database_url)
    try:
        await holder.execute("BEGIN; LOCK TABLE log.content IN ACCESS EXCLUSIVE MODE")
        first = asyncio.create_task(bundle(api, api.firm.auditor))
        await until(lambda: is_made(api), "the first bundle")
        second = await api.get("/audit/bundle", api.firm.live_key)
        assert second.refusal == (503, "service_unavailable")
        assert second.headers["Retry-After"] == "2"
    finally:
        await holder.close()
    ReadBundle((await first)[0]).checked()
    ReadBundle((await bundle(api, api.firm.live_key))[0]).checked()


async def test_a_database_that_was_rewritten_breaks_the_file_off(api: Api, database_url: str, tmp_path: Path) -> None:
    await seal(api, tmp_path)
    async with rewriting(database_url) as connection:
        await connection.execute("UPDATE log.event SET record = replace(record, 'FACT', 'FAKE') WHERE position = 1")
    with pytest.raises(aiohttp.ClientError):
        await bundle(api, api.firm.auditor)
    assert not is_made(api)


@pytest.mark.parametrize("is_gone", [False, True], ids=["stops", "goes"])
async def test_a_client_that_reads_no_more_ends_the_export(api: Api, tmp_path: Path, *, is_gone: bool) -> None:
    await _with_large_contents(api)
    await seal(api, tmp_path)
    place = urlsplit(api.base_url)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(line, (place.hostname, place.port))
    head = f"GET {PATH}?bodies=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.firm.auditor}\r\n\r\n"
    await loop.sock_sendall(line, head.encode())
    assert (await loop.sock_recv(line, 15)).startswith(b"HTTP/1.1 200")
    assert is_made(api)
    if is_gone:
        line.close()
    await until(lambda: not is_made(api), "the end of the export")
    line.close()


async def _with_large_contents(api: Api) -> None:
    """Let the firm have drafts that say more than the buffers of a connection hold, even compressed."""
    head = await api.dependencies.log.head()
    contents = [_content() for _ in range(40)]
    records = [
        Record(
            log=LogId(1),
            position=Position(head + count),
            stream=SeriesId(f"inv_large{count}"),
            series_name=None,
            version=Version(1),
            previous=Position(0),
            firm_id=api.firm.firm_id,
            mode=Mode.LIVE,
            at=api.clock(),
            actor=Actor(ActorKind.SYSTEM, "test"),
            device_id=None,
            command_id=CommandId(f"{count:032x}"),
            idempotency_key=None,
            event=DraftSaved(DocumentId(f"inv_large{count}"), content.digest),
        )
        for count, content in enumerate(contents, 1)
    ]
    await api.dependencies.log.append(head, a_batch(records, contents))


def _content() -> Content:
    salt, body = secrets.token_bytes(16), f'{{"client":"{secrets.token_hex(200_000)}"}}'.encode()
    return Content(Digest(hashlib.sha256(salt + body).hexdigest()), salt, body)
