"""The digest of a gap report: the same however the report was made, and in whatever format it is shown (D113)."""

import hashlib
from typing import Final

import msgspec
from msgspec.structs import replace

from schemas.api.reports import GapReport

_ENCODER: Final = msgspec.json.Encoder()
_TAIL: Final = b'"data":[],"digest":""}'
_SLICE: Final = 200
"""How many gaps are encoded at once: a thread that encodes more keeps the event loop waiting."""


def digested(report: GapReport) -> GapReport:
    """The report with its digest: SHA-256 over its JSON without white space and without the field `digest`."""
    hollow = _ENCODER.encode(replace(report, data=[], digest=""))
    assert hollow.endswith(_TAIL), "the gaps and the digest are the last fields"
    found = hashlib.sha256(hollow[: -len(_TAIL)] + b'"data":[')
    for at in range(0, len(report.data), _SLICE):
        found.update((b"," if at else b"") + _ENCODER.encode(report.data[at : at + _SLICE])[1:-1])
    found.update(b"]}")
    return replace(report, digest=found.hexdigest())
