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
from tests.support.evidence.timestamps import OPENSSL, LocalAuthority, a_local_authority
from tests.support.service.service_process import ServiceProcess, services
from tests.support.waiting import until

WITNESS = "w.example.com/w"
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


class Installation:
    """A service with evidence keys, a witness of ours and a time stamp authority, each a process of its own."""

    def __init__(self, directory: Path, database_url: str, nats_url: str, authority: LocalAuthority) -> None:
        self._data, self._database_url = directory / "data", database_url
        self.run("migrate")
        self.run("evidence", "create", "--name", "numbers.example.com")
        self.keys = self.run("evidence", "key").splitlines()
        firm = json.loads(self.run("firm", "create", "--name", "One"))["firm_id"]
        self.api_key = json.loads(self.run("key", "create", "--firm", firm, "--mode", "live"))["api_key"]
        (directory / "logs").write_text("".join(f"{line}\n" for line in self.keys))
        place = ("--directory", str(directory / "witness"), "--logs", str(directory / "logs"))
        self._port, self._witnesses = free_port(), directory / "witnesses"
        asked = ("witness", "--name", WITNESS, *place, "--port", str(self._port))
        self.witness = ServiceProcess(directory, "", "", asked)
        settings = {
            "NUMBERING_EVIDENCE_WITNESSES_FILE": str(self._witnesses),
            "NUMBERING_TIMESTAMP_URL": authority.address,
            "NUMBERING_TIMESTAMP_ROOTS_FILE": str(authority.roots),
        }
        self.service = ServiceProcess(self._data, database_url, nats_url, **settings)

    def run(self, *arguments: str) -> str:
        """What a command prints."""
        return numbering(self._data, self._database_url, *arguments)

    async def start_witness(self) -> None:
        """Start the witness, and make it known to the service."""
        self.witness.spawn()
        await until(lambda: "witnessing on" in self.witness.said())
        lines = [line for line in self.witness.said().splitlines() if line.startswith(f"{WITNESS}+")]
        self._witnesses.write_text("".join(f"{line} http://127.0.0.1:{self._port}\n" for line in lines))

    async def is_done(self) -> bool:
        """Whether everything is sealed, co-signed, and time-stamped at least once."""
        status = json.loads(await asyncio.to_thread(self.run, "evidence", "status"))
        is_sealed = status["size"] == status["head"] >= KILLS * ROUND
        return is_sealed and set(status["cosigned_by"]) == {WITNESS} and status["time_stamped"] is not None


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
async def test_whatever_is_killed_one_tree_is_signed_and_witnessed(
    database_url: str, nats_url: str, tmp_path: Path
) -> None:
    async with a_local_authority(tmp_path / "tsa") as authority:
        all_of_it = Installation(tmp_path, database_url, nats_url, authority)
        witness, service = all_of_it.witness, all_of_it.service
        try:
            await all_of_it.start_witness()
            headers = {"Authorization": f"Bearer {all_of_it.api_key}"}
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
                await until(all_of_it.is_done)
                assert service.stop() == 0
        finally:
            witness.kill()
        all_of_it.run("evidence", "stamps", "--out", str(tmp_path / "stamps"))
        for note in (tmp_path / "stamps").glob("*.note"):
            stamp = note.with_suffix(".tsr").read_bytes()
            assert "Verification: OK" in await authority.verify(note.read_bytes(), stamp)
    await require_one_tree(database_url, all_of_it.keys)
