"""A bundle as another author would read it, from the text of README.md section 9 alone.

It shares nothing with `service` but the standard library; signatures are checked by `reference.py`.
"""

import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from tests.support.evidence.reference import verified_by

MEMBERS = (
    *("README.txt", "verify.py", "verify.html", "keys.txt", "witnesses.txt", "rotations.jsonl", "notes.jsonl"),
    *("events.jsonl", "cover.bin", "documents.jsonl", "gaps.json", "register.json", "manifest.json"),
)
ERASURES = ("document-erased/1", "draft-erased/1")


class ReadBundle:
    """The members of a bundle, each claim of section 9 asserted."""

    def __init__(self, file: Path | bytes) -> None:
        raw = file if isinstance(file, bytes) else file.read_bytes()
        self.raw = raw
        with zipfile.ZipFile(io.BytesIO(raw)) as opened:
            assert opened.testzip() is None
            infos = opened.infolist()
            assert tuple(info.filename for info in infos) == MEMBERS
            assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
            assert {info.compress_type for info in infos} <= {0, 8}
            self.members = {info.filename: opened.read(info) for info in infos}
        self.manifest: dict[str, Any] = json.loads(self.members["manifest.json"])
        self.keys = self.lines("keys.txt")
        self.witness_keys = self.lines("witnesses.txt")
        self.notes = [json.loads(line).encode() for line in self.lines("notes.jsonl")]
        self.canonical = [line.encode() for line in self.lines("events.jsonl")]
        self.events: list[dict[str, Any]] = [json.loads(line) for line in self.canonical]
        self.documents: list[dict[str, Any]] = [json.loads(line) for line in self.lines("documents.jsonl")]
        self.gaps: list[dict[str, Any]] = json.loads(self.members["gaps.json"])
        self.registers: list[dict[str, Any]] = json.loads(self.members["register.json"])
        self._check_manifest()

    def lines(self, name: str) -> list[str]:
        """The lines of a member; each ends in a line end."""
        text = self.members[name].decode("utf-8")
        assert not text or text.endswith("\n")
        return text.split("\n")[:-1]

    def positions(self) -> list[int]:
        """The positions of the events."""
        return [event["position"] for event in self.events]

    def checked(self) -> "ReadBundle":
        """This bundle, after notes, events, cover and documents were verified."""
        self._check_notes()
        self._check_cover()
        self._check_events()
        self._check_documents()
        return self

    def _check_manifest(self) -> None:
        manifest = self.manifest
        assert manifest["format"] == "numbering-bundle/1"
        assert set(manifest["files"]) == set(MEMBERS) - {"manifest.json"}
        for name, digest in manifest["files"].items():
            assert hashlib.sha256(self.members[name]).hexdigest() == digest, name
        counts = (manifest["events"], manifest["notes"], manifest["documents"])
        assert counts == (len(self.events), len(self.notes), len(self.documents))

    def _check_notes(self) -> None:
        trusted = [self.keys[0]]
        for written in reversed([json.loads(line) for line in self.lines("rotations.jsonl")]):
            lines = written.split("\n\n")[0].split("\n")
            assert lines[0] == "numbering-key-rotation/v1"
            assert lines[1] == self.manifest["origin"]
            old, new, *post_quantum = lines[2:]
            assert new in trusted
            assert set(verified_by(written.encode(), [old, new])) == {old, new}
            trusted += [old, *post_quantum]
        for note in self.notes:
            assert note.decode().split("\n")[0] == self.manifest["origin"]
            assert verified_by(note, trusted), "a key that the present one vouches for signed it"
            verified_by(note, self.witness_keys)

    def _check_cover(self) -> None:
        """The one pass of section 9, word for word."""
        cover = self.members["cover.bin"]
        assert len(cover) % 33 == 0
        nodes = [(cover[at], cover[at + 1 : at + 33]) for at in range(0, len(cover), 33)]
        heads = [note.decode().split("\n")[1:3] for note in self.notes]
        notes = [(int(size), base64.b64decode(root)) for size, root in heads]
        index, stack = 0, list[tuple[int, bytes]]()

        def push(h: int, found: bytes) -> None:
            nonlocal index
            index += 2**h
            while stack and stack[-1][0] == h:
                found = hashlib.sha256(b"\x01" + stack.pop()[1] + found).digest()
                h += 1
            stack.append((h, found))
            if notes and index == notes[0][0]:
                joined = stack[-1][1]
                for _, below in reversed(stack[:-1]):
                    joined = hashlib.sha256(b"\x01" + below + joined).digest()
                assert joined == notes.pop(0)[1], "the root is that of the note"

        def take_until(i: int) -> None:
            assert i >= index
            while index < i:
                h, found = nodes.pop(0)
                assert index % 2**h == 0
                assert index + 2**h <= i
                if notes:
                    assert index + 2**h <= notes[0][0], "no node reaches across the size of a note"
                push(h, found)

        for canonical, event in zip(self.canonical, self.events, strict=True):
            take_until(event["position"] - 1)
            push(0, hashlib.sha256(b"\x00" + hashlib.sha256(canonical).digest()).digest())
        take_until(self.manifest["size"])
        assert not nodes
        assert not notes
        assert index == self.manifest["size"] == int(heads[-1][0])

    def _check_events(self) -> None:
        last: dict[str, tuple[int, int]] = {}
        at = 0
        for event in self.events:
            assert (event["log"], event["firm_id"], event["mode"]) == tuple(
                self.manifest[name] for name in ("log", "firm_id", "mode")
            )
            assert self.manifest["series"] is None or event["stream"] in self.manifest["series"]
            version, previous = last.get(event["stream"], (0, 0))
            assert (event["version"], event["previous"]) == (version + 1, previous)
            assert event["position"] <= self.manifest["position"]
            assert event["at"] >= at
            at, last[event["stream"]] = event["at"], (event["version"], event["position"])

    def _check_documents(self) -> None:
        named: list[str] = []
        for record in self.events:
            event = record["event"]
            named += [event["content"]] if event.get("content") else []
            named += [event["reason"]] if event["type"] in ERASURES and event["reason"] else []
        assert [line["digest"] for line in self.documents] == named
        for line in self.documents:
            has_body = self.manifest["has_bodies"] and line["state"] == "kept"
            assert set(line) == ({"digest", "state", "salt", "body"} if has_body else {"digest", "state"})
            if has_body:
                found = hashlib.sha256(bytes.fromhex(line["salt"]) + line["body"].encode()).hexdigest()
                assert found == line["digest"]
