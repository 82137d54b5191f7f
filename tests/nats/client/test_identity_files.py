"""Files that say who we are to NATS: what is something else stops the start and is named with its setting."""

from pathlib import Path
from typing import Any

import nkeys  # type: ignore[import-untyped]  # it has no types at all
import pytest
from msgspec import structs

from service.configuration.settings import Settings
from service.nats.client.connection import NatsSettings
from service.nats.client.identity_files import IdentityFileError, require_identity
from service.wiring import nats_settings
from tests.support.nats.operator_mode import Signer

_nkeys: Any = nkeys

SEED = Signer(_nkeys.PREFIX_BYTE_USER).seed
ACCOUNT_SEED = Signer(_nkeys.PREFIX_BYTE_ACCOUNT).seed
JWT = b"-----BEGIN NATS USER JWT-----\neyJ0.eyJq.c2ln\n------END NATS USER JWT------\n\n"
CREDENTIALS = JWT + b"-----BEGIN USER NKEY SEED-----\n" + SEED + b"\n------END USER NKEY SEED------\n"


def secret(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.touch(0o600)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def of(path: Path, field: str) -> NatsSettings:
    return structs.replace(NatsSettings(url="nats://127.0.0.1"), **{field: path})


@pytest.mark.parametrize("text", [CREDENTIALS, CREDENTIALS.replace(b"\n", b"\r\n")], ids=["as nsc writes", "CRLF"])
def test_a_credentials_file_is_taken(tmp_path: Path, text: bytes) -> None:
    secret(tmp_path / "file", text)
    require_identity(of(tmp_path / "file", "credentials_file"))


@pytest.mark.parametrize("text", [SEED, SEED + b"\n", b"\n" + SEED + b"\n\n"], ids=["bare", "line", "lines"])
def test_the_seed_of_an_nkey_is_taken(tmp_path: Path, text: bytes) -> None:
    secret(tmp_path / "file", text)
    require_identity(of(tmp_path / "file", "nkey_seed_file"))


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("credentials_file", b""),
        ("credentials_file", b"\xff\x00 no text"),
        ("credentials_file", SEED),
        ("credentials_file", JWT),
        ("credentials_file", CREDENTIALS.replace(JWT, b"")),
        ("credentials_file", CREDENTIALS.replace(SEED, SEED[:-1])),
        ("credentials_file", CREDENTIALS.replace(SEED, ACCOUNT_SEED)),
        ("nkey_seed_file", b""),
        ("nkey_seed_file", CREDENTIALS),
        ("nkey_seed_file", SEED[:-4]),
        ("nkey_seed_file", ACCOUNT_SEED),
        ("nkey_seed_file", SEED.replace(b"S", b"X")),
        ("tls_ca_file", b""),
        ("tls_ca_file", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ("tls_ca_file", CREDENTIALS),
    ],
    ids=[
        "empty",
        "no text",
        "a seed",
        "a JWT",
        "no JWT",
        "a short seed",
        "the seed of an account",
        "empty seed",
        "credentials",
        "short",
        "account",
        "spoilt",
        "empty CA",
        "no certificate",
        "credentials as CA",
    ],
)
def test_a_file_that_holds_something_else_is_named_and_not_shown(tmp_path: Path, field: str, text: bytes) -> None:
    path = secret(tmp_path / "file", text)
    with pytest.raises(IdentityFileError) as caught:
        require_identity(of(path, field))
    sentence = str(caught.value)
    assert "is open to" not in sentence
    assert str(path) in sentence
    assert f"NUMBERING_NATS_{field.removeprefix('tls_').upper()}" in sentence
    assert SEED[2:20].decode() not in sentence


@pytest.mark.parametrize(
    ("field", "text"), [("credentials_file", CREDENTIALS), ("nkey_seed_file", SEED)], ids=["credentials", "a seed"]
)
def test_a_secret_of_nats_that_others_may_read_is_refused(tmp_path: Path, field: str, text: bytes) -> None:
    path = secret(tmp_path / "file", text, 0o640)
    with pytest.raises(IdentityFileError) as caught:
        require_identity(of(path, field))
    assert str(caught.value) == f"NUMBERING_NATS_{field.upper()}: {path} is open to other users; run: chmod 600 {path}"


def test_every_fault_is_told(tmp_path: Path) -> None:
    wrong = secret(tmp_path / "file", b"")
    settings = structs.replace(of(wrong, "nkey_seed_file"), tls_ca_file=wrong)
    with pytest.raises(IdentityFileError, match=r"^NUMBERING_NATS_NKEY_SEED_FILE is .*; NUMBERING_NATS_CA_FILE is "):
        require_identity(settings)


def test_every_job_that_needs_nats_looks_at_them_first(tmp_path: Path) -> None:
    secret(tmp_path / "file", b"")
    with pytest.raises(IdentityFileError):
        nats_settings(Settings(nats_url="nats://127.0.0.1", nats_credentials_file=tmp_path / "file"))
