"""A database in which much has happened, sealed and projected; and clones of it, for a superuser to rewrite."""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from msgspec.structs import replace

from projections.keeping.runner import ProjectionRunner
from schemas.events import SeriesDescribed
from schemas.values import CommandId, FirmId, Position, Version
from service.configuration.settings import Settings
from service.evidence.key_file import EvidenceKeys, load, rotate
from service.log.postgres_log import PostgresLog
from service.whole_file import create_file
from tests.support.domain.batches import a_batch
from tests.support.evidence.bundles import cosign, witness_signers
from tests.support.evidence.sealing import AT, LOG, a_sealer
from tests.support.servers.databases import database, with_database
from tests.support.servers.parts import Parts
from tests.support.service.client import Api, an_api

DESCRIBED: Final = 300
"""So many events that the tree has two tiles and a level above."""


@dataclass(frozen=True)
class Written:
    """The name of the database, the directory with the files that belong to it, and the firm."""

    name: str
    directory: Path
    firm_id: FirmId


@dataclass(frozen=True)
class Clone:
    """A database like it."""

    url: str
    settings: Settings
    firm_id: FirmId


@pytest_asyncio.fixture(scope="session")
async def written(
    parts: Parts,
    database_admin: asyncpg.Connection,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Written]:
    """The database. Nothing is connected to it, so that it can be cloned."""
    directory = tmp_path_factory.mktemp("written")
    path = directory / "evidence.json"
    create_file(path, [msgspec.json.encode(EvidenceKeys("numbers.example.com", "01" * 32))])
    keys = [f"{signer.verifier_key} https://witness.example.com\n".encode() for signer in witness_signers()]
    create_file(directory / "witnesses", keys)
    async with database(database_admin, f"test_{secrets.token_hex(8)}", template_database) as name:
        url = with_database(parts.postgres_url, name)
        async with an_api(url, directory) as api:
            await _work(api)
            await _seal(url, directory)
            rotate(path, [LOG], AT)
            await _invoices(api, "second")
            firm_id = api.firm.firm_id
        await _describe(url)
        await _seal(url, directory)
        await ProjectionRunner(url).catch_up()
        yield Written(name, directory, firm_id)


@pytest_asyncio.fixture
async def clone(parts: Parts, database_admin: asyncpg.Connection, written: Written) -> AsyncGenerator[Clone]:
    """A clone of the database, with the same files."""
    async with database(database_admin, f"test_{secrets.token_hex(8)}", written.name) as name:
        url = with_database(parts.postgres_url, name)
        settings = Settings(
            database_url=url,
            data_dir=written.directory,
            evidence_witnesses_file=written.directory / "witnesses",
        )
        yield Clone(url, settings, written.firm_id)


async def _work(api: Api) -> None:
    """Every kind of request that is kept under a key, and gaps of three kinds."""
    till, admin = api.firm.device_a, api.firm.admin
    opened = await api.post("/invoice-series", {"name": "FACT", "document_type": "fiscal"}, key="open")
    path = f"/invoice-series/{opened.data['id']}"
    await api.post(f"{path}/set-primary", key="prefer")
    assert (await api.post(f"{path}/lock", credential=till, key="lock")).status == 200
    reserved = await api.post(f"{path}/reserve-numbers", {"count": 10}, till, "reserve")
    tokens = [slot["token"] for slot in reserved.data["data"]]
    for token in tokens[:3]:
        used = await api.issue(till, f"use {token}", reservation_token=token, force_chronology=False)
        assert used.status == 201, used.body
    for token in tokens[3:5]:
        released = await api.post(f"/invoice-series/reservations/{token}/release", credential=till, key=f"give {token}")
        assert released.status == 200, released.body
    said = {"first": 4, "last": 5, "code": "training", "text": "the till was being tried out"}
    assert (await api.post(f"{path}/gaps/explanations", said, admin, "explain")).status == 201
    assert (await api.post(f"{path}/unlock", credential=till, key="unlock")).status == 200
    await _invoices(api, "first")


async def _invoices(api: Api, name: str) -> None:
    issued = [(await api.issue(key=f"{name} {each}")).data for each in range(4)]
    draft = (await api.issue(key=f"{name} draft", is_draft=1)).data
    await api.post(f"/invoices/{issued[0]['id']}/storno", key=f"{name} storno")
    await api.post(f"/invoices/{issued[1]['id']}/void", {"reason": "a trial"}, key=f"{name} void")
    await api.post(f"/invoices/{issued[1]['id']}/unvoid", key=f"{name} unvoid")
    await api.post(f"/invoices/{issued[2]['id']}/erase", {"reason": "asked to be forgotten"}, key=f"{name} erase")
    await api.post(f"/invoices/{draft['id']}/void", {"reason": "no more"}, key=f"{name} void draft")
    last = (await api.issue()).data
    await api.post(f"/invoices/{last['id']}/void", {"reason": "typed twice"})
    assert (await api.ask("DELETE", f"/invoices/{last['id']}")).status == 200


async def _seal(url: str, directory: Path) -> None:
    log = await PostgresLog.open(url)
    try:
        await a_sealer(log, directory, load(directory / "evidence.json")).turn()
        await cosign(log)
    finally:
        await log.close()


async def _describe(url: str) -> None:
    log = await PostgresLog.open(url)
    try:
        head, all_records = await log.head(), await log.read(Position(0), 10_000)
        last = next(each.record for each in reversed(all_records) if each.record.series_name is not None)
        made = [
            replace(
                last,
                position=Position(head + at),
                version=Version(last.version + at),
                previous=last.position if at == 1 else Position(head + at - 1),
                command_id=CommandId(secrets.token_hex(16)),
                idempotency_key=None,
                event=SeriesDescribed(f"description {at}"),
            )
            for at in range(1, DESCRIBED + 1)
        ]
        await log.append(head, a_batch(made))
    finally:
        await log.close()
