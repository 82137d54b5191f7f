"""The HTTP server of a witness of ours, and the files it keeps in its directory."""

import fcntl
import os
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web
from msgspec import Struct

from schemas.values import UnixSeconds
from service.configuration.setting_kinds import SettingsError
from service.configuration.settings import cannot_listen
from service.evidence.notes import NOTE_BYTES_MAX, NoteError, VerifierKey, is_name, parse_verifier_key
from service.evidence.signatures import Cosigner, PostQuantumCosigner, Signer
from service.evidence.witnessing.requests import PATH
from service.evidence.witnessing.witness import Views, Witness
from service.whole_file import OWNER_ONLY, create_file

KEYS_NAME: Final = "witness.json"
VIEWS_NAME: Final = "witness-views.json"
SHUTDOWN_SECONDS: Final = 1


class WitnessFilesError(Exception):
    """A file of the witness is wrong, or another process has it; the message says which and what to do."""


class WitnessKeys(Struct, frozen=True):
    """The name and the secrets of a witness, in hexadecimal."""

    name: str
    ed25519: str
    ml_dsa_44: str

    def __repr__(self) -> str:
        return f"WitnessKeys(name={self.name!r})"

    def signers(self) -> list[Signer]:
        """What it signs with: an Ed25519 and an ML-DSA-44 key."""
        classical = Cosigner(self.name, bytes.fromhex(self.ed25519))
        return [classical, PostQuantumCosigner(self.name, bytes.fromhex(self.ml_dsa_44))]


def ensure_keys(directory: Path, name: str) -> WitnessKeys:
    """The keys of the witness in this directory, made under this name if there are none. Raises WitnessFilesError."""
    path = directory / KEYS_NAME
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            if not is_name(name):
                raise WitnessFilesError(f"{name!r} cannot be the name of a witness, such as witness.example.com/w1 can")
            new = WitnessKeys(name, secrets.token_hex(32), secrets.token_hex(32))
            create_file(path, [msgspec.json.format(msgspec.json.encode(new)) + b"\n"])
        keys = msgspec.json.decode(path.read_bytes(), type=WitnessKeys)
    except OSError as error:
        raise WitnessFilesError(f"cannot use {path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise WitnessFilesError(f"{path} is damaged; put a copy of it back") from error
    if keys.name != name:
        raise WitnessFilesError(f"the keys in {path} are of {keys.name}, not of {name}")
    return keys


def read_log_keys(path: Path) -> list[VerifierKey]:
    """The keys of the logs in this file, one a line, with remarks after `#`. Raises WitnessFilesError."""
    try:
        lines = path.read_text("utf-8").splitlines()
        return [parse_verifier_key(line.strip()) for line in lines if line.strip() and not line.startswith("#")]
    except (OSError, UnicodeDecodeError, NoteError) as error:
        raise WitnessFilesError(f"{path} does not hold verifier keys, one a line: {error}") from error


@asynccontextmanager
async def witnessing(
    directory: Path,
    keys: WitnessKeys,
    logs: Iterable[VerifierKey],
    host: str,
    port: int,
    clock: Callable[[], UnixSeconds],
) -> AsyncGenerator[int]:
    """Answer for the life of the block; yields the bound port. Raises WitnessFilesError and SettingsError."""
    lock = _alone(directory)
    try:
        try:
            witness = Witness(logs, keys.signers(), Views(directory / VIEWS_NAME))
        except (OSError, msgspec.DecodeError) as error:
            raise WitnessFilesError(f"cannot use {directory / VIEWS_NAME}: {error}; put a copy of it back") from error
        application = web.Application(client_max_size=NOTE_BYTES_MAX)
        application.router.add_post(PATH, _adding(witness, clock))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, port).start()
            except (OSError, UnicodeError) as error:
                raise SettingsError(cannot_listen(host, port, error)) from error
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()
    finally:
        os.close(lock)


def _adding(
    witness: Witness, clock: Callable[[], UnixSeconds]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        # Read whole first: between the look at the last view and its successor nothing else may run.
        body = await request.read()
        said = witness.add_checkpoint(body, clock())
        return web.Response(status=said.status, body=said.body.encode(), headers={"Content-Type": said.content_type})

    return answer


def _alone(directory: Path) -> int:
    """The lock of the directory: two witnesses with one file would each forget what the other signed."""
    lock = os.open(directory / f"{VIEWS_NAME}.lock", os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise WitnessFilesError(f"another witness runs in {directory}") from error
    return lock
