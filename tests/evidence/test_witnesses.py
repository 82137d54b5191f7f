"""Witnesses over real HTTP: ours by the text of C2SP, and our client with a witness that another author would write."""

import base64
import hashlib
import struct
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.evidence.checkpoints import Checkpoint
from service.evidence.notes import NoteError, VerifierKey, parse_verifier_key
from service.evidence.sealing.store import EvidenceStore
from service.evidence.signatures import LogSigner
from service.evidence.witnessing.client import WitnessClient, WitnessRefusedError
from service.evidence.witnessing.known_witnesses import KnownWitness, WitnessesError, read_witnesses
from service.evidence.witnessing.server import (
    WitnessFilesError,
    WitnessKeys,
    ensure_keys,
    read_log_keys,
    witnessing,
)
from service.log.postgres_log import PostgresLog
from tests.support.evidence.reference import consistency_proof, tree_hash, verified_by
from tests.support.evidence.sealing import AT, KEYS, LOG, a_sealer, append_many, notes_of, rewrite, rewriting

ORIGIN = KEYS.origin(LOG)
LOG_KEY = KEYS.verifier_keys(LOG)[0]
NAME = "witness.example.com/w1"
ENTRIES = [bytes([index]) * 32 for index in range(40)]
OTHERS = [*ENTRIES[:3], bytes(32), *ENTRIES[4:]]


def a_note(entries: list[bytes], *, origin: str = ORIGIN, seed: str = KEYS.ed25519) -> bytes:
    text = Checkpoint(origin, len(entries), tree_hash(entries)).text
    return f"{text}\n{LogSigner(origin, bytes.fromhex(seed)).sign(text, AT)}".encode()


def a_body(old: int, entries: list[bytes], note: bytes | None = None) -> bytes:
    proof = consistency_proof(old, entries) if 0 < old < len(entries) else []
    lines = "".join(f"{base64.b64encode(each).decode()}\n" for each in proof)
    return f"old {old}\n{lines}\n".encode() + (note or a_note(entries))


class Asked:
    """A witness of ours that runs, and what it answers."""

    def __init__(self, port: int, keys: WitnessKeys) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.vkeys = [str(signer.verifier_key) for signer in keys.signers()]

    async def post(self, body: bytes) -> tuple[int, str, bytes]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.address}/add-checkpoint", data=body) as response,
        ):
            return response.status, response.content_type, await response.read()


@asynccontextmanager
async def a_witness(directory: Path) -> AsyncGenerator[Asked]:
    keys = ensure_keys(directory, NAME)
    async with witnessing(directory, keys, [LOG_KEY], "127.0.0.1", 0, lambda: AT) as port:
        yield Asked(port, keys)


@pytest_asyncio.fixture
async def witness(tmp_path: Path) -> AsyncIterator[Asked]:
    async with a_witness(tmp_path / "witness") as asked:
        yield asked


async def test_it_signs_what_continues_what_it_saw(witness: Asked) -> None:
    old = 0
    for size in (1, 7, 8, 8, 33):
        status, _, said = await witness.post(a_body(old, ENTRIES[:size]))
        assert status == 200, said
        assert sorted(verified_by(a_note(ENTRIES[:size]) + said, witness.vkeys)) == sorted(witness.vkeys)
        old = size


async def test_it_tells_the_size_that_it_saw(witness: Asked) -> None:
    await witness.post(a_body(0, ENTRIES[:7]))
    assert await witness.post(a_body(0, ENTRIES[:9])) == (409, "text/x.tlog.size", b"7\n")
    assert await witness.post(a_body(3, ENTRIES[:9])) == (409, "text/x.tlog.size", b"7\n")


async def test_it_refuses_a_fork(witness: Asked) -> None:
    await witness.post(a_body(0, ENTRIES[:7]))
    assert (await witness.post(a_body(7, OTHERS[:9])))[0] == 422
    status, content_type, _ = await witness.post(a_body(7, OTHERS[:7]))
    assert (status, content_type) == (409, "text/plain")
    assert (await witness.post(a_body(7, ENTRIES[:9])))[0] == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"old 0\n", 400),
        (b"old 00\n\n" + a_note(ENTRIES[:3]), 400),
        (b"old -1\n\n" + a_note(ENTRIES[:3]), 400),
        (b"old 0\nAAAA\n\n" + a_note(ENTRIES[:3]), 400),
        (b"old 0\n" + b"A" * 43 + b"=\n" + b"\n" + a_note(ENTRIES[:3]), 422),
        (b"old 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + a_note(ENTRIES[:3]), 400),
        (b"old 5\n\n" + a_note(ENTRIES[:3]), 400),
        (b"old 0\n\n" + a_note(ENTRIES[:3], origin="other.example.com/log/1"), 404),
        (b"old 0\n\n" + a_note(ENTRIES[:3], seed="02" * 32), 403),
        (b"old 0\n\n" + a_note(ENTRIES[:3]).replace(b"\n3\n", b"\n4\n"), 403),
    ],
    ids=["empty", "no-note", "zeros", "negative", "short-hash", "proof-of-zero", "too-many", "old-is-larger",
         "unknown-log", "unknown-key", "changed"],
)  # fmt: skip
async def test_it_refuses_what_is_wrong_and_remembers_nothing(witness: Asked, body: bytes, status: int) -> None:
    assert (await witness.post(body))[0] == status
    assert (await witness.post(a_body(0, ENTRIES[:3])))[0] == 200


