"""Section 8 of `service/evidence/README.md` as another author would write a verifier from the text alone.

It shares nothing with `service` but the standard library; notes and signatures are checked by `reference.py`, which is
made from the texts of C2SP. It is slow, and every check names the number of the step that asks for it.
"""

import base64
import hashlib
import json
from typing import Any

from tests.support.evidence.reference import is_right, verified_by

FIELDS = {
    "format": str,
    "kind": str,
    "firm_id": str,
    "mode": str,
    "series": dict,
    "first": int,
    "last": int,
    "checkpoint": str,
    "verifier_keys": list,
    "rotations": list,
    "witness_keys": list,
    "events": list,
    "contents": list,
    "life": dict,
    "software": str,
}
GAPS = {"released", "expired", "withdrawn", "lost"}
MOVES: dict[str, tuple[set[str], str | None]] = {
    "numbers-reserved": ({"untaken"}, "pending"),
    "numbers-lost": ({"untaken"}, "lost"),
    "reservation-consumed": ({"pending"}, "standing"),
    "reservation-released": ({"pending"}, "released"),
    "reservation-expired": ({"pending"}, "expired"),
    "document-voided": ({"standing"}, "voided"),
    "document-unvoided": ({"voided"}, "standing"),
    "number-withdrawn": ({"voided"}, "withdrawn"),
    "document-changed": ({"standing"}, None),
    "document-reversed": ({"standing"}, None),
    "document-erased": ({"standing", "voided", "withdrawn"}, None),
    "gap-explained": (GAPS, None),
}


class WrongError(Exception):
    """What is wrong, and in which step it was found."""


def fates(receipt: Any, trusted: list[str], witnesses: list[str] | None = None) -> dict[int, str]:
    """The fate of each number, once everything was checked. Raises WrongError."""
    try:
        return _fates(receipt, trusted, witnesses or [])
    except WrongError:
        raise
    except Exception as error:
        raise WrongError(f"it cannot be read: {error!r}") from error


def _fates(receipt: Any, trusted: list[str], witnesses: list[str]) -> dict[int, str]:
    _step_1(receipt)
    size, root, log = _step_2(receipt, trusted, witnesses)
    records = _step_3(receipt, size, root, log)
    found = _step_4(receipt, records)
    _step_5(receipt, records)
    return found


def _require(holds: object, step: int, why: str) -> None:
    if not holds:
        raise WrongError(f"step {step}: {why}")


def _step_1(receipt: Any) -> None:
    _require(issubclass(type(receipt), dict) and set(receipt) == set(FIELDS), 1, "fields")
    for name, kind in FIELDS.items():
        _require(type(receipt[name]) is kind, 1, name)
    _require(receipt["format"] == "numbering-receipt/1", 1, "format")
    _require(receipt["kind"] in {"number", "gap"}, 1, "kind")
    _require(1 <= receipt["first"] <= receipt["last"], 1, "first and last")
    _require(receipt["kind"] == "gap" or receipt["first"] == receipt["last"], 1, "a number is one")
    _require(set(receipt["series"]) == {"id", "name"}, 1, "series")
    _require(set(receipt["life"]) == {"en", "ro"}, 1, "life")
    for name in ("verifier_keys", "rotations", "witness_keys"):
        _require(all(type(each) is str for each in receipt[name]), 1, name)
    for each in receipt["events"]:
        _require(set(each) == {"record", "proof"}, 1, "event")
    for each in receipt["contents"]:
        _require(set(each) == {"digest", "salt", "body"}, 1, "content")


def _step_2(receipt: Any, trusted: list[str], witnesses: list[str]) -> tuple[int, bytes, int]:
    origin, size, root = receipt["checkpoint"].split("\n")[:3]
    _require(receipt["checkpoint"].partition("\n\n")[0].count("\n") == 2, 2, "extension lines")
    keys = [key for key in _reached(receipt["rotations"], trusted, origin) if key.partition("+")[0] == origin]
    _require(keys, 2, "the origin is that of no key that is trusted")
    try:
        by = verified_by(receipt["checkpoint"].encode(), keys + witnesses)
    except AssertionError as error:
        raise WrongError(f"step 2: {error}") from error
    _require(any(_kind(key) == 1 for key in by if key in keys), 2, "the log did not sign")
    path, _, log = origin.rpartition("/log/")
    _require(path and log.isdigit() and str(int(size)) == size, 2, "origin and size")
    return int(size), base64.b64decode(root, validate=True), int(log)


def _reached(rotations: list[str], trusted: list[str], origin: str) -> list[str]:
    """The keys that are trusted, by rotations in either direction: later ones, and earlier ones for their own time."""
    known = list(trusted)
    for _ in rotations:
        for note in rotations:
            text, _, signatures = note.rpartition("\n\n")
            first, of, *keys = text.split("\n")
            _require(first == "numbering-key-rotation/v1" and of == origin and 2 <= len(keys) <= 3, 2, "rotation")
            before, after, *others = keys
            if before in known or after in known:
                lines = signatures.removesuffix("\n").split("\n")
                signed = [_signs(key, f"{text}\n", lines) for key in (before, after)]
                _require(all(signed), 2, "a rotation is signed by both keys")
                known += [key for key in (before, after, *others) if key not in known]
    return known


