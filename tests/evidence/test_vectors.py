"""The vectors that other implementations test themselves with, read without any code of the service."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.evidence.reference import audit_path, consistency_proof, tree_hash, verified_by
from tests.support.evidence.vectors import vectors as made_now

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def entries() -> list[bytes]:
    return [hashlib.sha256(record.encode()).digest() for record in VECTORS["records"]]


def test_an_entry_is_the_digest_of_the_bytes_of_its_record(entries: list[bytes]) -> None:
    assert [entry.hex() for entry in entries] == VECTORS["entries"]
    assert [tree_hash([entry]).hex() for entry in entries] == VECTORS["leaf_hashes"]
    assert b"".join(b"\x00\x20" + entry for entry in entries).hex() == VECTORS["bundle"]


def test_the_bytes_of_a_record_follow_the_rules() -> None:
    for position, text in enumerate(VECTORS["records"], 1):
        record = json.loads(text)
        assert list(record) == [
            "log", "position", "stream", "series_name", "version", "previous", "firm_id", "mode", "at", "actor",
            "device_id", "command_id", "idempotency_key", "event", *(["traceparent"] if position == 28 else []),
        ]  # fmt: skip
        assert record["position"] == position
        assert next(iter(record["event"])) == "type"
        assert json.dumps(record, ensure_ascii=False, separators=(",", ":")) == text


def test_roots_and_proofs_are_those_of_the_rfc(entries: list[bytes]) -> None:
    assert [tree_hash(entries[:size]).hex() for size in range(len(entries) + 1)] == VECTORS["roots"]
    for each in VECTORS["inclusion"]:
        assert _base64(audit_path(each["index"], entries[: each["size"]])) == each["proof"]
    for each in VECTORS["consistency"]:
        assert _base64(consistency_proof(each["old"], entries[: each["new"]])) == each["proof"]


def test_every_signature_of_the_note_verifies() -> None:
    assert sorted(verified_by(VECTORS["note"].encode(), VECTORS["verifier_keys"])) == sorted(VECTORS["verifier_keys"])
    root = base64.b64decode(VECTORS["note"].splitlines()[2]).hex()
    assert root == VECTORS["roots"][-1]


def test_the_vectors_are_what_the_service_makes() -> None:
    """But for the ML-DSA-44 signatures, in which there is chance."""
    now = made_now()
    assert {name: value for name, value in now.items() if name != "note"} == {
        name: value for name, value in VECTORS.items() if name != "note"
    }
    assert now["note"].splitlines()[:6] == VECTORS["note"].splitlines()[:6]


def _base64(hashes: list[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]