async def test_it_remembers_after_a_restart(tmp_path: Path) -> None:
    async with a_witness(tmp_path) as before:
        await before.post(a_body(0, ENTRIES[:7]))
    async with a_witness(tmp_path) as after:
        assert after.vkeys == before.vkeys
        assert await after.post(a_body(0, OTHERS[:9])) == (409, "text/x.tlog.size", b"7\n")


async def test_one_that_cannot_remember_does_not_sign(tmp_path: Path) -> None:
    async with a_witness(tmp_path) as asked:
        (tmp_path / "witness-views.json.new").mkdir()
        assert (await asked.post(a_body(0, ENTRIES[:7])))[0] == 500
        (tmp_path / "witness-views.json.new").rmdir()
        assert (await asked.post(a_body(0, OTHERS[:7])))[0] == 200


async def test_two_witnesses_do_not_share_a_file(tmp_path: Path) -> None:
    async with a_witness(tmp_path):
        with pytest.raises(WitnessFilesError, match="another witness"):
            async with a_witness(tmp_path):
                pass


async def test_a_damaged_file_of_views_stops_it(tmp_path: Path) -> None:
    (tmp_path / "witness-views.json").write_text("{")
    with pytest.raises(WitnessFilesError, match="put a copy of it back"):
        async with a_witness(tmp_path):
            pass


def test_its_files_are_read_with_care(tmp_path: Path) -> None:
    ensure_keys(tmp_path, NAME)
    with pytest.raises(WitnessFilesError, match="not of other"):
        ensure_keys(tmp_path, "other.example.com")
    logs = tmp_path / "logs"
    logs.write_text(f"# ours\n{LOG_KEY}\n\n")
    assert read_log_keys(logs) == [LOG_KEY]
    logs.write_text("nonsense")
    with pytest.raises(WitnessFilesError, match="verifier keys"):
        read_log_keys(logs)


def test_the_file_of_witnesses_is_read_with_care(tmp_path: Path) -> None:
    signers = ensure_keys(tmp_path, NAME).signers()
    keys = [signer.verifier_key for signer in signers]
    file = tmp_path / "witnesses"
    file.write_text("".join(f"{key} http://127.0.0.1:8090/\n" for key in keys) + "# none\n")
    assert read_witnesses(file) == [KnownWitness(tuple(keys), "http://127.0.0.1:8090")]
    for wrong in (f"{keys[0]}", f"{keys[0]} ftp://a", f"{LOG_KEY} http://a", "http://a"):
        file.write_text(wrong)
        with pytest.raises(WitnessesError):
            read_witnesses(file)


class OtherWitness:
    """A witness by another author's design, from the text of C2SP: it keeps all leaves' proofs to `tree_hash`'s rules.

    It verifies a consistency proof as RFC 9162, 2.1.4.2 writes it, with none of our code.
    """

    def __init__(self, name: str) -> None:
        self._key = Ed25519PrivateKey.generate()
        self._name = name
        self.size, self.root = 0, b""
        public = b"\x04" + self._key.public_key().public_bytes_raw()
        key_id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        self._id = key_id
        self.vkey = f"{name}+{key_id.hex()}+{base64.b64encode(public).decode()}"

    async def add(self, request: web.Request) -> web.Response:
        head, _, note = (await request.read()).partition(b"\n\n")
        first, *lines = head.decode().split("\n")
        old = int(first.removeprefix("old "))
        text = note.decode().rpartition("\n\n")[0] + "\n"
        origin, size_text, root_text = text.splitlines()
        size, root = int(size_text), base64.b64decode(root_text)
        if origin != ORIGIN:
            return web.Response(status=404)
        if verified_by(note, [str(LOG_KEY)]) != [str(LOG_KEY)]:
            return web.Response(status=403)
        if old != self.size:
            return web.Response(
                status=409, body=f"{self.size}\n".encode(), headers={"Content-Type": "text/x.tlog.size"}
            )
        if not self._is_continued(size, root, [base64.b64decode(line) for line in lines]):
            return web.Response(status=422)
        self.size, self.root = size, root
        at = int(time.time())
        signature = self._key.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        line = base64.b64encode(self._id + struct.pack(">Q", at) + signature).decode()
        return web.Response(text=f"\N{EM DASH} {self._name} {line}\n")

    def _is_continued(self, size: int, root: bytes, path: list[bytes]) -> bool:
        def hash_children(left: bytes, right: bytes) -> bytes:
            return hashlib.sha256(b"\x01" + left + right).digest()

        if self.size == 0:
            return path == []
        if self.size == size:
            return path == [] and root == self.root
        if self.size & (self.size - 1) == 0:
            path = [self.root, *path]
        fn, sn = self.size - 1, size - 1
        while fn & 1:
            fn, sn = fn >> 1, sn >> 1
        fr = sr = path[0]
        for c in path[1:]:
            if sn == 0:
                return False
            if fn & 1 or fn == sn:
                fr, sr = hash_children(c, fr), hash_children(c, sr)
                while not (fn & 1 or fn == 0):
                    fn, sn = fn >> 1, sn >> 1
            else:
                sr = hash_children(sr, c)
            fn, sn = fn >> 1, sn >> 1
        return fr == self.root and sr == root and sn == 0


