"""The Idempotency-Key of a request and its scope (CONTRACT.md D60, D72 and D90)."""

import hashlib
import re
from typing import Final

from schemas.commands import Caller
from schemas.values import DeviceId, FirmId, Mode
from service.api.reading.body import GivenBody
from service.api.refusals.causes import ParameterWrong
from service.api.refusals.table import refused
from service.writer.request import Idempotency

HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[\x20-\x7e]{1,255}")


def idempotency_of(key: str, caller: Caller, path: str, given: GivenBody) -> Idempotency:
    """The scope and digests by which a repeat is known. Raises RefusedError for a key that is not printable ASCII."""
    if _KEY.fullmatch(key) is None or not key.strip():
        raise refused(ParameterWrong(HEADER, "1 to 255 printable ASCII characters"))
    return Idempotency(
        key=key,
        scope=scope_of(caller.firm_id, caller.mode, caller.device_id, path, key),
        request=hashlib.sha256(given.canonical()).digest(),
        request_as_written=lambda: hashlib.sha256(given.canonical_as_written()).digest(),
    )


def scope_of(firm_id: FirmId, mode: Mode, device_id: DeviceId | None, path: str, key: str) -> bytes:
    """The digest under which the answer to a request with this key is kept."""
    return _digest((firm_id, mode, device_id or "", "POST", path, key))


def _digest(parts: tuple[str, ...]) -> bytes:
    """A digest of the parts, each with its length before it, so that no two tuples give the same bytes."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "big"))
        digest.update(encoded)
    return digest.digest()
