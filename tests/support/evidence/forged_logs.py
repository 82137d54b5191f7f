"""Bundles of a log that never was: events of ours, the tree made again over them, and signed with the log's own keys.

This is what the owner of the keys could do; so such a bundle is found out by what its events say, not by its tree.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.record import Record, encode_record
from schemas.values import FirmId, Mode
from service.evidence.merkle import Subtree, cover, root_of
from service.evidence.signatures import LogSigner
from tests.support.evidence.bundles import KEYS_CHANGE, MADE_AT
from tests.support.evidence.mutations import Json, Parts, compact

OLD_SEED = bytes([1]) * 32
"""The secret of the log's first key, which was rotated."""


@dataclass(frozen=True)
class Forger:
    """Knows every record of the log, and its secrets."""

    origin: str
    seed: bytes
    records: Sequence[Record]

    def signer(self, size: int) -> LogSigner:
        """What signed notes of this size."""
        return LogSigner(self.origin, OLD_SEED if size <= KEYS_CHANGE else self.seed)

    def own(self, firm_id: FirmId, mode: Mode) -> dict[int, bytes]:
        """The canonical bytes of the events of a partition, by position."""
        return {
            record.position: encode_record(record)
            for record in self.records
            if (record.firm_id, record.mode) == (firm_id, mode)
        }

    def note(self, size: int, root: bytes, signer: LogSigner | None = None) -> str:
        """A signed note of this size and root."""
        text = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\n"
        return f"{text}\n{(signer or self.signer(size)).sign(text, MADE_AT)}"

    def bundle(self, parts: Parts, own: Mapping[int, bytes]) -> Parts:
        """The bundle with these events in a tree of their own; its documents are those that they name."""
        leaves = [_leaf(own.get(record.position) or encode_record(record)) for record in self.records]
        sizes = [int(json.loads(line).split("\n")[1]) for line in parts.lines("notes.jsonl")]
        notes = [compact(self.note(size, root_of(leaves[:size]))) for size in sizes]
        made = parts.with_lines("notes.jsonl", notes).with_lines("events.jsonl", [own[each] for each in sorted(own)])
        made = made.with_member("cover.bin", _cover(leaves, sorted(own), sizes))
        known = {json.loads(line)["digest"]: line for line in parts.lines("documents.jsonl")}
        named = [digest for each in sorted(own) for digest in _named(json.loads(own[each])["event"])]
        lost = [compact({"digest": digest, "state": "erased"}) for digest in named]
        return made.with_lines("documents.jsonl", map(known.get, named, lost)).counted()  # type: ignore[arg-type]


def _leaf(canonical: bytes) -> bytes:
    return hashlib.sha256(b"\0" + hashlib.sha256(canonical).digest()).digest()


def _cover(leaves: list[bytes], positions: Sequence[int], sizes: Sequence[int]) -> bytes:
    """What lies between the events, in nodes that reach across no note."""
    events, index, found = set(positions), 0, b""
    bounds = sorted({position - 1 for position in events} | set(sizes))
    for bound in bounds:
        for node in cover(index, bound):
            found += bytes([node.height]) + _hash(leaves, node)
        index = bound + 1 if bound + 1 in events else bound
    return found


def _hash(leaves: list[bytes], node: Subtree) -> bytes:
    return root_of(leaves[node.start : node.start + (1 << node.height)])


def _named(event: Json) -> list[str]:
    erases = event["type"].startswith(("document-erased", "draft-erased"))
    named = [event.get("content"), event.get("reason") if erases else None]
    return [digest for digest in named if digest is not None]
