"""The containers of the manifests run, without a cluster: their commands, settings, Secrets, ports and probes."""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import aiohttp
import asyncpg
import jwt
import msgspec
import pytest_asyncio
from nats.js import JetStreamContext

from service.access.key_file import Keys, SecretKey
from service.evidence.key_file import create
from tests.support.kubernetes.manifests import workloads
from tests.support.kubernetes.pod import Cluster, Pod
from tests.support.nats.relays import DEADLINE_SECONDS, STREAM
from tests.support.servers.databases import database, with_database
from tests.support.servers.directories import traversable_directory
from tests.support.servers.parts import Parts
from tests.support.service.till import INVOICE, Till

OVERLAY = "small"
DATABASE = re.compile(r"postgresql://numbering(_service)?@invoice-numbering-database-rw:5432/numbering")
BROKER = re.compile(r"nats://numbering@nats:4222")


def a_key(prefix: str) -> SecretKey:
    return SecretKey(id=f"{prefix}{secrets.token_hex(4)}", key=secrets.token_hex(32))


@pytest_asyncio.fixture
async def cluster(
    parts: Parts, database_admin: asyncpg.Connection, nats_url: str, tmp_path: Path
) -> AsyncIterator[Cluster]:
    """A namespace with an empty database, NATS, and the Secrets that the guide asks for."""
    create(tmp_path / "evidence.json", "numbers.example.com")
    broker = urlsplit(nats_url)
    async with database(database_admin, f"pods_{secrets.token_hex(8)}", "template0") as name:
        server = urlsplit(with_database(parts.postgres_url, name))
        password = {"password": f"{server.password or 'none'}\n".encode()}
        held = {
            "invoice-numbering-database": password,
            "invoice-numbering-database-owner": password,
            "invoice-numbering-nats": {"password": f"{broker.password or 'none'}\n".encode()},
            "invoice-numbering-keys": {"keys.json": msgspec.json.encode(Keys((a_key("t"),), (a_key("s"),)))},
            "invoice-numbering-evidence": {"evidence.json": (tmp_path / "evidence.json").read_bytes()},
        }
        addresses = {
            # Both logins are the one that the tests have.
            "NUMBERING_DATABASE_URL": (DATABASE, without_password(server)),
            "NUMBERING_NATS_URL": (BROKER, without_password(broker)),
        }
        with traversable_directory() as directory:
            yield Cluster(OVERLAY, directory, held, addresses)


def without_password(url: SplitResult) -> str:
    """The same address and its user."""
    return url._replace(netloc=f"{url.username or 'nobody'}@{url.hostname}:{url.port}").geturl()


async def test_every_container_starts_works_and_stops(cluster: Cluster, jetstream_admin: JetStreamContext) -> None:
    found = workloads(OVERLAY)
    job = Pod(cluster, found.pop("migrate"))
    job.start()
    assert job.ended() == 0, job.said()
    operator = Pod(cluster, found.pop("operator"))
    pods = {role: Pod(cluster, workload) for role, workload in found.items()}
    try:
        for pod in pods.values():
            pod.start()
        for pod in pods.values():
            for probe in ("startup", "liveness", "readiness"):
                await pod.probed(probe)
        async with aiohttp.ClientSession() as client:
            firm = json.loads(operator.run("firm", "create", "--name", "Corner shop"))["firm_id"]
            await a_number_is_issued_and_its_event_published(client, pods["web"], operator, firm, jetstream_admin)
            await keys_that_rotate_are_seen_by_a_running_process(client, pods["web"], operator, firm)
        assert {role: pod.stop() for role, pod in pods.items()} == dict.fromkeys(found, 0)
    finally:
        for pod in pods.values():
            pod.kill()
    for role, pod in pods.items():
        lines = [json.loads(line) for line in pod.said().splitlines()]
        assert [line for line in lines if line["level"] not in {"info", "warning"}] == [], role
        assert "evidence.off" not in pod.said()


async def a_number_is_issued_and_its_event_published(
    client: aiohttp.ClientSession, web: Pod, operator: Pod, firm: str, jetstream: JetStreamContext
) -> None:
    key = json.loads(operator.run("key", "create", "--firm", firm, "--mode", "live"))["api_key"]
    till = Till(client, key, lambda: web.url("http"))
    status, series = await till.once("POST", "/invoice-series", {"name": "K", "document_type": "fiscal"})
    assert status == 201, series
    body = INVOICE | {"series_id": series["data"]["id"]}
    status, invoice = await till.once("POST", "/invoices", body)
    assert status == 201, invoice
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (await jetstream.stream_info(STREAM)).state.last_seq < 2:
            await asyncio.sleep(0.05)


async def keys_that_rotate_are_seen_by_a_running_process(
    client: aiohttp.ClientSession, web: Pod, operator: Pod, firm: str
) -> None:
    """A session that another process signs with the new key is known to the one that began with the old keys."""
    mounted = web.volumes["/etc/numbering/keys"]
    old = msgspec.json.decode((mounted.path / "keys.json").read_bytes(), type=Keys)
    new = Keys((a_key("t"), *old.token_keys), (a_key("s"), *old.session_keys))
    for pod in (web, operator):
        pod.volumes["/etc/numbering/keys"].replace({"keys.json": msgspec.json.encode(new)})

    asked = ["--firm", firm, "--mode", "live", "--device", "till-1", "--name", "Till 1", "--platform", "web"]
    token = json.loads(operator.run("session", "create", *asked))["token"]
    assert jwt.get_unverified_header(token)["kid"] == new.session_keys[0].id
    status, _ = await Till(client, token, lambda: web.url("http")).once("GET", "/invoice-series")
    assert status == 200