@asynccontextmanager
async def another_witness() -> AsyncGenerator[tuple[OtherWitness, KnownWitness]]:
    other = OtherWitness("elsewhere.example/w")
    application = web.Application()
    application.router.add_post("/add-checkpoint", other.add)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    key = parse_verifier_key(other.vkey)
    yield other, KnownWitness((key,), f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()


async def submitted(client: WitnessClient, note: bytes) -> int:
    async with aiohttp.ClientSession() as session:
        return len(await client.submit(session, note))


async def test_another_authors_witness_accepts_what_we_seal(
    log: PostgresLog, database_url: str, tmp_path: Path
) -> None:
    store = EvidenceStore(log.pool, LOG)
    sealer = a_sealer(log, tmp_path)
    async with another_witness() as (other, known):
        client = WitnessClient(known, store)
        for size in (1, 3, 256, 300, 700):
            await append_many(log, size)
            await sealer.turn()
            note = (await notes_of(database_url))[-1]
            assert await submitted(client, note) == 1
            lines = "".join(await store.cosignatures(size)).encode()
            assert verified_by(note + lines, [other.vkey, str(LOG_KEY)]) == [str(LOG_KEY), other.vkey]
        # One that forgot what the witness has learns it from the witness.
        assert await submitted(WitnessClient(known, store), note) == 1


async def test_our_witness_accepts_what_we_seal(
    log: PostgresLog, database_url: str, tmp_path: Path, witness: Asked
) -> None:
    keys: tuple[VerifierKey, ...] = tuple(map(parse_verifier_key, witness.vkeys))
    store = EvidenceStore(log.pool, LOG)
    client = WitnessClient(KnownWitness(keys, witness.address), store)
    for size in (5, 600):
        await append_many(log, size)
        await a_sealer(log, tmp_path).turn()
        assert await submitted(client, (await notes_of(database_url))[-1]) == 2
        assert len(await store.cosignatures(size)) == 2


async def test_a_witness_finds_a_log_out_that_lost_its_end(
    log: PostgresLog, database_url: str, tmp_path: Path, witness: Asked
) -> None:
    known = KnownWitness(tuple(map(parse_verifier_key, witness.vkeys)), witness.address)
    store = EvidenceStore(log.pool, LOG)
    await append_many(log, 300)
    await a_sealer(log, tmp_path / "lost").turn()
    await submitted(WitnessClient(known, store), (await notes_of(database_url))[-1])
    async with rewriting(database_url) as connection:
        await rewrite(connection, "roll-back", 101)
        await connection.execute("DELETE FROM evidence.cosignature")
        await connection.execute("DELETE FROM evidence.tile")
        await connection.execute("DELETE FROM evidence.note")
        await connection.execute("UPDATE evidence.tree SET size = 0")
    await a_sealer(log, tmp_path / "another-disk").turn()
    with pytest.raises(WitnessRefusedError, match="it saw 300 entries"):
        await submitted(WitnessClient(known, store), (await notes_of(database_url))[-1])

    async with rewriting(database_url) as connection:
        await connection.execute("UPDATE log.event SET record = replace(record, 'number 9', 'number 10')")
        await connection.execute("DELETE FROM evidence.tile")
        await connection.execute("DELETE FROM evidence.note")
        await connection.execute("UPDATE evidence.tree SET size = 0")
    await append_many(log, 310)
    await a_sealer(log, tmp_path / "a-third-disk").turn()
    with pytest.raises(WitnessRefusedError, match="another tree"):
        await submitted(WitnessClient(known, store), (await notes_of(database_url))[-1])


async def test_a_witness_that_signs_with_another_key_is_not_believed(
    log: PostgresLog, database_url: str, tmp_path: Path, witness: Asked
) -> None:
    strange = LogSigner(NAME, bytes(32)).verifier_key
    cosigning = VerifierKey(strange.name, parse_verifier_key(witness.vkeys[0]).kind, strange.public)
    store = EvidenceStore(log.pool, LOG)
    await append_many(log, 3)
    await a_sealer(log, tmp_path).turn()
    client = WitnessClient(KnownWitness((cosigning,), witness.address), store)
    with pytest.raises(NoteError, match="known keys"):
        await submitted(client, (await notes_of(database_url))[-1])
    assert await store.cosignatures(3) == []
