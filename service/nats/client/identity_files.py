"""The files that say who we are to NATS and whom we trust, looked at before anything starts.

nats-py reads them when it connects, again and again: a wrong one would be a fault of the connection then, and a .creds
file without a JWT would hold the process for ever (nats-py 2.16 reads on at its end).
"""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import nkeys  # type: ignore[import-untyped]  # it has no types at all

from service.configuration.secret_files import SecretFileError, read_secret
from service.nats.client.connection import NatsSettings

_nkeys: Any = nkeys

CREDENTIALS: Final = re.compile(
    rb"-+BEGIN NATS USER JWT-+\r?\n\S+\r?\n.*-+BEGIN USER NKEY SEED-+\r?\n(?P<seed>\S+)\r?\n", re.DOTALL
)


class IdentityFileError(Exception):
    """A file holds something else than its setting says; the message names the setting and the file."""


def require_identity(settings: NatsSettings) -> None:
    """Return if every file of these settings holds what it should. Raises IdentityFileError, which tells all faults."""
    faults = list(identity_faults(settings))
    if faults:
        raise IdentityFileError("; ".join(faults))


def identity_faults(settings: NatsSettings) -> Iterator[str]:
    """A sentence for each file that does not hold what it should, or whose secrets others may read."""
    checks = (
        (settings.credentials_file, _credentials_fault),
        (settings.nkey_seed_file, _seed_fault),
        (settings.tls_ca_file, _certificates_fault),
    )
    for path, check in checks:
        fault = None if path is None else check(path)
        if fault is not None:
            yield fault


def _credentials_fault(path: Path) -> str | None:
    variable = "NUMBERING_NATS_CREDENTIALS_FILE"
    try:
        found = CREDENTIALS.search(_read(variable, path))
    except IdentityFileError as error:
        return str(error)
    if found is not None and _is_seed(found["seed"]):
        return None
    return (
        f"{variable} is '{path}', which is no .creds file: it needs a user JWT and the seed of its nkey, "
        "as `nsc generate creds` writes them"
    )


def _seed_fault(path: Path) -> str | None:
    variable = "NUMBERING_NATS_NKEY_SEED_FILE"
    try:
        is_seed = _is_seed(_read(variable, path).strip())
    except IdentityFileError as error:
        return str(error)
    if is_seed:
        return None
    return f"{variable} is '{path}', which holds no seed of a user's nkey (one line that begins with SU)"


def _certificates_fault(path: Path) -> str | None:
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ValueError):  # an SSLError is an OSError
        return f"NUMBERING_NATS_CA_FILE is '{path}', which holds no certificates in PEM form"
    return None


def _read(variable: str, path: Path) -> bytes:
    """What a file with a secret of NATS holds. Raises IdentityFileError."""
    try:
        return read_secret(path)
    except SecretFileError as error:
        raise IdentityFileError(f"{variable}: {error}") from error
    except OSError as error:
        raise IdentityFileError(f"{variable} is '{path}', which cannot be read: {error.strerror}") from error


def _is_seed(text: bytes) -> bool:
    """Whether this is the seed of a user's nkey. Its text is never shown."""
    if not text.startswith(b"SU"):
        return False
    try:
        _nkeys.from_seed(bytearray(text)).wipe()
    except Exception:  # noqa: BLE001 - nkeys raises binascii's, struct's, nacl's and its own errors for a damaged seed
        return False
    return True
