"""A NATS server with TLS and nkeys, configured by the templates of deploy/nats."""

import asyncio
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import nkeys  # type: ignore[import-untyped]  # it has no types at all
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from service.embedded.data_directory import free_port
from service.embedded.nats import find_binary
from tests.source.guides import block
from tests.support.servers.parts import nats_program
from tests.support.waiting import until

TEMPLATES = Path(__file__).parents[3] / "deploy" / "nats"
USERS = ("service", "requests", "operator")
START_SECONDS = 10.0
RELOADED = "Reloaded server configuration"

_nkeys: Any = nkeys


@dataclass(frozen=True)
class Secured:
    """A running server: its address, the certificate to trust, and a file with the seed of each `<firm>_<mode>`."""

    url: str
    ca_file: Path
    seeds: dict[str, Path]
    directory: Path
    binary: str
    process_id: int

    async def add_firm(self, firm: str, mode: str) -> None:
        """Give a firm an account, with the commands of the README."""
        made, public = _users(self.directory, [f"{firm}_{mode}"])
        self.seeds.update(made)
        _add_firm(self.directory / "nats", firm, mode, public[f"{firm}_{mode}"])
        for command in block("deploy/nats/README.md", "sh", 2).splitlines():
            due = self._reloads() + command.count("--signal reload")
            await self._run(command.replace("PID", str(self.process_id)))
            await until(partial(self._has_reloaded, due), "a reload")

    async def make_consumer(self, firm: str, mode: str) -> None:
        """Make the consumer of a firm, with the program of the README."""
        program = block("deploy/nats/README.md", "python")
        operator = str(self.seeds["operator"])
        for example, value in (
            ("tls://127.0.0.1:4222", self.url),
            ("ca.pem", str(self.ca_file)),
            ("operator.nk", operator),
        ):
            assert example in program
            program = program.replace(example, value)
        made = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", program, firm, mode], check=True, capture_output=True, timeout=30
        )
        assert "error" not in json.loads(made.stdout), made.stdout

    async def _run(self, command: str) -> None:
        """Run a command that calls the program of the server by its usual name."""
        named = self.directory / "bin" / "nats-server"
        named.parent.mkdir(exist_ok=True)
        if not named.exists():
            named.symlink_to(self.binary)
        environment = os.environ | {"PATH": f"{named.parent}:{os.environ['PATH']}"}
        await asyncio.to_thread(
            subprocess.run, ["sh", "-e", "-c", command], cwd=self.directory / "nats", env=environment, check=True
        )

    def _has_reloaded(self, times: int) -> bool:
        return self._reloads() >= times

    def _reloads(self) -> int:
        return (self.directory / "server.log").read_text().count(RELOADED)


@contextmanager
def secured_server(directory: Path, *firms: tuple[str, str]) -> Generator[Secured]:
    """The server until the block ends, with an account for each of these firms and modes."""
    certificate, key = _certificate(directory)
    seeds, public = _users(directory, [*USERS, *(f"{firm}_{mode}" for firm, mode in firms)])
    port = free_port()
    values = {
        "LISTEN": f"127.0.0.1:{port}",
        "STORE": str(directory / "store"),
        "CERTIFICATE": str(certificate),
        "PRIVATE_KEY": str(key),
    } | {f"{user.upper()}_KEY": public[user] for user in USERS}
    place = directory / "nats"
    shutil.copytree(TEMPLATES, place)
    configuration = place / "server.conf"
    configuration.write_text(_filled(configuration.read_text(), values))
    for firm, mode in firms:
        _add_firm(place, firm, mode, public[f"{firm}_{mode}"])
    binary, _ = find_binary(nats_program())
    with (directory / "server.log").open("wb") as log:
        server = subprocess.Popen([binary, "--config", configuration], stdout=log, stderr=log)
    try:
        _await(port, server, directory / "server.log")
        url = f"tls://127.0.0.1:{port}"
        yield Secured(url, certificate, seeds, directory, str(Path(binary).resolve()), server.pid)
    finally:
        server.kill()
        server.wait()


def _filled(template: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"@{name}@", value)
    return template


def _add_firm(place: Path, firm: str, mode: str, key: str) -> None:
    """Run the commands that the README gives an operator, with these names instead of its examples."""
    commands = block("deploy/nats/README.md", "sh", 1).replace("firm_abc_live", f"{firm}_{mode}")
    for example, value in (("firm_abc", firm), ("/live/", f"/{mode}/"), ("UC3...", key)):
        assert example in commands
        commands = commands.replace(example, value)
    subprocess.run(["sh", "-e", "-c", commands], cwd=place, check=True)


def _users(directory: Path, names: Sequence[str]) -> tuple[dict[str, Path], dict[str, str]]:
    """The seed file and the public key of each user."""
    seeds, public = dict[str, Path](), dict[str, str]()
    for user in names:
        raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        seed: bytes = _nkeys.encode_seed(raw, _nkeys.PREFIX_BYTE_USER)
        seeds[user] = directory / f"{user}.nk"
        seeds[user].touch(0o600)
        seeds[user].write_bytes(seed)
        public[user] = _nkeys.from_seed(bytearray(seed)).public_key.decode()
    return seeds, public


def _certificate(directory: Path) -> tuple[Path, Path]:
    """A self-signed certificate of 127.0.0.1, and its key."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nats of a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    certificate, key_file = directory / "server.pem", directory / "server.key"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, key_file


def _await(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return once the server accepts a connection and greets."""
    deadline = datetime.now(UTC) + timedelta(seconds=START_SECONDS)
    while True:
        assert server.poll() is None, log.read_text()
        assert datetime.now(UTC) < deadline, log.read_text()
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                if connection.recv(4) == b"INFO":
                    return
        except OSError:
            continue
