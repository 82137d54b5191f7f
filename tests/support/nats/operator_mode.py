"""A NATS server in operator mode: a client shows a .creds file, with a signed statement of its identity and a seed."""

import base64
import hashlib
import json
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nkeys  # type: ignore[import-untyped]  # it has no types at all
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from service.embedded.data_directory import free_port
from service.embedded.nats import find_binary, greeting_of
from tests.support.servers.parts import nats_program

UNLIMITED = {"subs": -1, "data": -1, "payload": -1}
STORAGE = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
ACCOUNT = UNLIMITED | STORAGE | {"imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}

_nkeys: Any = nkeys


class Signer:
    """The two keys of an operator, an account or a user."""

    def __init__(self, prefix: int) -> None:
        raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        self.seed: bytes = _nkeys.encode_seed(raw, prefix)
        self._pair = _nkeys.from_seed(bytearray(self.seed))
        self.public: str = self._pair.public_key.decode()

    def states(self, subject: "Signer", kind: str, about: dict[str, object]) -> str:
        """The signed statement about `subject`: a JWT in the form that NATS uses."""
        claims: dict[str, object] = {
            "iat": int(time.time()),
            "iss": self.public,
            "name": kind,
            "nats": about | {"type": kind, "version": 2},
            "sub": subject.public,
        }
        claims["jti"] = base64.b32encode(hashlib.sha256(json.dumps(claims).encode()).digest()).decode().rstrip("=")
        text = f"{_part({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{_part(claims)}"
        return f"{text}.{_base64(self._pair.sign(text.encode()))}"


@contextmanager
def operator_server(directory: Path) -> Generator[tuple[str, Path]]:
    """The address of a server that runs until the block ends, and the .creds file of a user that it lets in."""
    operator = Signer(_nkeys.PREFIX_BYTE_OPERATOR)
    account = Signer(_nkeys.PREFIX_BYTE_ACCOUNT)
    system = Signer(_nkeys.PREFIX_BYTE_ACCOUNT)
    user = Signer(_nkeys.PREFIX_BYTE_USER)
    credentials = directory / "service.creds"
    credentials.touch(0o600)
    credentials.write_text(
        f"-----BEGIN NATS USER JWT-----\n{account.states(user, 'user', dict(UNLIMITED))}\n"
        "------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed.decode()}\n------END USER NKEY SEED------\n"
    )
    port, configuration = free_port(), directory / "operator.conf"
    limits = {"limits": ACCOUNT}
    configuration.write_text(
        f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{directory / "store"}" }}\n'
        f"operator: {operator.states(operator, 'operator', {})}\nsystem_account: {system.public}\nresolver: MEMORY\n"
        f"resolver_preload: {{\n{account.public}: {operator.states(account, 'account', dict(limits))}\n"
        f"{system.public}: {operator.states(system, 'account', {'limits': ACCOUNT | dict.fromkeys(STORAGE, 0)})}\n}}\n"
    )
    binary, _ = find_binary(nats_program())
    with (directory / "server.log").open("wb") as log:
        server = subprocess.Popen([binary, "--config", configuration], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 10
        while not greeting_of(port):
            assert server.poll() is None, (directory / "server.log").read_text()
            assert time.monotonic() < deadline, (directory / "server.log").read_text()
        yield f"nats://127.0.0.1:{port}", credentials
    finally:
        server.kill()
        server.wait()


def _part(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