def _signs(key: str, text: str, lines: list[str]) -> bool:
    name, key_id, material = key.split("+", 2)
    raw_key = base64.b64decode(material, validate=True)
    _require(raw_key[0] == 1 and len(raw_key) == 33, 2, "a key that rotates is Ed25519")
    _require(hashlib.sha256(name.encode() + b"\n" + raw_key).digest()[:4].hex() == key_id, 2, "key id")
    for line in lines:
        _, of, encoded = line.split(" ")
        raw = base64.b64decode(encoded, validate=True)
        if of == name and raw[:4].hex() == key_id:
            return is_right(text, name, raw_key, raw[4:])
    return False


def _kind(key: str) -> int:
    return base64.b64decode(key.split("+", 2)[2])[0]


def _step_3(receipt: Any, size: int, root: bytes, log: int) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    before = {"position": 0, "version": 0, "at": 0}
    for each in receipt["events"]:
        written = each["record"].encode()
        record = json.loads(written)
        _require(record["log"] == log, 3, "log")
        _require((record["firm_id"], record["mode"]) == (receipt["firm_id"], receipt["mode"]), 3, "partition")
        of_series = (record["stream"], record["series_name"])
        _require(of_series == (receipt["series"]["id"], receipt["series"]["name"]), 3, "series")
        _require(record["position"] > before["position"] and record["version"] > before["version"], 3, "order")
        _require(record["at"] >= before["at"], 3, "time")
        hashes = [base64.b64decode(hash_, validate=True) for hash_ in each["proof"]]
        _require([base64.b64encode(one).decode() for one in hashes] == each["proof"], 3, "form of base64")
        _require(_root_by(written, record["position"] - 1, size, hashes) == root, 3, "proof")
        records.append(record)
        before = record
    return records


def _root_by(written: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """RFC 6962 2.1.1 read backwards, from the definition of PATH."""
    _require(0 <= index < size, 3, "position")
    if size == 1:
        _require(not proof, 3, "length of the proof")
        return hashlib.sha256(b"\x00" + hashlib.sha256(written).digest()).digest()
    _require(proof, 3, "length of the proof")
    k = 1
    while k * 2 < size:
        k *= 2
    *rest, sibling = proof
    if index < k:
        return hashlib.sha256(b"\x01" + _root_by(written, index, k, rest) + sibling).digest()
    return hashlib.sha256(b"\x01" + sibling + _root_by(written, index - k, size - k, rest)).digest()


def _numbers(event: dict[str, Any], asked: range) -> list[int]:
    """The numbers, of those asked, that the event is about; the number of a reversal is told apart by its caller."""
    tag = event["type"].partition("/")[0]
    if tag in {"numbers-reserved", "numbers-lost", "gap-explained"}:
        ranges = [(event["first"], event["last"])]
    elif tag == "reservation-expired":
        ranges = event["ranges"]
    else:
        ranges = [(event["number"], event["number"])]
    return [number for first, last in ranges for number in asked if first <= number <= last]


def _step_4(receipt: Any, records: list[dict[str, Any]]) -> dict[int, str]:
    asked = range(receipt["first"], receipt["last"] + 1)
    found = dict.fromkeys(asked, "untaken")
    takes: dict[int, int] = {}
    documents: dict[int, str] = {}
    opened, *rest = records
    _require(opened["event"]["type"].startswith("series-opened/") and opened["version"] == 1, 4, "the opening")
    for record in rest:
        event = record["event"]
        tag = event["type"].partition("/")[0]
        _require(tag in MOVES, 4, f"an event of a type that no number has: {tag}")
        finds, leaves = MOVES[tag]
        numbers = _numbers(event, asked)
        reversal = event.get("reversal_number") if tag == "document-reversed" else None
        _require(numbers or reversal in found, 4, "an event of none of the numbers")
        if reversal in found:
            _require(found[reversal] == "standing" and event["reversal_id"] == documents[reversal], 4, "a reversal")
        for number in numbers:
            _require(found[number] in finds, 4, f"{tag} of number {number}, which is {found[number]}")
            found[number] = leaves or found[number]
            if tag == "numbers-reserved":
                takes[number] = record["position"]
            if tag.startswith("reservation-"):
                _require(event["reservation"] == takes[number], 4, "reservation")
            if tag == "reservation-consumed":
                documents[number] = event["document_id"]
            elif "document_id" in event:
                _require(event["document_id"] == documents[number], 4, "document")
    _require("untaken" not in found.values(), 4, "a number is not taken")
    _require(receipt["kind"] == "number" or set(found.values()) <= GAPS, 4, "a number is no gap")
    return found


def _step_5(receipt: Any, records: list[dict[str, Any]]) -> None:
    named = {record["event"].get(field) for record in records for field in ("content", "reason")}
    seen: set[str] = set()
    for each in receipt["contents"]:
        digest = hashlib.sha256(bytes.fromhex(each["salt"]) + each["body"].encode()).hexdigest()
        _require(digest == each["digest"] and digest in named and digest not in seen, 5, "content")
        _require(each["salt"] == bytes.fromhex(each["salt"]).hex(), 5, "form of the salt")
        seen.add(digest)
