"""The processes that seal and co-sign, killed again and again: everything is signed at the end, and one tree only."""

import asyncio
import base64
import hashlib
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import aiohttp
import asyncpg
import metamorphic_log  # type: ignore[import-untyped]
import pytest

from service.embedded.data_directory import free_port
from tests.support.evidence.reference import consistency_proof, tree_hash, verified_by
from tests.support.evidence.sealing import notes_of
from tests.support.evidence.timestamps import OPENSSL, a_local_authority
from tests.support.service.service_process import ServiceProcess, services
from tests.support.waiting import until

KILLS = 4
ROUND = 40


def numbering(directory: Path, database_url: str, *arguments: str) -> str:
    """What a command prints."""
    environment = {"NUMBERING_DATA_DIR": str(directory), "NUMBERING_DATABASE_URL": database_url, "HOME": str(directory)}
    command = [sys.executable, "-m", "service", *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


async def require_one_tree(database_url: str, keys: list[str]) -> None:
    """Every note is signed, of the log's records, and continues the one before; the last one has all of them."""
    connection = await asyncpg.connect(database_url)
    records = await connection.fetch("SELECT record FROM log.event ORDER BY position")
    await connection.close()
    entries = [hashlib.sha256(row[0].encode()).digest() for row in records]
    heads: list[tuple[int, bytes]] = []
    for note in await notes_of(database_url):
        assert verified_by(note, keys)
        _, size, root = note.decode().splitlines()[:3]
        assert base64.b64decode(root) == tree_hash(entries[: int(size)])
        heads.append((int(size), base64.b64decode(root)))
    for (old, old_root), (new, new_root) in pairwise(heads):
        metamorphic_log.verify_consistency(old, new, consistency_proof(old, entries[:new]), old_root, new_root)
    assert heads[-1][0] == len(entries)


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
async def test_whatever_is_killed_one_tree_is_signed_and_witnessed(
    database_url: str, nats_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    directory, port = tmp_path / "data", free_port()
    numbering(directory, database_url, "migrate")
    numbering(directory, database_url, "evidence", "create", "--name", "numbers.example.com")
    keys = numbering(directory, database_url, "evidence", "key").splitlines()
    firm = json.loads(numbering(directory, database_url, "firm", "create", "--name", "One"))["firm_id"]
    key = next(
        iter(json.loads(numbering(directory, database_url, "key", "create", "--firm", firm, "--mode", "live")).values())
    )
    (tmp_path / "logs").write_text("".join(f"{line}\n" for line in keys))
    witness = ServiceProcess(
        tmp_path,
        "",
        "",
        ("witness", "--name", "w.example.com/w", "--directory", str(tmp_path / "witness"), "--logs",
         str(tmp_path / "logs"), "--port", str(port)),
    )  # fmt: skip
    request.addfinalizer(lambda: witness.kill() if witness.is_running else None)
    witness.spawn()
    await until(lambda: "witnessing on" in witness.said())
    lines = [line for line in witness.said().splitlines() if line.startswith("w.example.com/w+")]
    (tmp_path / "witnesses").write_text("".join(f"{line} http://127.0.0.1:{port}\n" for line in lines))
    async with a_local_authority(tmp_path / "tsa") as authority:
        settings = {
            "NUMBERING_EVIDENCE_WITNESSES_FILE": str(tmp_path / "witnesses"),
            "NUMBERING_TIMESTAMP_URL": authority.address,
            "NUMBERING_TIMESTAMP_ROOTS_FILE": str(authority.roots),
        }
        service = ServiceProcess(directory, database_url, nats_url, **settings)
        headers = {"Authorization": f"Bearer {key}"}
        async with services(service), aiohttp.ClientSession(headers=headers) as client:
            for kill in range(KILLS):
                for number in range(ROUND):
                    body = {"name": f"S{kill}-{number}", "document_type": "fiscal"}
                    async with client.post(f"{service.base_url}/v1/invoice-series", json=body) as response:
                        assert response.status == 201, await response.text()
                service.kill()
                if kill % 2:
                    witness.kill()
                    witness.spawn()
                await service.start()

            async def is_all_done() -> bool:
                found = await asyncio.to_thread(numbering, directory, database_url, "evidence", "status")
                status = json.loads(found)
                is_cosigned = set(status["cosigned_by"]) == {"w.example.com/w"}
                return status["size"] == status["head"] >= KILLS * ROUND and is_cosigned and status["time_stamped"]

            await until(is_all_done)
            assert service.stop() == 0
        numbering(directory, database_url, "evidence", "stamps", "--out", str(tmp_path / "stamps"))
        for note in (tmp_path / "stamps").glob("*.note"):
            assert "Verification: OK" in await authority.verify(
                note.read_bytes(), note.with_suffix(".tsr").read_bytes()
            )
        witness.stop()
    await require_one_tree(database_url, keys)
