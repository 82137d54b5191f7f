"""A NATS server with TLS and nkeys, configured by the templates of deploy/nats."""

import ipaddress
import shutil
import socket
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
from tests.support.parts import nats_program

TEMPLATES = Path(__file__).parents[2] / "deploy" / "nats"
USERS = ("service", "requests", "operator")
START_SECONDS = 10.0

_nkeys: Any = nkeys


@dataclass(frozen=True)
class Secured:
    """A running server: its address, what to trust, and the seed of each user (`<firm>_<mode>`) in a file."""

    url: str
    ca_file: Path
    seeds: dict[str, Path]


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
        yield Secured(f"tls://127.0.0.1:{port}", certificate, seeds)
    finally:
        server.kill()
        server.wait()


def _filled(template: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"@{name}@", value)
    return template


def _add_firm(place: Path, firm: str, mode: str, key: str) -> None:
    """Do what the README tells an operator to do, with these names instead of its examples."""
    told = [line for line in (place / "README.md").read_text().splitlines() if line.startswith("    ")]
    commands = "\n".join(told).replace("firm_abc_live", f"{firm}_{mode}")
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
        seeds[user].write_bytes(seed)
        public[user] = _nkeys.from_seed(bytearray(seed)).public_key.decode()
    return seeds, public


def _certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that vouches for itself, and its key."""
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
    """Return once the server greets."""
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
