"""What can be wrong with the lines of a bundle; the manifest is made right again each time."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from schemas.values import FirmId
from service.evidence.merkle import HASH_BYTES
from service.evidence.notes import parse_note
from service.evidence.signatures import Cosigner, LogSigner
from tests.support.evidence.bundles import KEYS_CHANGE, MADE_AT
from tests.support.evidence.forged_logs import OLD_SEED, Forger
from tests.support.evidence.mutations import (
    Mutation,
    Parts,
    Place,
    another,
    at,
    changed,
    compact,
    moved,
    mutation,
    paths,
    replaced,
    with_twice,
    without,
)

NODE_BYTES = 1 + HASH_BYTES
STRANGER = bytes([9]) * 32


def of_keys(parts: Parts) -> Iterator[Mutation]:
    """keys.txt, witnesses.txt and rotations.jsonl."""
    keys, stranger = parts.lines("keys.txt"), str(LogSigner(parts.manifest["origin"], STRANGER).verifier_key).encode()

    def place(line: int, member: str = "keys.txt") -> dict[str, str | int]:
        return {"member": member, "line": line}

    def of(name: str, lines: list[bytes], codes: str, line: int, member: str = "keys.txt") -> Mutation:
        return mutation(name, parts.with_lines(member, lines).forged(), codes, place(line, member))

    yield of("a stranger's key first", [stranger, *keys], "key-chain", 1)
    yield of("a stranger's key last", [*keys, stranger], "key-chain", len(keys) + 1)
    yield of("a stranger's key instead of the present one", replaced(keys, 0, stranger), "key-chain", 1)
    yield of("the keys upside down", keys[::-1], "key-chain", 2)
    yield of("without the present key", keys[1:], "key-chain", 2)
    yield of("without the old key", [key for key in keys if key != keys[2]], "key-chain", 4)
    yield of("no keys", [], "key-chain", 1)
    for index, key in enumerate(keys):
        for what, line in (("damaged", key[:-6] + b"AAAAA="), ("of another name", b"x" + key), ("empty", b"")):
            yield of(f"key {index} {what}", replaced(keys, index, line), "key-form", index + 1)
    witnesses = parts.lines("witnesses.txt")
    for index, key in enumerate(witnesses):
        line = key.replace(b"+", b"-", 1)
        yield of(f"witness {index} damaged", replaced(witnesses, index, line), "key-form", index + 1, "witnesses.txt")
    cut = parts.with_member("keys.txt", parts.members["keys.txt"][:-1]).forged()
    yield mutation("the last key does not end", cut, "key-form", place(len(keys)))
    yield from _of_rotations(parts)


def _of_rotations(parts: Parts) -> Iterator[Mutation]:
    there: Place = {"member": "rotations.jsonl", "line": 1}
    (line,) = parts.lines("rotations.jsonl")
    whole = json.loads(line)

    def of(name: str, note: object, codes: str = "rotation") -> Mutation:
        return mutation(name, parts.with_lines("rotations.jsonl", [compact(note)]).forged(), codes, dict(there))

    gone = parts.with_lines("rotations.jsonl", []).forged()
    yield mutation("no rotation", gone, "key-chain", {"member": "keys.txt", "line": 3})
    twice = parts.with_lines("rotations.jsonl", [line, line]).forged()
    yield mutation("a rotation twice", twice, "rotation", {"member": "rotations.jsonl", "line": 2})
    text, signatures = whole.split("\n\n")
    first, second = signatures.splitlines()
    yield of("a rotation without the new key's signature", f"{text}\n\n{first}\n")
    yield of("a rotation without the old key's signature", f"{text}\n\n{second}\n")
    yield of("a rotation without signatures", f"{text}\n\n")
    yield of("a rotation that is no text", 7)
    yield of(
        "a rotation of another origin", whole.replace("numbers.example.com/log/1\n", "other.example.com/log/1\n", 1)
    )
    yield of("a rotation of another kind", whole.replace("rotation/v1", "rotation/v2"))
    lines = text.split("\n")
    turned = "\n".join([*lines[:2], lines[3], lines[2], *lines[4:]])
    yield of("a rotation the other way", f"{turned}\n\n{signatures}")
    forged = "\n".join([*lines[:3], str(LogSigner(lines[1], STRANGER).verifier_key)]) + "\n"
    signed = "".join(str(LogSigner(lines[1], seed).sign(forged, MADE_AT)) for seed in (OLD_SEED, STRANGER))
    yield mutation(
        "a rotation to a stranger, signed with the old key",
        parts.with_lines("rotations.jsonl", [compact(f"{forged}\n{signed}")]).forged(),
        "key-chain",
        {"member": "keys.txt", "line": 1},
    )


@dataclass
class OfNotes:
    """notes.jsonl: each note dropped, doubled, moved, signed by others, rolled back or forked."""

    parts: Parts
    forger: Forger
    notes: list[bytes] = field(default_factory=list[bytes])

    def __post_init__(self) -> None:
        self.notes = self.parts.lines("notes.jsonl")

    def of(self, name: str, lines: list[bytes], codes: str, line: int | None) -> Mutation:
        """The bundle with these notes, as many as the manifest says."""
        place: Place | None = None if line is None else {"member": "notes.jsonl", "line": line}
        return mutation(name, self.parts.with_lines("notes.jsonl", lines).counted().forged(), codes, place)

    def every(self) -> Iterator[Mutation]:
        """Every way."""
        for index in range(len(self.notes)):
            yield from self.of_one(index)
        last = len(self.notes)
        first_of_all = [self.notes[0]]
        yield self.of("all notes but the first one dropped", first_of_all, "cover", None)
        yield self.of("no notes", [], "cover", None)
        yield self.of("the notes upside down", self.notes[::-1], "note-order", 2)
        yield self.of(
            "the last note rolled back to the first", replaced(self.notes, last - 1, self.notes[0]), "note-order", last
        )
        short = self.parts.with_member("notes.jsonl", self.parts.members["notes.jsonl"][:-1])
        yield mutation("the last note does not end", short.forged(), "json", {"member": "notes.jsonl", "line": last})

    def of_one(self, index: int) -> Iterator[Mutation]:
        """What can be wrong with one note."""
        yield from self.moved_about(index)
        yield from self.rewritten(index)
        yield from self.signed_otherwise(index)

    def now(self, index: int, name: str, note: object, codes: str) -> Mutation:
        """Another note here."""
        return self.of(f"note {index + 1}: {name}", replaced(self.notes, index, compact(note)), codes, index + 1)

    def moved_about(self, index: int) -> Iterator[Mutation]:
        """A note is gone, twice or elsewhere."""
        notes, line, is_last = self.notes, index + 1, index + 1 == len(self.notes)
        dropped = without(notes, index)
        says = "the last note dropped" if is_last else f"note {line} dropped: the others still prove every event"
        yield self.of(says, dropped, "cover" if is_last else "", None)
        yield self.of(f"note {line} twice", with_twice(notes, index), "note-order", line + 1)
        if not is_last:
            yield self.of(f"note {line} after the next one", moved(notes, index), "note-order", line + 1)

    def rewritten(self, index: int) -> Iterator[Mutation]:
        """A note says something else."""
        whole = json.loads(self.notes[index])
        origin, size, root = whole.split("\n")[:3]
        for name, note, codes in (
            ("no text", [whole], "note-form"),
            ("no signatures", whole.split("\n\n")[0] + "\n\n", "note-form"),
            ("a control character", whole.replace("\n", "\t\n", 1), "note-form"),
            ("a line more", whole.replace("\n\n", "\nmore\n\n", 1), "note-form"),
            ("a size with a zero before it", whole.replace(f"\n{size}\n", f"\n0{size}\n"), "note-form"),
            ("another origin", whole.replace(origin, "other.example.com/log/1", 1), "note-origin"),
            ("another log", whole.replace("/log/1\n", "/log/2\n", 1), "note-origin"),
            ("another root", whole.replace(root, base64.b64encode(_flipped(root)).decode()), "note-signature"),
            ("another size", whole.replace(f"\n{size}\n", f"\n{int(size) + 1}\n"), "note-signature note-order"),
        ):
            yield self.now(index, name, note, codes)

    def signed_otherwise(self, index: int) -> Iterator[Mutation]:
        """Other keys signed a note, or their signatures are wrong."""
        whole, forger = json.loads(self.notes[index]), self.forger
        origin, written, root = whole.split("\n")[:3]
        size, fork = int(written), _flipped(root)
        for name, signer, codes in (
            ("signed by a stranger", LogSigner(origin, STRANGER), "note-key"),
            ("signed by a stranger under another name", LogSigner("x", STRANGER), "note-key"),
            ("a fork that the log signed", forger.signer(size), "root"),
        ):
            yield self.now(index, name, forger.note(size, fork, signer), codes)
        again = forger.note(size, base64.b64decode(root), LogSigner(origin, OLD_SEED))
        sizes = [int(json.loads(each).split("\n")[1]) for each in self.notes[:index]]
        after_new = any(each > KEYS_CHANGE for each in sizes)
        says = "signed again with the rotated key" + ("" if after_new else ", which was then in force")
        yield self.now(index, says, again, "note-key" if after_new else "")
        for number, signature in enumerate(parse_note(whole.encode()).signatures):
            encoded = str(signature).split(" ")[2].strip()
            wrong = whole.replace(encoded, base64.b64encode(_flipped(encoded, -1)).decode())
            code = "note-signature" if signature.name == origin else "cosignature"
            yield self.now(index, f"signature {number} wrong", wrong, code)
            yield self.now(index, f"signature {number} cut", whole.replace(encoded, encoded[:-4]), f"{code} note-form")
            if code == "cosignature":
                fewer = whole.replace(str(signature), "")
                yield self.now(index, f"co-signature {number} dropped, which proves less", fewer, "")
        unknown = Cosigner("witness.example.com/w1", STRANGER).sign(f"{origin}\n{size}\n{root}\n", MADE_AT)
        yield self.now(index, "a line of an unknown witness, which says nothing", f"{whole}{unknown}", "")


def _flipped(encoded: str, place: int = 0) -> bytes:
    """The bytes of this base64, one bit of them another one."""
    raw = bytearray(base64.b64decode(encoded))
    raw[place] ^= 1
    return bytes(raw)


def of_cover(parts: Parts) -> Iterator[Mutation]:
    """cover.bin: each node changed, dropped, doubled or moved."""
    cover = parts.members["cover.bin"]
    nodes = [cover[place : place + NODE_BYTES] for place in range(0, len(cover), NODE_BYTES)]

    def of(name: str, content: bytes, codes: str, byte: int | None = None) -> Mutation:
        place: Place | None = None if byte is None else {"member": "cover.bin", "byte": byte}
        return mutation(name, parts.with_member("cover.bin", content).forged(), codes, place)

    for index, node in enumerate(nodes):
        byte = index * NODE_BYTES
        yield of(
            f"node {index}: another hash", b"".join(replaced(nodes, index, node[:-1] + bytes([node[-1] ^ 1]))), "root"
        )
        yield of(
            f"node {index}: higher", b"".join(replaced(nodes, index, bytes([node[0] + 1]) + node[1:])), "cover root"
        )
        yield of(f"node {index}: height 63", b"".join(replaced(nodes, index, b"\x3f" + node[1:])), "cover", byte)
        yield of(f"node {index} dropped", b"".join(without(nodes, index)), "cover root")
        yield of(f"node {index} twice", b"".join(with_twice(nodes, index)), "cover root")
        if index + 1 < len(nodes) and node != nodes[index + 1]:
            yield of(f"node {index} after the next one", b"".join(moved(nodes, index)), "cover root")
    yield of("no cover", b"", "cover", 0)
    yield of("half a node at its end", cover[:-1], "cover", len(cover) - NODE_BYTES)
    yield of("a byte after its end", cover + b"\0", "cover", len(cover))
    yield of("a node after its end", cover + nodes[0], "cover", len(cover))


def of_documents(parts: Parts) -> Iterator[Mutation]:
    """documents.jsonl: each line in each way."""
    lines = parts.lines("documents.jsonl")

    def of(name: str, changed_lines: list[bytes], codes: str, line: int) -> Mutation:
        there: Place = {"member": "documents.jsonl", "line": line}
        return mutation(name, parts.with_lines("documents.jsonl", changed_lines).counted().forged, codes, there)

    for index, line in enumerate(lines):
        said, number = json.loads(line), index + 1
        for path in paths(said):
            name = f"document {number}: another {path[0]}"
            is_gone = path == ("state",) and said["state"] == "erased"
            codes = "" if is_gone else "document"
            note = ", which only the service knows" if is_gone else ""
            yield of(name + note, replaced(lines, index, compact(changed(said, path, another))), codes, number)
            absent = {each: value for each, value in said.items() if each != path[0]}
            yield of(f"document {number}: no {path[0]}", replaced(lines, index, compact(absent)), "document", number)
        yield of(
            f"document {number}: a field more", replaced(lines, index, compact({**said, "more": 1})), "document", number
        )
        yield of(f"document {number} dropped", without(lines, index), "document", number)
        yield of(f"document {number} twice", with_twice(lines, index), "document", number + 1)
        yield of(f"document {number}: no JSON", replaced(lines, index, line[:-1]), "json", number)
    yield of("a document more", [*lines, compact({"digest": "0" * 64, "state": "kept"})], "document", len(lines) + 1)


def of_reports(parts: Parts) -> Iterator[Mutation]:
    """gaps.json and register.json: each value, and each row."""
    for name in ("gaps.json", "register.json"):
        report = json.loads(parts.members[name])

        def of(what: str, content: object, field_name: str, member: str = name) -> Mutation:
            there: Place = {"member": member, "field": field_name}
            return mutation(
                f"{member}: {what}", parts.with_member(member, compact(content)).forged(), "report", dict(there)
            )

        for path in paths(report):
            shown = ".".join(map(str, path))
            if at(report, path) != []:
                yield of(f"another {shown}", changed(report, path, another), shown)
        for index, series in enumerate(report):
            for row in range(len(series["data"])):
                rest = changed(report, (index, "data"), partial(_without_row, row))
                yield mutation(f"{name}: row {row} of {index} dropped", _with(parts, name, rest), "report")
                more = changed(report, (index, "data"), partial(_with_row_twice, row))
                yield mutation(f"{name}: row {row} of {index} twice", _with(parts, name, more), "report")
        yield of("a series less", report[:-1], str(len(report) - 1))
        yield of("a series more", [*report, report[0]], str(len(report)))
        yield of("a field more", [{**report[0], "more": 1}, *report[1:]], "0.more")
        loose = parts.with_member(name, json.dumps(report).encode())
        yield mutation(f"{name}: with white space", loose.forged(), "report", {"member": name, "field": ""})
        yield mutation(
            f"{name}: cut", parts.with_member(name, parts.members[name][:-1]).forged(), "json", {"member": name}
        )


def _without_row(row: int, rows: list[Any]) -> list[Any]:
    return [*rows[:row], *rows[row + 1 :]]


def _with_row_twice(row: int, rows: list[Any]) -> list[Any]:
    return [*rows[: row + 1], *rows[row:]]


def _with(parts: Parts, name: str, content: object) -> bytes:
    return parts.with_member(name, compact(content)).forged()


FOUND_ELSEWHERE = {
    "firm_id": "event-scope",
    "mode": "event-scope",
    "series": "event-scope",
    "position": "manifest report",
    "as_of": "report manifest event-order",
    "size": "manifest",
    "has_bodies": "document",
    "log": "manifest",
    "origin": "manifest",
    "files": "manifest digest",
    "format": "manifest",
}
"""Where a field of the manifest that is another one is found out."""


def of_manifest(parts: Parts) -> Iterator[Mutation]:
    """manifest.json: each field another one, of another kind, or missing."""
    manifest, there = parts.manifest, {"member": "manifest.json"}
    wrong: Any
    free = {"software", "made_at", "from", "to"}
    for name, value in manifest.items():
        if name == "files":
            continue
        other = ["x"] if name == "series" else ("2027-01-01" if name in {"from", "to"} else another(value))
        says = f"another {name}" + (", which nothing contradicts" if name in free else "")
        codes = "" if name in free else FOUND_ELSEWHERE.get(name, "manifest")
        yield mutation(f"manifest: {says}", parts.with_manifest(**{name: other}).packed(), codes)
        for what, wrong in (("a text", "7") if not isinstance(value, str) else ("a number", 7), ("an array", [[7]])):
            if not (name in {"from", "to"} and what == "x"):
                bad = parts.with_manifest(**{name: wrong}).packed()
                yield mutation(f"manifest: {name} is {what}", bad, "manifest", {**there, "field": name})
        rest = {each: manifest[each] for each in manifest if each != name}
        gone = parts.with_member("manifest.json", compact(rest)).packed()
        yield mutation(f"manifest: no {name}", gone, "manifest", {**there, "field": name})
    more = parts.with_manifest(more=1).packed()
    yield mutation("manifest: a field more", more, "manifest", {**there, "field": "more"})
    for name in manifest["files"]:
        rest = {each: digest for each, digest in manifest["files"].items() if each != name}
        fewer = parts.with_manifest(files=rest).packed()
        yield mutation(f"manifest: no digest of {name}", fewer, "manifest", {**there, "field": "files"})
        flipped = parts.with_manifest(files={**manifest["files"], name: another(manifest["files"][name])}).packed()
        yield mutation(f"manifest: another digest of {name}", flipped, "digest", {"member": name})
    yield from _of_json(parts)


def _of_json(parts: Parts) -> Iterator[Mutation]:
    written = parts.members["manifest.json"]
    for what, content in (
        ("not UTF-8", written.replace(b"live", b"li\xff\xfe", 1)),
        ("an overlong character", written.replace(b"live", b"li\xc1\xa5e", 1)),
        ("a surrogate in UTF-8", written.replace(b"live", b"\xed\xa0\x80e", 1)),
        ("a byte order mark", b"\xef\xbb\xbf" + written),
        ("a name twice", written.replace(b'{"format"', b'{"format":1,"format"', 1)),
        ("NaN", written.replace(b'"position":', b'"position":NaN,"x":', 1)),
        ("1e999", written.replace(b'"position":', b'"position":1e999,"x":', 1)),
        ("a fraction", written.replace(b'"position":', b'"position":1.0,"x":', 1)),
        ("below zero", written.replace(b'"position":', b'"position":-1,"x":', 1)),
        ("a huge number", written.replace(b'"position":', b'"position":' + b"9" * 5000 + b',"x":', 1)),
        ("a number above 2^53", written.replace(b'"position":', b'"position":9007199254740992,"x":', 1)),
        ("nested deep", b"[" * 100_000 + b"]" * 100_000),
        ("nested 33 times", b'{"format":' + b"[" * 33 + b"]" * 33 + b"}"),
        ("cut", written[:-1]),
        ("something after it", written + b"1"),
        ("empty", b""),
        ("a comma too much", written[:-1] + b",}"),
        ("a control character in a text", written.replace(b"live", b"li\x01e", 1)),
    ):
        wrong = parts.with_member("manifest.json", content).packed()
        yield mutation(f"manifest: {what}", wrong, "json", {"member": "manifest.json"})


def splices(parts: Parts, others: dict[str, Parts]) -> Iterator[Mutation]:
    """Members of another bundle: of another firm, of another time, of fewer series."""
    for whose, other in others.items():
        for name in ("notes.jsonl", "events.jsonl", "cover.bin", "documents.jsonl", "gaps.json", "register.json"):
            if other.members[name] != parts.members[name]:
                spliced = parts.with_member(name, other.members[name]).counted().forged()
                yield mutation(
                    f"{name} of {whose}",
                    spliced,
                    EVENT_CODES if name != "events.jsonl" else f"{EVENT_CODES} event-scope",
                )
    stranger = parts.with_manifest(firm_id=FirmId("firm_c")).forged()
    yield mutation("the manifest of another firm", stranger, "event-scope")


EVENT_CODES = "cover root document report manifest event-order stream note-order"
