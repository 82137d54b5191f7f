"""The files that say who we are to NATS and whom we trust, looked at before anything starts.

nats-py reads them when it connects, again and again: a wrong one would be a fault of the connection then, and a .creds
file without a JWT would hold the process for ever (nats-py 2.16 reads on at its end).
"""

import re
import ssl
from pathlib import Path
from typing import Any, Final

import nkeys  # type: ignore[import-untyped]  # it has no types at all

from service.nats.client.connection import NatsSettings

_nkeys: Any = nkeys

CREDENTIALS: Final = re.compile(
    rb"-+BEGIN NATS USER JWT-+\r?\n\S+\r?\n.*-+BEGIN USER NKEY SEED-+\r?\n(?P<seed>\S+)\r?\n", re.DOTALL
)


class IdentityFileError(Exception):
    """A file holds something else than its setting says; the message names the setting and the file."""


def require_identity(settings: NatsSettings) -> None:
    """Return if every file of these settings holds what it should. Raises IdentityFileError."""
    if settings.credentials_file is not None:
        found = CREDENTIALS.search(_read("NUMBERING_NATS_CREDENTIALS_FILE", settings.credentials_file))
        if found is None or not _is_seed(found["seed"]):
            raise IdentityFileError(
                f"NUMBERING_NATS_CREDENTIALS_FILE is '{settings.credentials_file}', which is no .creds file: it needs "
                "a user JWT and the seed of its nkey, as `nsc generate creds` writes them"
            )
    path = settings.nkey_seed_file
    if path is not None and not _is_seed(_read("NUMBERING_NATS_NKEY_SEED_FILE", path).strip()):
        raise IdentityFileError(
            f"NUMBERING_NATS_NKEY_SEED_FILE is '{path}', which holds no seed of a user's nkey "
            "(one line that begins with SU)"
        )
    if settings.tls_ca_file is not None:
        try:
            ssl.create_default_context(cafile=settings.tls_ca_file)
        except (OSError, ValueError) as error:  # an SSLError is an OSError
            raise IdentityFileError(
                f"NUMBERING_NATS_CA_FILE is '{settings.tls_ca_file}', which holds no certificates in PEM form"
            ) from error


def _read(variable: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
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
