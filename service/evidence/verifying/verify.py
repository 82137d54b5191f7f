"""Verifies a bundle or a receipt of a numbering service, without a network, a database or any of its programs.

    python verify.py FILE [--key KEY]... [--witness KEY]... [--trust-keys-in-file] [--json]

It is one file, so that you can read it before you believe it. It needs Python 3.11 or newer and the package
`cryptography`. It exits with 0 if the file verified, 1 if it did not, and 2 if it could not read the file or a key.

A bundle is a ZIP file with every event of a firm. Each event has a place in one Merkle tree (RFC 6962), and the service
signed the root of that tree again and again: these signed roots are the notes. If the events were others than those
that were there when a note was signed, the root would be another one. `bundle` below does one step after another; read
on from there. The specification, with the codes of all faults, is README.md in `service/evidence` of the program.
"""

import argparse
import base64
import json
import re
import struct
import sys
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

try:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
except ImportError:  # an older `cryptography`: signatures of this kind are then not checked, and it says so
    MLDSA44PublicKey = None  # type: ignore[assignment,misc]

MEBIBYTE: Final = 1 << 20
LINE_MAX: Final = MEBIBYTE
CHUNK: Final = 1 << 18
NUMBER_MAX: Final = (1 << 53) - 1
DEPTH_MAX: Final = 32
UNBOUNDED: Final = 1 << 62

MEMBERS: Final = {
    "README.txt": 16 * MEBIBYTE,
    "verify.py": 16 * MEBIBYTE,
    "verify.html": 16 * MEBIBYTE,
    "keys.txt": 16 * MEBIBYTE,
    "witnesses.txt": 16 * MEBIBYTE,
    "rotations.jsonl": UNBOUNDED,
    "notes.jsonl": UNBOUNDED,
    "events.jsonl": UNBOUNDED,
    "cover.bin": UNBOUNDED,
    "documents.jsonl": UNBOUNDED,
    "gaps.json": UNBOUNDED,
    "register.json": UNBOUNDED,
    "manifest.json": 16 * MEBIBYTE,
}
"""The members of a bundle in their order, and how many bytes each may have; what has no bound is read in pieces."""


Place = dict[str, str | int]
"""Where something is: some of member, line, byte, position and field."""


class FaultError(Exception):
    """The first thing that is wrong. `place` has some of member, line, byte, position and field."""

    def __init__(self, code: str, says: str, **place: str | int) -> None:
        super().__init__(says)
        self.code = code
        self.place = place


class UnusableError(Exception):
    """The verifier cannot begin: a file that cannot be read, or a key that is none."""


@dataclass
class Result:
    """What came of it. Without a fault the file is verified."""

    kind: str | None = None
    checked: list[str] = field(default_factory=list[str])
    not_checked: list[str] = field(default_factory=list[str])
    fault: FaultError | None = None

    def as_json(self) -> dict[str, Any]:
        """The result as `--json` prints it."""
        fault = self.fault and {"code": self.fault.code, "place": self.fault.place, "says": str(self.fault)}
        result = "failed" if self.fault else "verified"
        return {
            "result": result,
            "kind": self.kind,
            "checked": self.checked,
            "not_checked": self.not_checked,
            "fault": fault,
        }


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Verify a bundle or a receipt of a numbering service.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", action="append", default=[], help="a verifier key of the log, or a file of them")
    parser.add_argument("--witness", action="append", default=[], help="a verifier key of a witness, or a file of them")
    parser.add_argument("--trust-keys-in-file", action="store_true", help="trust the keys that the file brings")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    given = parser.parse_args(arguments)
    try:
        keys = [] if given.trust_keys_in_file else given_keys(given.key)
        result = verify(given.file, keys, given_keys(given.witness))
    except UnusableError as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    text = json.dumps(result.as_json()) if given.json else in_words(given.file, result)
    print(text.encode(sys.stdout.encoding or "ascii", "backslashreplace").decode(sys.stdout.encoding or "ascii"))
    return 1 if result.fault else 0


def in_words(file: Path, result: Result) -> str:
    """The result for a reader."""
    lines = [f"checked: {each}" for each in result.checked] + [f"not checked: {each}" for each in result.not_checked]
    if result.fault is None:
        lines.append(f"{file.name}: verified")
    else:
        place = ", ".join(f"{name} {value}" for name, value in result.fault.place.items())
        lines.append(f"{file.name}: FAILED: {place or 'the file'}: {result.fault} [{result.fault.code}]")
    return "\n".join(map(harmless, lines))


def harmless(text: str) -> str:
    """The text without what would steer a terminal: a file may be written to deceive."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def verify(path: Path, keys: "list[Key]", witnesses: "list[Key]") -> Result:
    """Verify the file by these keys of the log and of witnesses; without keys, by its own. Raises UnusableError."""
    result = Result()
    try:
        with path.open("rb") as file:
            start = file.read(2)
            if start == b"PK":
                result.kind = "bundle"
                bundle(file, Trust(keys, witnesses), result)
            elif start[:1] == b"{":
                result.kind = "receipt"
                file.seek(0)
                receipt(file.read(16 * MEBIBYTE + 1), Trust(keys, witnesses), result)
            else:
                result.fault = FaultError("format", "this is neither a bundle nor a receipt")
    except FaultError as fault:
        result.fault = fault
    except OSError as error:
        raise UnusableError(f"cannot read {path}: {error.strerror}") from error
    return result


def bundle(file: BinaryIO, trust: "Trust", result: Result) -> None:
    """Check a bundle, step by step. Raises FaultError at the first thing that is wrong."""
    members = open_zip(file)
    manifest = read_manifest(members)
    check_digests(members, manifest)
    result.checked.append(f"the ZIP file: {len(members)} members, each with the digest that the manifest names")

    keys_of_bundle(members, manifest["origin"], trust, result)
    notes = Notes(trust)
    notes.read(members["notes.jsonl"], manifest["origin"])
    notes.tell(result)

    history, documents = History(), Documents(members["documents.jsonl"], has_bodies=manifest["has_bodies"])
    events = check_tree(members, manifest, notes, history, documents)
    result.checked.append(
        f"{events} events: each is in the tree of each note that covers it, and the notes are of one tree"
    )
    history.end()
    result.checked += history.summary()
    documents.end(result)
    check_reports(members, manifest, history)
    result.checked.append("gaps.json and register.json: every value is what the events give")
    counts = {"events": events, "notes": len(notes.sizes), "documents": documents.count, "size": notes.size}
    check_counts(manifest, counts, history)
    result.not_checked += WHAT_NO_BUNDLE_PROVES


WHAT_NO_BUNDLE_PROVES: Final = [
    "that no event is missing at the end of a series or draft: compare with a later bundle",
    "that there is no second tree: ask a witness, or compare the notes with those that others keep",
    "the times in the events, which are the service's; a co-signature shows that an event was there at its time",
    "that what was entered is true",
    "README.txt, the copies of the verifiers, and the fields software, made_at, from and to of the manifest",
]


# Part 1: the ZIP file.


@dataclass
class Member:
    """A file in the ZIP file. `start` is where its header begins; `data` where what is packed begins.

    `about` are flags, method, time, date and disk, as the directory has them.
    """

    file: BinaryIO
    name: str
    about: tuple[int, int, int, int, int]
    crc: int
    packed: int
    size: int
    start: int
    data: int = 0

    def chunks(self) -> Iterator[bytes]:
        """What is unpacked, in pieces. Raises FaultError at the end unless size and CRC-32 are right."""
        size = crc = 0
        for chunk in self._unpacked():
            size, crc = size + len(chunk), zlib.crc32(chunk, crc)
            if size > self.size:
                break
            yield chunk
        if (size, crc) != (self.size, self.crc):
            raise FaultError("zip-data", "it does not unpack to what the directory says", member=self.name)

    def _unpacked(self) -> Iterator[bytes]:
        pieces = (read_at(self.file, at, min(CHUNK, self.data + self.packed - at)) for at in self._starts())
        if self.about[1] == 0:
            yield from pieces
            return
        unpack, is_over = zlib.decompressobj(-15), False
        try:
            for piece in pieces:
                is_over, packed = is_over or unpack.eof, piece
                while packed and not unpack.eof:
                    yield unpack.decompress(packed, CHUNK)
                    packed = unpack.unconsumed_tail
            while not unpack.eof and (rest := unpack.decompress(b"", CHUNK)):
                yield rest
        except zlib.error as error:
            raise FaultError("zip-data", "what is packed is damaged", member=self.name) from error
        if is_over or not unpack.eof or unpack.unused_data:
            raise FaultError("zip-data", "what is packed is damaged", member=self.name)

    def _starts(self) -> range:
        return range(self.data, self.data + self.packed, CHUNK)

    def whole(self) -> bytes:
        """All of it; only for members with a bound."""
        return b"".join(self.chunks())

    def lines(self, code: str) -> Iterator[tuple[int, bytes]]:
        """Each line without its end, with its number, from 1. One that is too long, or does not end, is a fault."""
        number, rest = 1, b""
        for chunk in self.chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if len(line) > LINE_MAX:
                    raise FaultError(code, f"a line is longer than {LINE_MAX} bytes", member=self.name, line=number)
                yield number, line
                number += 1
            if len(rest) > LINE_MAX:
                raise FaultError(code, f"a line is longer than {LINE_MAX} bytes", member=self.name, line=number)
        if rest:
            raise FaultError(code, "the last line does not end", member=self.name, line=number)


def read_at(file: BinaryIO, start: int, count: int) -> bytes:
    """These bytes of the file. Raises FaultError if it ends before."""
    file.seek(start)
    found = file.read(count)
    if len(found) < count:
        raise FaultError("zip-form", "the file ends too early")
    return found


def open_zip(file: BinaryIO) -> dict[str, Member]:
    """The members by name. Every byte of the file must belong to one of them or to the directory."""
    members, directory = read_directory(file)
    names = list(MEMBERS)
    seen: list[str] = []
    for member in members:
        name = member.name
        if name not in MEMBERS:
            raise FaultError("member-unknown", "a bundle has no such member", member=name)
        if name in seen:
            raise FaultError("member-twice", "it is there twice", member=name)
        if seen and names.index(name) < names.index(seen[-1]):
            raise FaultError("member-order", f"it stands after {seen[-1]}", member=name)
        seen.append(name)
    for name in names:
        if name not in seen:
            raise FaultError("member-missing", "it is not there", member=name)
    end = 0
    for member in members:
        end = check_header(member, end, directory)
    if end != directory:
        raise FaultError("zip-form", "something stands between the last member and the directory")
    for member in members:
        if member.size > MEMBERS[member.name]:
            raise FaultError("member-size", f"{member.size} bytes are too many", member=member.name)
    return {member.name: member for member in members}


def read_directory(file: BinaryIO) -> tuple[list[Member], int]:
    """What the directory says, and where it begins."""
    end = file.seek(0, 2) - 22
    try:
        signature, *disks, here, count, size, start, comment = struct.unpack("<4s4H2LH", read_at(file, end, 22))
        if signature != b"PK\5\6" or comment:
            raise FaultError("zip-form", "the file does not end as a ZIP file")
        if 0xFFFF in (here, count) or 0xFFFFFFFF in (size, start):
            locator, disk, at, disk_count = struct.unpack("<4sLQL", read_at(file, end - 20, 20))
            found = struct.unpack("<4sQ2H2L4Q", read_at(file, end - 76, 56))
            end, (signature, length, _, _, *disks, here, count, size, start) = end - 76, found
            if (locator, disk, at, disk_count, signature, length) != (b"PK\6\7", 0, end, 1, b"PK\6\6", 44):
                raise FaultError("zip-form", "the end of the directory is damaged")
        if any(disks) or here != count or count > len(MEMBERS) * 2 or start + size != end or size > MEBIBYTE:
            raise FaultError("zip-form", "the end of the directory is damaged")
        rest, members = read_at(file, start, size), list[Member]()
        for _ in range(count):
            member, rest = read_entry(file, rest)
            members.append(member)
    except (struct.error, ValueError, OSError) as error:  # OSError: a place before the beginning of the file
        raise FaultError("zip-form", "the directory is damaged") from error
    if rest:
        raise FaultError("zip-form", "the directory is longer than its entries")
    return members, start


def read_entry(file: BinaryIO, rest: bytes) -> tuple[Member, bytes]:
    """The first entry of the rest of the directory, and what follows it. Raises ValueError and struct.error."""
    found = struct.unpack("<4s6H3L5H2L", rest[:46])
    signature, _, _, flags, method, time, date, crc, packed, size, name, extra, comment, disk, _, _, start = found
    end = 46 + name + extra
    if signature != b"PK\1\2" or comment or len(rest) < end:
        raise ValueError
    size, packed, start = with_zip64([size, packed, start], rest[46 + name : end])
    text = rest[46 : 46 + name].decode("utf-8")
    return Member(file, text, (flags, method, time, date, disk), crc, packed, size, start), rest[end:]


def with_zip64(values: list[int], extra: bytes) -> list[int]:
    """The values, where they are too large for 32 bits as the extra field of ZIP64 has them. Raises ValueError."""
    large = b""
    while extra:
        kind, length = struct.unpack("<2H", extra[:4])
        if len(extra) < 4 + length:
            raise ValueError
        if kind == 1:
            large = extra[4 : 4 + length]
        extra = extra[4 + length :]
    found: list[int] = []
    for value in values:
        is_large = value == 0xFFFFFFFF
        found.append(struct.unpack("<Q", large[:8])[0] if is_large else value)
        large = large[8:] if is_large else large
    return found


def check_header(member: Member, reached: int, directory: int) -> int:
    """Check the header before a member, which must begin at `reached`, and what follows its data. Returns its end."""
    flags, method, *rest = member.about
    if flags & ~0x0808 or method not in (0, 8) or rest != [0, 0x21, 0] or member.start != reached:
        raise damaged(member, "the directory says something of it that may not be, or it begins elsewhere")
    if method == 0 and member.packed != member.size:
        raise damaged(member, "it is not packed, but has another size")
    try:
        found = struct.unpack("<4s5H3L2H", read_at(member.file, reached, 30))
        signature, _, *about, crc, packed, size, name, extra = found
        more = read_at(member.file, reached + 30, name + extra)
        size, packed = with_zip64([size, packed], more[name:])
    except (FaultError, struct.error, ValueError) as error:
        raise damaged(member, "its header is damaged") from error
    due, is_later = (member.crc, member.packed, member.size), flags & 8 and (crc, packed, size) == (0, 0, 0)
    if (signature, *about, more[:name]) != (b"PK\3\4", *member.about[:4], member.name.encode()):
        raise damaged(member, "its header is not as the directory says")
    if (crc, packed, size) != due and not is_later:
        raise damaged(member, "its header is not as the directory says")
    member.data = reached + 30 + name + extra
    end = member.data + member.packed
    descriptors = [b"PK\7\x08" + struct.pack("<LQQ", *due)] if flags & 8 else [b""]
    if flags & 8 and max(due) < 1 << 32:
        descriptors.append(b"PK\7\x08" + struct.pack("<LLL", *due))
    for descriptor in descriptors:
        member.file.seek(end)
        if end + len(descriptor) <= directory and member.file.read(len(descriptor)) == descriptor:
            return end + len(descriptor)
    raise damaged(member, "it does not end where it must, or what follows its data is not as the directory says")


def damaged(member: Member, says: str) -> FaultError:
    """The fault of a member whose headers are wrong."""
    return FaultError("zip-form", says, member=member.name)


def check_digests(members: dict[str, Member], manifest: dict[str, Any]) -> None:
    """Unpack each member once, and compare its SHA-256 with the manifest's."""
    files = manifest["files"]
    if set(files) != set(members) - {"manifest.json"}:
        raise FaultError("manifest", "it names other files than there are", member="manifest.json", field="files")
    for name, member in members.items():
        if name == "manifest.json":
            continue
        digest = sha256()
        for chunk in member.chunks():
            digest.update(chunk)
        if digest.hexdigest() != files[name]:
            raise FaultError("digest", "it is not the file whose digest the manifest names", member=name)


# Part 2: JSON and the manifest.


def strict_json(written: bytes, **place: str | int) -> Any:
    """The value of a JSON text: UTF-8, no name twice in an object, no number but 0 to 2^53 - 1, not nested deep."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name is there twice")
        return found

    def refuse(text: str) -> NoReturn:
        raise ValueError(f"{text[:30]} is no number that may be here")

    def whole(text: str) -> int:
        if len(text) > 16 or not 0 <= int(text) <= NUMBER_MAX or text == "-0":
            refuse(text)
        return int(text)

    try:
        text = written.decode("utf-8")
        if is_deep(text):
            raise ValueError("it is nested too deep")
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse, parse_float=refuse, parse_int=whole)
    except (ValueError, RecursionError) as error:
        raise FaultError("json", f"no JSON text that may be here: {error}", **place) from error


def is_deep(text: str) -> bool:
    """Whether arrays and objects stand in one another more than DEPTH_MAX times."""
    if text.count("[") + text.count("{") <= DEPTH_MAX:
        return False
    depth = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.DOTALL):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > DEPTH_MAX:
            return True
    return False


def as_object(value: Any) -> dict[str, Any]:
    """The object; an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The array; an empty one for anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else []  # type: ignore[redundant-cast]


def is_text(value: Any) -> bool:
    """Whether it is a text that can be written as UTF-8."""
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


def is_count(value: Any) -> bool:
    """Whether it is a whole number; true and false are none."""
    return type(value) is int


def is_digest(value: Any) -> bool:
    """Whether it is a SHA-256 in hexadecimal."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def is_date(value: Any) -> bool:
    """Whether it is null or a day."""
    return value is None or (isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is not None)


def is_list_of_texts(value: Any) -> bool:
    """Whether it is an array of texts."""
    return isinstance(value, list) and all(map(is_text, as_list(value)))


FORM_OF_MANIFEST: Final[dict[str, Callable[[Any], bool]]] = {
    "format": lambda value: value == "numbering-bundle/1",
    "software": is_text,
    "made_at": is_text,
    "origin": is_text,
    "log": is_count,
    "firm_id": is_text,
    "mode": lambda value: value in ("live", "test"),
    "series": lambda value: value is None or (is_list_of_texts(value) and len(set(value)) == len(value)),
    "from": is_date,
    "to": is_date,
    "position": is_count,
    "as_of": lambda value: value is None or is_count(value),
    "size": is_count,
    "events": is_count,
    "notes": is_count,
    "documents": is_count,
    "has_bodies": lambda value: isinstance(value, bool),
    "files": lambda value: isinstance(value, dict) and all(map(is_digest, as_object(value).values())),
}


def read_manifest(members: dict[str, Member]) -> dict[str, Any]:
    """The manifest, each field of its form."""
    place = {"member": "manifest.json"}
    manifest = strict_json(members["manifest.json"].whole(), **place)
    check_form(manifest, FORM_OF_MANIFEST, "manifest", **place)
    if not manifest["origin"].endswith(f"/log/{manifest['log']}"):
        raise FaultError("manifest", "it is not the origin of this log", field="origin", **place)
    if manifest["size"] < manifest["position"]:
        raise FaultError("manifest", "the last note does not cover the bundle", field="size", **place)
    return dict(manifest)


def check_form(found: Any, form: dict[str, Callable[[Any], bool]], code: str, **place: str | int) -> None:
    """Check that it is an object with these fields and no others."""
    if not isinstance(found, dict):
        raise FaultError(code, "it is no object", field="", **place)
    found = as_object(found)
    for name, has_form in form.items():
        if name not in found:
            raise FaultError(code, "the field is missing", field=name, **place)
        if not has_form(found[name]):
            raise FaultError(code, f"{json.dumps(found[name])[:80]} cannot be its value", field=name, **place)
    for name in found:
        if name not in form:
            raise FaultError(code, "there is no such field", field=name, **place)


def check_counts(manifest: dict[str, Any], counts: dict[str, int], history: "History") -> None:
    """Compare what was counted with the manifest."""
    for name in ("size", "events", "notes", "documents"):
        if manifest[name] != counts[name]:
            why = f"it says {manifest[name]}, but there are {counts[name]}" if name != "size" else "not the last note's"
            raise FaultError("manifest", why, member="manifest.json", field=name)
    if history.position == manifest["position"] and manifest["as_of"] != (history.at if history.position else None):
        raise FaultError("manifest", "it is not the time of the last event", member="manifest.json", field="as_of")


# Part 3: keys, notes and signatures.

ED25519: Final = 0x01
ED25519_COSIGNATURE: Final = 0x04
ML_DSA_44: Final = 0x06
PUBLIC_BYTES: Final = {ED25519: 32, ED25519_COSIGNATURE: 32, ML_DSA_44: 1312}


@dataclass(frozen=True)
class Key:
    """A verifier key (C2SP signed-note): a public key under a name."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """What a signature line names the key by, besides its name."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def fingerprint(self) -> str:
        """What two people compare."""
        return "SHA256:" + base64.b64encode(sha256(self.public).digest()).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes that this base64 stands for. Raises ValueError, also for another way to write the same bytes."""
    found = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(found).decode() != text:
        raise ValueError("base64 of another form")
    return found


def parse_key(text: str) -> Key:
    """The key in this text: name+id+key. Raises ValueError."""
    name, key_id, material = text.split("+", 2)
    public = decoded(material)
    key = Key(name, public[0] if public else 0, public[1:])
    if not is_name(name) or len(key.public) != PUBLIC_BYTES.get(key.kind) or key.id.hex() != key_id:
        raise ValueError("no verifier key")
    return key


def is_name(text: str) -> bool:
    """Whether a key may have this name."""
    return text != "" and not re.search(r"[\s+\x00-\x1f\ud800-\udfff]", text)


def given_keys(arguments: list[str]) -> list[Key]:
    """The keys of the command line: each argument is a key, or a file with one a line. Raises UnusableError."""
    found: list[Key] = []
    for argument in arguments:
        try:
            lines = [argument] if "+" in argument else Path(argument).read_text("utf-8").split("\n")
            found += [parse_key(line.strip()) for line in lines if line.strip()]
        except (OSError, ValueError) as error:
            raise UnusableError(f"{argument[:80]} is no verifier key and no file of them") from error
    return found


@dataclass
class Trust:
    """The keys that count. `chain` are the log's Ed25519 keys, the oldest first, each of which vouches for the next."""

    given: list[Key]
    witnesses: list[Key]
    chain: list[Key] = field(default_factory=list[Key])
    others: list[Key] = field(default_factory=list[Key])
    unchecked_kinds: set[str] = field(default_factory=set[str])

    def take(self, listed: list[Key], rotations: list[list[Key]], place: "Callable[[int], Place]") -> None:
        """Find the chain from the keys that the file lists, the newest first, and compare it with the keys given.

        `place` is that of the key with an index in `listed`.
        """
        present = [(index, key) for index, key in enumerate(listed) if key.kind == ED25519]
        self.chain = (
            [rotations[0][0], *(each[1] for each in rotations)] if rotations else [key for _, key in present[:1]]
        )
        for (index, key), due in zip(present, reversed(self.chain), strict=False):
            if key != due:
                raise FaultError("key-chain", "the rotations do not lead to this key", **place(index))
        if len(present) != len(self.chain) or not present:
            index = present[len(self.chain)][0] if len(present) > len(self.chain) else len(listed)
            raise FaultError("key-chain", "the keys are not those of the rotations", **place(index))
        if self.given and not set(self.given) & set(self.chain):
            raise FaultError("key-chain", "none of the keys that you gave leads to this key", **place(0))
        vouched = {key for rotation in rotations for key in rotation[2:]} | set(self.given)
        first = {key for key in listed if key.kind == ML_DSA_44} if not self.given else set[Key]()
        self.others = [key for key in listed if key.kind == ML_DSA_44 and key in vouched | first]

    def take_witnesses(self, listed: list[Key], result: Result) -> None:
        """Without witnesses given, those that the file lists count, and it is said."""
        if not self.witnesses:
            self.witnesses = [key for key in listed if key.kind != ED25519]
            if self.witnesses:
                result.not_checked.append("the keys of witnesses, which are those in the file: compare them too")

    def tell(self, result: Result) -> None:
        """Say which keys were trusted."""
        prints = ", ".join(f"{key.name} {key.fingerprint}" for key in reversed(self.chain))
        if self.given:
            result.checked.append(f"the keys: those you gave, and those that they lead to: {prints}")
        else:
            result.not_checked.append(
                f"the keys: those in the file were trusted, so this shows only that the file agrees with itself. Ask "
                f"the firm that runs the service, by another way, for `numbering evidence key`, and compare: {prints}"
            )


def is_signed(text: str, signature: bytes, key: Key, trust: Trust) -> bool:
    """Whether it is this key's signature of the text of a note."""
    written, time, timed = text.encode(), signature[:8], signature[8:]
    try:
        if key.kind == ED25519:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, written)
            return True
        origin, size, root = text.split("\n")[:3]
        at = int.from_bytes(time, "big")
        if len(time) < 8 or at >= 1 << 63:
            return False
        if key.kind == ED25519_COSIGNATURE:
            Ed25519PublicKey.from_public_bytes(key.public).verify(
                timed, f"cosignature/v1\ntime {at}\n".encode() + written
            )
            return True
        name, tree = key.name.encode(), origin.encode()
        message = b"subtree/v1\n\0" + bytes([len(name)]) + name + time + bytes([len(tree)]) + tree
        message += bytes(8) + int(size).to_bytes(8, "big") + decoded(root)
        if MLDSA44PublicKey is None:
            raise UnsupportedAlgorithm("ML-DSA-44")
        MLDSA44PublicKey.from_public_bytes(key.public).verify(timed, message)
    except UnsupportedAlgorithm:
        trust.unchecked_kinds.add("ML-DSA-44")
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass
class Note:
    """A signed note: a text, and signature lines as name, id of the key, and signature."""

    text: str
    signatures: list[tuple[str, bytes, bytes]]

    def by(self, key: Key) -> list[bytes]:
        """The signatures that say that they are of this key."""
        return [signature for name, key_id, signature in self.signatures if (name, key_id) == (key.name, key.id)]


def parse_note(whole: Any) -> Note:
    """The note written so (C2SP signed-note). Raises ValueError."""
    if not is_text(whole) or len(whole.encode()) > 262_144 or re.search(r"[\x00-\x09\x0b-\x1f]", whole):
        raise ValueError("no note")
    text, empty, lines = whole.rpartition("\n\n")
    *each, end = lines.split("\n")
    if not empty or end or not 1 <= len(each) <= 64:
        raise ValueError("it does not end in an empty line and signature lines")
    signatures: list[tuple[str, bytes, bytes]] = []
    for line in each:
        dash, name, encoded = line.split(" ")
        signed = decoded(encoded)
        if dash != "\u2014" or not is_name(name) or len(signed) <= 4:
            raise ValueError("no signature line")
        signatures.append((name, signed[:4], signed[4:]))
    return Note(text + "\n", signatures)


def parse_checkpoint(text: str) -> tuple[str, int, bytes]:
    """Origin, size and root. Raises ValueError."""
    origin, size, root, end = text.split("\n")
    if end or not origin or not re.fullmatch("0|[1-9][0-9]{0,15}", size) or int(size) > NUMBER_MAX:
        raise ValueError("no checkpoint")
    if len(decoded(root)) != 32:
        raise ValueError("no root")
    return origin, int(size), decoded(root)


def keys_of_bundle(members: dict[str, Member], origin: str, trust: Trust, result: Result) -> None:
    """Read the keys of a bundle, and find out which to trust."""
    keys, witnesses = (
        [
            key_of(line.decode("utf-8", "replace"), origin if name == "keys.txt" else None, member=name, line=number)
            for number, line in members[name].lines("key-form")
        ]
        for name in ("keys.txt", "witnesses.txt")
    )
    rotations: list[list[Key]] = []
    for number, line in members["rotations.jsonl"].lines("json"):
        place: Place = {"member": "rotations.jsonl", "line": number}
        rotations.append(parse_rotation(strict_json(line, **place), origin, rotations, trust, place))
    trust.take(keys, rotations, lambda index: {"member": "keys.txt", "line": index + 1})
    trust.take_witnesses(witnesses, result)
    trust.tell(result)


def key_of(text: str, origin: str | None, **place: str | int) -> Key:
    """The key in this line; a key of the log must have its origin as the name. Raises FaultError."""
    try:
        key = parse_key(text)
        if origin is not None and (key.name != origin or key.kind == ED25519_COSIGNATURE):
            raise ValueError("it is no key of this log")
    except ValueError as error:
        raise FaultError("key-form", f"no verifier key that may be here: {error}", **place) from error
    return key


def parse_rotation(whole: Any, origin: str, before: list[list[Key]], trust: Trust, place: Place) -> list[Key]:
    """The keys of a rotation: the one before, the one after, and perhaps the ML-DSA-44 key after."""
    try:
        note = parse_note(whole)
        head, named, *lines, end = note.text.split("\n")
        keys = [parse_key(line) for line in lines]
        if (head, named, end) != ("numbering-key-rotation/v1", origin, "") or any(key.name != origin for key in keys):
            raise ValueError("no rotation of this log")
        if [key.kind for key in keys] not in ([ED25519, ED25519], [ED25519, ED25519, ML_DSA_44]):
            raise ValueError("its keys are of another kind")
        if before and before[-1][1] != keys[0]:
            raise ValueError("it begins with another key than the one before ended with")
        for key in keys[:2]:
            if not note.by(key) or not all(is_signed(note.text, each, key, trust) for each in note.by(key)):
                raise ValueError(f"{key.fingerprint} did not sign it")
    except ValueError as error:
        raise FaultError("rotation", str(error), **place) from error
    return keys


class Notes:
    """The notes: their sizes and roots, all signatures verified."""

    def __init__(self, trust: Trust) -> None:
        self.sizes, self.roots = array("Q"), bytearray()
        self.newest_key = self.cosigned = self.cosignatures = 0
        self.trust = trust

    def read(self, member: Member, origin: str) -> None:
        """Verify and keep every note of a bundle."""
        for number, line in member.lines("json"):
            place: Place = {"member": member.name, "line": number}
            self.add(strict_json(line, **place), origin, place)

    @property
    def size(self) -> int:
        """The size of the last note."""
        return self.sizes[-1] if self.sizes else 0

    def add(self, whole: Any, origin: str, place: Place) -> None:
        """Verify one note, and keep it."""
        try:
            note = parse_note(whole)
            named, size, root = parse_checkpoint(note.text)
        except ValueError as error:
            raise FaultError("note-form", f"no note: {error}", **place) from error
        if named != origin:
            raise FaultError("note-origin", f"it is a note of {named}", **place)
        if self.sizes and size <= self.sizes[-1]:
            raise FaultError("note-order", f"its size {size} is not above the one before, {self.sizes[-1]}", **place)
        self.verify(note, size, place)
        self.sizes.append(size)
        self.roots += root

    def verify(self, note: Note, size: int, place: Place) -> None:
        """Verify the signatures of the keys that count; the lines of other keys say nothing."""
        trust = self.trust
        signers = [index for index, key in enumerate(trust.chain) if note.by(key)]
        for key in [*trust.chain, *trust.others]:
            for signature in note.by(key):
                if not is_signed(note.text, signature, key, trust):
                    raise FaultError("note-signature", f"the signature of {key.fingerprint} is wrong", **place)
        if not signers:
            raise FaultError("note-key", "no key signed it that is trusted", **place)
        if signers[-1] < self.newest_key:
            raise FaultError("note-key", "only a key signed it that was rotated before", **place)
        self.newest_key = signers[-1]
        seen = 0
        for key in trust.witnesses:
            for signature in note.by(key):
                if not is_signed(note.text, signature, key, trust):
                    raise FaultError("cosignature", f"the co-signature of {key.name} is wrong", **place)
                seen += 1
        self.cosignatures += seen
        self.cosigned = size if seen else self.cosigned

    def tell(self, result: Result) -> None:
        """Say what was verified."""
        result.checked.append(f"{len(self.sizes)} notes up to size {self.size}, each signed by the log")
        if self.cosignatures:
            of = f"{self.cosignatures} co-signatures of witnesses, the last one on the note of size {self.cosigned}"
            result.checked.append(of)
        else:
            result.not_checked.append(
                "co-signatures: no known witness signed a note, so the notes rest on the log alone"
            )
        result.not_checked += [
            f"signatures of kind {kind}: `cryptography` is too old" for kind in self.trust.unchecked_kinds
        ]


# Part 4: events and the tree.


def up_to(largest: int) -> str:
    """A pattern of the numbers from 0 to `largest`, without leading zeroes."""
    digits = str(largest)
    below = [
        f"{digits[:at]}[0-{int(digit) - 1}][0-9]{{{len(digits) - at - 1}}}"
        for at, digit in enumerate(digits)
        if digit > "0"
    ]
    below[0] = below[0].replace("[0-", "[1-", 1)
    return f"(?:[1-9][0-9]{{0,{len(digits) - 2}}}|0|{'|'.join(below)}|{digits})"


NUMBER: Final = up_to(NUMBER_MAX)
PLAIN: Final = r'[^"\\\x00-\x1f]*'
ESCAPED: Final = rf'{PLAIN}(?:\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f])){PLAIN})*'
"""What may stand between the quotes of a text: without escapes, which is nearly always so, and with those allowed."""

FIELDS: Final = {
    "series-opened/1": "name text, document_type fiscal|proforma, description text?, format text, start_number number, "
    "year number, is_primary flag; replaces text?",
    "series-described/1": "description text?",
    "series-made-primary/1": "replaces text?",
    "series-locked/1": "device_id text, session_id number?, user_id number?, platform ios|android|web?",
    "series-unlocked/1": "device_id text, is_forced flag",
    "gap-explained/1": "first number, last number, code device_failure|printer_failure|network_failure|operator_error|"
    "customer_left|training|device_retired|database_restored|other, text text",
    "numbers-reserved/1": "first number, last number, device_id text?, expires_at number, token_key text?; "
    "token_nonce number?",
    "numbers-lost/1": "first number, last number, reason text",
    "reservation-consumed/1": "reservation number, number number, full_number text, document_id text, date date, "
    "content digest; client_local_uuid text?, reverses text?",
    "reservation-released/1": "reservation number, number number",
    "reservation-expired/1": "reservation number, ranges ranges",
    "document-voided/1": "number number, full_number text, document_id text, content digest?",
    "document-unvoided/1": "number number, full_number text, document_id text",
    "number-withdrawn/1": "number number, full_number text, document_id text, date date",
    "document-changed/1": "number number, full_number text, document_id text, date_before date, date date, "
    "content digest",
    "document-reversed/1": "number number, full_number text, document_id text, reversal_number number, "
    "reversal_full_number text, reversal_id text",
    "document-erased/1": "number number, full_number text, document_id text, content digest?, reason digest?",
    "draft-saved/1": "document_id text, content digest",
    "draft-voided/1": "document_id text, content digest?",
    "draft-deleted/1": "document_id text",
    "draft-erased/1": "document_id text, content digest?, reason digest?",
}
"""The fields of each type of event, in their order. An old record may lack those after the semicolon."""


TRACE: Final = '(?:,"traceparent":"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")?'
"""What may follow the event: the trace of the request that caused it."""


@dataclass
class Form:
    """How the fields of an event are written, their names, and which of them are numbers or other JSON."""

    pattern: re.Pattern[str]
    names: list[str]
    numbers: list[str]
    others: list[str]


def pattern_of(kind: str, text: str) -> str:
    """The pattern of a value of this kind; its group is the value, without quotes, and has nothing for null."""
    word, null = kind.removesuffix("?"), "|null" if kind.endswith("?") else ""
    bare = {
        "number": NUMBER,
        "flag": "true|false",
        "ranges": rf"\[\[{NUMBER},{NUMBER}\](?:,\[{NUMBER},{NUMBER}\])*\]",
    }
    quoted = {
        "text": text,
        "digest": "[0-9a-f]{64}",
        "date": "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])",
    }
    return f"(?:({bare[word]}){null})" if word in bare else f'(?:"({quoted.get(word, word)})"{null})'


def form_of(fields: str, text: str) -> Form:
    """The form of the events with these fields."""
    form, pattern, is_old = Form(re.compile(""), [], [], []), "", False
    for field_of_type in re.split(", |(?=; )", fields):
        is_old = is_old or field_of_type.startswith("; ")
        name, kind = field_of_type.removeprefix("; ").split(" ")
        pattern += f'(?:,"{name}":{pattern_of(kind, text)}){"?" if is_old else ""}'
        form.names.append(name)
        form.numbers += [name] if kind.startswith("number") else []
        form.others += [name] if kind in ("flag", "ranges") else []
    form.pattern = re.compile(pattern + r"\}" + TRACE + r"\}")
    return form


def head_of(text: str) -> re.Pattern[str]:
    """The pattern of a record up to the type of its event."""

    def value(kind: str) -> str:
        return pattern_of(kind, text)

    return re.compile(
        rf'\{{"log":{value("number")},"position":{value("number")},"stream":{value("text")},'
        rf'"series_name":{value("text?")},"version":{value("number")},"previous":{value("number")},'
        rf'"firm_id":{value("text")},"mode":{value("live|test")},"at":{value("number")},'
        rf'"actor":\{{"kind":{value("key|session|system")},"id":{value("text")},"user_id":{value("number?")}\}},'
        rf'"device_id":{value("text?")},"command_id":{value("text")},"idempotency_key":{value("text?")},'
        rf'"event":\{{"type":{value("[a-z]+(?:-[a-z]+)*/[1-9]")}'
    )


HEADS: Final = {text: head_of(text) for text in (PLAIN, ESCAPED)}
FORMS: Final = {text: {kind: form_of(fields, text) for kind, fields in FIELDS.items()} for text in (PLAIN, ESCAPED)}


@dataclass(slots=True)
class Event:
    """An event, as its canonical bytes say it. `by` is the actor, `says` has the fields of its type."""

    log: int
    position: int
    stream: str
    series_name: str | None
    version: int
    previous: int
    firm_id: str
    mode: str
    at: int
    by: str
    type: str
    says: dict[str, Any]


def parse_event(line: bytes) -> Event | None:
    """The event in these canonical bytes; None if they are no canonical bytes of a known type."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    kind_of_text = ESCAPED if "\\" in text else PLAIN
    head = HEADS[kind_of_text].match(text)
    form = FORMS[kind_of_text].get(head[16]) if head else None
    rest = form.pattern.fullmatch(text, head.end()) if head and form else None
    if not head or not form or not rest:
        return None
    values, fields = head.groups(), dict[str, Any](zip(form.names, rest.groups(), strict=True))
    if kind_of_text is ESCAPED:
        values = tuple(map(unescaped, values))
        fields = {name: unescaped(value) for name, value in fields.items()}
    for name in form.numbers:
        if fields[name] is not None:
            fields[name] = int(fields[name])
    for name in form.others:
        fields[name] = json.loads(fields[name])
    log, position, stream, series_name, version, previous, firm_id, mode, at, kind, actor, *_, type_ = values
    by = f"{kind}:{actor}"
    return Event(
        *(int(log), int(position), stream, series_name, int(version), int(previous)),
        *(firm_id, mode, int(at), by, type_, fields),
    )


def unescaped(written: str | None) -> Any:
    """What stands between the quotes of a text, as it is meant."""
    return json.loads(f'"{written}"') if written is not None and "\\" in written else written


@dataclass
class Scope:
    """What the events of a file must be of; `position` and `at` are those of the event before."""

    log: int
    firm_id: str
    mode: str
    series: set[str] | None
    last: int
    as_of: int | None
    position: int = 0
    at: int = 0

    def read(self, line: bytes, member: str | None, number: int) -> Event:
        """The event in this line, or with this index if it is in no member; it must be the next one."""
        event = parse_event(line)
        if event is None:
            says = "it is not the canonical bytes of an event of a known type"
            raise FaultError("event-form", says, **place_of_event(member, number))
        place = partial(place_of_event, member, number, event.position)
        if event.log != self.log or event.firm_id != self.firm_id or event.mode != self.mode:
            raise FaultError("event-scope", "it is of another log, firm or mode", **place())
        if self.series is not None and event.stream not in self.series:
            raise FaultError("event-scope", f"it is of the stream {event.stream}", **place())
        latest = NUMBER_MAX if self.as_of is None else self.as_of
        if not self.position < event.position <= self.last or not self.at <= event.at <= latest:
            why = f"position or time do not lie between those of position {self.position} and of the file"
            raise FaultError("event-order", why, **place())
        self.position, self.at = event.position, event.at
        return event


def place_of_event(member: str | None, number: int, position: int | None = None) -> Place:
    """Where an event is: the line of a member, or without one the index in a receipt."""
    place: Place = {"field": f"events.{number}"} if member is None else {"member": member, "line": number}
    return place if position is None else {**place, "position": position}


class Tree:
    """The Merkle tree, from left to right: events are its leaves, and the cover has the nodes between them."""

    def __init__(self, cover: Member, notes: Notes) -> None:
        self.index = self.note = self.byte = 0
        self.stack: list[tuple[int, bytes]] = []
        self.notes, self.next_size = notes, notes.sizes[0] if notes.sizes else UNBOUNDED
        self.nodes = self.read(cover)

    def read(self, cover: Member) -> Iterator[tuple[int, bytes]]:
        """Height and hash of each node."""
        rest = b""
        for chunk in cover.chunks():
            rest += chunk
            whole = len(rest) - len(rest) % 33
            for at in range(0, whole, 33):
                yield rest[at], rest[at + 1 : at + 33]
            rest = rest[whole:]
        if rest:
            yield 63, rest

    def reach(self, index: int) -> None:
        """Take nodes of the cover until the next leaf is this one. Nothing may reach beyond the last note."""
        size = self.notes.size
        while self.index < index:
            height, digest = next(self.nodes, (63, b""))
            end = self.index + (1 << height)
            if height > 62 or self.index % (1 << height) or end > min(index, size):
                raise FaultError(
                    "cover", f"no node is here that fits before leaf {index}", member="cover.bin", byte=self.byte
                )
            self.byte += 33
            self.push(height, digest)

    def leaf(self, index: int, line: bytes) -> None:
        """Take the event with this index."""
        if self.index < index:
            self.reach(index)
        if self.next_size == UNBOUNDED:
            raise FaultError("cover", "an event lies beyond the last note", member="cover.bin", byte=self.byte)
        self.push(0, sha256(b"\0" + sha256(line).digest()).digest())

    def push(self, height: int, digest: bytes) -> None:
        """Put the root of the next 2^height leaves on the stack, and join what is of one height."""
        self.index += 1 << height
        stack = self.stack
        while stack and stack[-1][0] == height:
            digest = sha256(b"\1" + stack.pop()[1] + digest).digest()
            height += 1
        stack.append((height, digest))
        if self.index >= self.next_size:
            self.compare(self.next_size)

    def compare(self, size: int) -> None:
        """Compare the root with that of the note, which has this size."""
        if size < self.index:
            raise FaultError(
                "cover", f"a node reaches across the note of size {size}", member="cover.bin", byte=self.byte - 33
            )
        root = self.stack[-1][1]
        for _, digest in reversed(self.stack[:-1]):
            root = sha256(b"\1" + digest + root).digest()
        if root != bytes(self.notes.roots[32 * self.note : 32 * self.note + 32]):
            before = self.notes.sizes[self.note - 1] if self.note else 0
            why = f"what the log signed is something else than the events from position {before + 1} to {size}"
            raise FaultError("root", why, member="notes.jsonl", line=self.note + 1)
        self.note += 1
        self.next_size = self.notes.sizes[self.note] if self.note < len(self.notes.sizes) else UNBOUNDED

    def end(self) -> None:
        """Take the nodes after the last event; none may be left."""
        self.reach(self.notes.size)
        if self.index != self.notes.size or next(self.nodes, None) is not None:
            raise FaultError(
                "cover", "something is left after the size of the last note", member="cover.bin", byte=self.byte
            )


def check_tree(
    members: dict[str, Member], manifest: dict[str, Any], notes: Notes, history: "History", documents: "Documents"
) -> int:
    """Read the events once, and return how many they are. What is wrong with history or documents is kept for later."""
    tree, number = Tree(members["cover.bin"], notes), 0
    series = None if manifest["series"] is None else set(manifest["series"])
    scope = Scope(
        log=manifest["log"],
        firm_id=manifest["firm_id"],
        mode=manifest["mode"],
        series=series,
        last=manifest["position"],
        as_of=manifest["as_of"],
    )
    for number, line in members["events.jsonl"].lines("event-form"):
        event = scope.read(line, "events.jsonl", number)
        tree.leaf(event.position - 1, line)
        history.add(event, number)
        documents.add(event)
    tree.end()
    return number


# Part 5: the history of numbers.


class BrokenHistoryError(Exception):
    """An event does not follow from those before it; `code` is that of the fault."""

    def __init__(self, says: str, code: str = "history") -> None:
        super().__init__(says)
        self.code = code


FATES: Final = ("standing", "voided", "withdrawn", "pending", "released", "expired", "lost")
STANDING, VOIDED, WITHDRAWN, PENDING, RELEASED, EXPIRED, LOST = range(7)
RESERVED_MAX: Final = 50


@dataclass(slots=True)
class Gap:
    """Numbers that no document carries: `at` and `by` are of the event at `position`, which made them a gap."""

    first: int
    last: int
    fate: int
    at: int
    by: str
    position: int
    reason: str | None = None


class Series:
    """A series after the events so far. What is known of each number that was reserved is in columns, by its slot.

    `about` is None if all events are there. A receipt has only those about some numbers; then these are the first and
    the last of them, and nothing is said about others.
    """

    def __init__(self, event: Event, documents: set[str], about: tuple[int, int] | None) -> None:
        says = event.says
        self.id, self.firm_id, self.mode, self.name = event.stream, event.firm_id, event.mode, says["name"]
        self.format, self.document_type, self.start = says["format"], says["document_type"], says["start_number"]
        self.next, self.version, self.position = self.start, 0, 0
        self.numbered, self.about = documents, about
        # Of each block: its first number, its first slot, its event, when, until when (0 if at once), and by whom.
        self.firsts, self.slots, self.blocks = array("Q"), array("Q"), array("Q")
        self.ats, self.untils, self.devices, self.actors = array("Q"), array("Q"), list[str | None](), list[str]()
        # Of each number: its fate, since when, the document that has or had it, with its first and its present date.
        self.fates, self.since, self.documents = bytearray(), array("Q"), list[str | None]()
        self.issued, self.dates = list[str](), list[str]()
        self.counts = [0] * len(FATES)
        self.gaps: list[Gap] = []
        self.gap_starts, self.gap_ends = list[int](), list[int]()
        self.explanations: list[dict[str, Any]] = []

    def apply(self, event: Event) -> None:
        """Add the next event. Raises BrokenHistoryError."""
        says = event.says
        match event.type:
            case "numbers-reserved/1":
                self.reserve(event)
            case "numbers-lost/1":
                self.take(says["first"], says["last"])
                self.counts[LOST] += says["last"] - says["first"] + 1
                self.add_gap(event, says["first"], says["last"], LOST, says["reason"])
            case "reservation-consumed/1":
                self.consume(event)
            case "reservation-released/1":
                self.end(event, says["number"], says["number"], RELEASED)
            case "reservation-expired/1":
                for first, last in says["ranges"]:
                    self.end(event, first, last, EXPIRED)
            case "gap-explained/1":
                self.explain(event)
            case kind:
                if kind in ABOUT_DOCUMENTS:  # the others move no number
                    self.change(event, *ABOUT_DOCUMENTS[kind])

    def take(self, first: int, last: int) -> None:
        """The counter moves past these numbers."""
        is_next = first == self.next if self.about is None else first >= self.next
        if not is_next or last < first or last > NUMBER_MAX:
            raise BrokenHistoryError(f"it takes the numbers {first} to {last}, but the next number is {self.next}")
        self.next = last + 1

    def reserve(self, event: Event) -> None:
        """A block is taken, and its numbers are pending."""
        first, last, count = event.says["first"], event.says["last"], event.says["last"] - event.says["first"] + 1
        self.take(first, last)
        if count > RESERVED_MAX:
            raise BrokenHistoryError(f"it reserves {count} numbers at once")
        self.firsts.append(first)
        self.slots.append(len(self.fates))
        self.blocks.append(event.position)
        self.ats.append(event.at)
        self.untils.append(event.says["expires_at"] if event.says["token_key"] is not None else 0)
        self.devices.append(event.says["device_id"] and sys.intern(event.says["device_id"]))
        self.actors.append(sys.intern(event.by))
        for _ in range(count):
            self.fates.append(PENDING)
            self.since.append(0)
            self.documents.append(None)
            self.issued.append("")
            self.dates.append("")
        self.counts[PENDING] += count

    def place(self, number: int) -> tuple[int, int] | None:
        """The block of a number, and its slot; None if it was never reserved."""
        block = len(self.firsts) - 1
        if block < 0 or number < self.firsts[block]:
            block = bisect_right(self.firsts, number) - 1
        if block < 0:
            return None
        slot = self.slots[block] + number - self.firsts[block]
        end = self.slots[block + 1] if block + 1 < len(self.slots) else len(self.fates)
        return (block, slot) if slot < end else None

    def move(self, slot: int, fate: int, at: int) -> None:
        """The number has another fate."""
        self.counts[self.fates[slot]] -= 1
        self.counts[fate] += 1
        self.fates[slot], self.since[slot] = fate, at

    def pending(self, event: Event, number: int) -> int:
        """The slot of a number, which must be pending in the block that the event names."""
        found = self.place(number)
        if not found or self.blocks[found[0]] != event.says["reservation"] or self.fates[found[1]] != PENDING:
            raise BrokenHistoryError(
                f"number {number} is not pending in the block of position {event.says['reservation']}"
            )
        return found[1]

    def end(self, event: Event, first: int, last: int, fate: int) -> None:
        """Pending numbers become a gap."""
        if not first <= last < first + RESERVED_MAX:
            raise BrokenHistoryError(f"the numbers {first} to {last} are in no block")
        for number in range(first, last + 1):
            self.move(self.pending(event, number), fate, event.at)
        self.add_gap(event, first, last, fate)

    def consume(self, event: Event) -> None:
        """A document carries a pending number."""
        number, document, date = event.says["number"], event.says["document_id"], sys.intern(event.says["date"])
        slot = self.pending(event, number)
        if document in self.numbered:
            raise BrokenHistoryError(f"document {document} has a number already")
        self.numbered.add(document)
        self.documents[slot], self.issued[slot], self.dates[slot] = document, date, date
        self.require_printed(event.says["full_number"], number, slot)
        self.move(slot, STANDING, event.at)

    def printed(self, number: int, year: str = "{year}") -> str:
        """A number in the format of the series."""
        return str(self.format.replace("{year}", year).replace("{number}", f"{number:05d}"))

    def require_printed(self, shown: str, number: int, slot: int) -> None:
        """The document must show its number as the format says."""
        if shown != self.printed(number, self.issued[slot][:4]):
            raise BrokenHistoryError(f"number {number} cannot be printed as {shown!r}")

    def change(self, event: Event, before: tuple[int, ...], after: int | None) -> None:
        """Something happens to a document, which must be on its number, with one of these fates."""
        says = event.says
        slot = self.on(says["number"], says["document_id"], says["full_number"], before)
        if event.type == "document-reversed/1":
            self.on(says["reversal_number"], says["reversal_id"], says["reversal_full_number"], before)
        if slot is None:
            return
        if says.get("date_before", self.dates[slot]) != self.dates[slot]:
            raise BrokenHistoryError(f"number {says['number']} is not dated {says['date_before']}")
        if event.type == "document-changed/1":
            self.dates[slot] = sys.intern(says["date"])
        if event.type == "number-withdrawn/1":
            if says["date"] != self.dates[slot] or (self.about is None and says["number"] + 1 != self.next):
                raise BrokenHistoryError(f"number {says['number']} has another date, or is not the last one taken")
            self.add_gap(event, says["number"], says["number"], WITHDRAWN)
        if after is not None:
            self.move(slot, after, event.at)

    def on(self, number: int, document: str, shown: str, fates: tuple[int, ...]) -> int | None:
        """The slot of the number, which must be on this document; None if the file is not about this number."""
        if self.about is not None and not self.about[0] <= number <= self.about[1]:
            return None
        found = self.place(number)
        if not found or self.documents[found[1]] != document or self.fates[found[1]] not in fates:
            raise BrokenHistoryError(
                f"number {number} is not {' or '.join(FATES[fate] for fate in fates)} on {document}"
            )
        self.require_printed(shown, number, found[1])
        return found[1]

    def add_gap(self, event: Event, first: int, last: int, fate: int, reason: str | None = None) -> None:
        """Keep a gap; and which numbers are gaps, as few ranges in order."""
        self.gaps.append(Gap(first, last, fate, event.at, event.by, event.position, reason))
        starts, ends = self.gap_starts, self.gap_ends
        at = bisect_left(starts, first)
        if at and ends[at - 1] == first - 1:
            at, first = at - 1, starts[at - 1]
            del starts[at], ends[at]
        if at < len(starts) and starts[at] == last + 1:
            last = ends[at]
            del starts[at], ends[at]
        starts.insert(at, first)
        ends.insert(at, last)

    def explain(self, event: Event) -> None:
        """Keep an explanation; all of its numbers must be gaps."""
        first, last = event.says["first"], event.says["last"]
        low, high = (first, last) if self.about is None else (max(first, self.about[0]), min(last, self.about[1]))
        at = bisect_right(self.gap_starts, low) - 1
        if last < first or at < 0 or self.gap_ends[at] < high:
            raise BrokenHistoryError(f"the numbers {low} to {high} are not all gaps")
        self.explanations.append(
            {
                "object": "gap_explanation",
                "first": first,
                "last": last,
                "code": event.says["code"],
                "text": event.says["text"],
                "explained_at": event.at,
                "explained_by": event.by,
                "position": event.position,
            }
        )

    def numbers(self) -> Iterator[tuple[int, int]]:
        """Each number that was reserved, in order, with its slot."""
        for block, first in enumerate(self.firsts):
            slot = self.slots[block]
            end = self.slots[block + 1] if block + 1 < len(self.slots) else len(self.fates)
            for at in range(slot, end):
                yield first + at - slot, at

    def equation(self) -> dict[str, int]:
        """How the numbers that were taken add up."""
        return {"taken": self.next - self.start, **dict(zip(FATES, self.counts, strict=True))}


ABOUT_DOCUMENTS: Final[dict[str, tuple[tuple[int, ...], int | None]]] = {
    "document-voided/1": ((STANDING,), VOIDED),
    "document-unvoided/1": ((VOIDED,), STANDING),
    "number-withdrawn/1": ((VOIDED,), WITHDRAWN),
    "document-changed/1": ((STANDING,), None),
    "document-reversed/1": ((STANDING,), None),
    "document-erased/1": ((STANDING, VOIDED, WITHDRAWN), None),
}
"""The fate that a number has before, and the one it has after; None if it stays."""


class Draft:
    """A document without a number, after the events so far."""

    def __init__(self, event: Event) -> None:
        self.id, self.name, self.version, self.position, self.state = event.stream, None, 0, 0, "saved"

    def apply(self, event: Event) -> None:
        """Add the next event. Raises BrokenHistoryError."""
        what = event.type.removeprefix("draft-").removesuffix("/1")
        may_follow = {"saved": ("saved", "voided", "deleted", "erased"), "voided": ("deleted", "erased"), "deleted": ()}
        if event.says["document_id"] != self.id:
            raise BrokenHistoryError(f"it is about document {event.says['document_id']}")
        if what not in may_follow[self.state]:
            raise BrokenHistoryError(f"draft {self.id} is {self.state}, and this cannot follow")
        self.state = self.state if what == "erased" else what


class History:
    """All streams of a file after the events so far, and the first fault among them."""

    def __init__(self, about: tuple[int, int] | None = None) -> None:
        self.streams: dict[str, Series | Draft] = {}
        self.documents: set[str] = set()
        self.about = about
        self.position = self.at = 0
        self.fault: FaultError | None = None

    def add(self, event: Event, number: int) -> None:
        """Add the next event, which is in this line, or has this index. After the first fault nothing more is said."""
        self.position, self.at = event.position, event.at
        if self.fault is not None:
            return
        try:
            self.apply(event)
        except BrokenHistoryError as broken:
            is_whole = self.about is None
            place = place_of_event("events.jsonl" if is_whole else None, number, event.position if is_whole else None)
            self.fault = FaultError(broken.code, str(broken), **place)

    def apply(self, event: Event) -> None:
        """Add the event to its stream. Raises BrokenHistoryError."""
        stream = self.streams.get(event.stream)
        if stream is None and event.type == "series-opened/1":
            stream = self.streams[event.stream] = Series(event, self.documents, self.about)
        elif stream is None and event.type == "draft-saved/1":
            stream = self.streams[event.stream] = Draft(event)
        elif stream is None or event.type == "series-opened/1":
            raise BrokenHistoryError("a stream begins with the event that opens it, and has no other such", "stream")
        if isinstance(stream, Draft) != event.type.startswith("draft-") or event.series_name != stream.name:
            raise BrokenHistoryError(f"{event.type} of {event.series_name} is no event of {event.stream}", "stream")
        step = event.version - stream.version
        is_next = event.previous == stream.position if step == 1 else stream.position < event.previous < event.position
        if step < 1 or not is_next or (self.about is None and step > 1):
            says = f"version {event.version} after position {event.previous} does not follow version {stream.version}"
            raise BrokenHistoryError(f"{says} at position {stream.position}", "stream")
        stream.version, stream.position = event.version, event.position
        stream.apply(event)

    def all_series(self) -> list[Series]:
        """The series in the order in which they were opened."""
        return [stream for stream in self.streams.values() if isinstance(stream, Series)]

    def end(self) -> None:
        """Raise the first fault; then look for a number that is printed twice."""
        if self.fault is not None:
            raise self.fault
        alike: dict[tuple[str, str], list[Series]] = {}
        for series in self.all_series():  # two formats that print one number are equal but for digits
            digits = re.sub(r"(?:\{year\}|\{number\}|[0-9])+", "0", series.format)
            alike.setdefault((series.document_type, digits), []).append(series)
        for group in alike.values():
            shown = set[str]()
            for series in group if len(group) > 1 else []:
                for number, slot in series.numbers():
                    if series.documents[slot] is not None:
                        printed = series.printed(number, series.issued[slot][:4])
                        if printed in shown:
                            raise FaultError("printed-twice", f"two documents show {printed}", member="events.jsonl")
                        shown.add(printed)

    def summary(self) -> list[str]:
        """What the replay found, in words."""
        said = ["the history: versions without holes, each number with one fate, each document with one number"]
        for series in self.all_series():
            taken, *terms = series.equation().items()
            said.append(
                f"series {series.name}: {taken[1]} taken = " + " + ".join(f"{count} {name}" for name, count in terms)
            )
        return said


# Part 6: documents and reports.


class Documents:
    """The lines of documents.jsonl, one each time that an event names a content; and the first fault among them."""

    def __init__(self, member: Member, *, has_bodies: bool) -> None:
        self.name, self.lines, self.has_bodies = member.name, member.lines("json"), has_bodies
        self.count = self.bodies = 0
        self.fault: FaultError | None = None

    def add(self, event: Event) -> None:
        """Compare the next lines with the contents that the event names."""
        named = [event.says.get("content"), event.says.get("reason") if event.type in ERASURES else None]
        for digest in named:
            if digest is not None and self.fault is None:
                try:
                    self.take(digest)
                except FaultError as fault:
                    self.fault = fault

    def take(self, digest: str) -> None:
        """Check the next line, which must be about this content. Raises FaultError."""
        number, line = next(self.lines, (self.count + 1, None))
        if line == b'{"digest":"%s","state":"kept"}' % digest.encode() and not self.has_bodies:
            self.count = number
            return
        place: Place = {"member": self.name, "line": number}
        if line is None:
            raise FaultError("document", f"there is no line for the content {digest}", **place)
        self.count = number
        found = as_object(strict_json(line, **place))
        if found.get("digest") != digest:
            raise FaultError("document", f"it is not about the content {digest}, which an event names here", **place)
        has_body = self.has_bodies and found.get("state") == "kept"
        names = ["digest", "state", "salt", "body"] if has_body else ["digest", "state"]
        if list(found) != names or found["state"] not in ("kept", "erased", "lost"):
            raise FaultError("document", "it has other fields, or a state that is none", **place)
        if has_body:
            self.bodies += 1
            if content_digest(found["salt"], found["body"]) != digest:
                raise FaultError("document", "salt and body do not have this digest", **place)

    def end(self, result: Result) -> None:
        """Raise the first fault; no line may be left."""
        if self.fault is None:
            try:
                if next(self.lines, None) is not None:
                    says = "no event names this content"
                    self.fault = FaultError("document", says, member=self.name, line=self.count + 1)
            except FaultError as fault:
                self.fault = fault
        if self.fault is not None:
            raise self.fault
        result.checked.append(f"{self.count} contents that events name, {self.bodies} of them by what they say")
        if self.bodies < self.count:
            result.not_checked.append(f"what {self.count - self.bodies} contents say, which is not in the file")


ERASURES: Final = ("document-erased/1", "draft-erased/1")


def content_digest(salt: Any, body: Any) -> str | None:
    """The digest of a content; None if these are no salt and no body."""
    if not isinstance(salt, str) or not re.fullmatch("(?:[0-9a-f]{2})*", salt) or not is_text(body):
        return None
    return sha256(bytes.fromhex(salt) + body.encode()).hexdigest()


def compact(value: Any) -> bytes:
    """The value as JSON without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def check_reports(members: dict[str, Member], manifest: dict[str, Any], history: History) -> None:
    """Compare both reports, byte for byte, with those that the events give."""
    moment = {"position": manifest["position"], "time": manifest["as_of"]}
    for name, report in (("gaps.json", gap_report), ("register.json", register)):
        due = partial(whole, history.all_series(), moment, report)
        if not is_same(members[name].chunks(), due()):
            raise difference(members[name], b"".join(due()))


def whole(all_series: list[Series], moment: dict[str, Any], report: Callable[..., Iterator[bytes]]) -> Iterator[bytes]:
    """A file of reports, in pieces."""
    yield b"["
    for index, series in enumerate(all_series):
        yield b"," if index else b""
        yield from report(series, moment)
    yield b"]"


def is_same(found: Iterable[bytes], due: Iterable[bytes]) -> bool:
    """Whether both are the same bytes, however they are cut in pieces."""
    pieces, waiting, length = iter(due), list[bytes](), 0
    for chunk in found:
        while length < len(chunk):
            piece = next(pieces, None)
            if piece is None:
                return False
            waiting.append(piece)
            length += len(piece)
        joined = b"".join(waiting)
        if not joined.startswith(chunk):
            return False
        waiting, length = [joined[len(chunk) :]], length - len(chunk)
    return length == 0 and not any(pieces)


def difference(member: Member, due: bytes) -> FaultError:
    """The fault of a report, with the first value that is another one."""
    if member.size > COMPARED_MAX + 2 * len(due):
        return FaultError("report", "it is longer than what the events give", member=member.name, field="")
    found = strict_json(member.whole(), member=member.name)
    path = first_difference(found, json.loads(due))
    says = "it is not what the events give" if path is not None else "it is not written as it must be"
    return FaultError("report", says, member=member.name, field=(path or "").removeprefix("."))


COMPARED_MAX: Final = 16 * MEBIBYTE


def first_difference(found: Any, due: Any) -> str | None:
    """The path to the first value that differs, in the order of what is due; None if all are the same."""
    if isinstance(due, dict) and isinstance(found, dict):
        ours, theirs = as_object(due), as_object(found)
        for name in [*ours, *(name for name in theirs if name not in ours)]:
            if name not in theirs or name not in ours:
                return f".{name}"
            if (path := first_difference(theirs[name], ours[name])) is not None:
                return f".{name}{path}"
        return None
    if isinstance(due, list) and isinstance(found, list):
        mine, other = as_list(due), as_list(found)
        for index in range(min(len(mine), len(other))):
            if (path := first_difference(other[index], mine[index])) is not None:
                return f".{index}{path}"
        return None if len(mine) == len(other) else f".{min(len(mine), len(other))}"
    return None if (is_count(found), found) == (is_count(due), due) else ""


def report_head(series: Series, moment: dict[str, Any], kind: str) -> dict[str, Any]:
    """What both reports begin with."""
    return {
        "object": kind,
        "series_id": series.id,
        "firm_id": series.firm_id,
        "mode": series.mode,
        "series_name": series.name,
        "document_type": series.document_type,
        "format": series.format,
        "as_of": moment,
        "equation": series.equation(),
    }


def in_pieces(head: dict[str, Any], rows: Iterable[dict[str, Any]], tail: dict[str, Any]) -> Iterator[bytes]:
    """A report as JSON: the head, the rows as `data`, and the tail."""
    yield compact(head)[:-1] + b',"data":['
    for index, row in enumerate(rows):
        yield (b"," if index else b"") + compact(row)
    yield b"]" + (b"," + compact(tail)[1:] if tail else b"}")


def gap_report(series: Series, moment: dict[str, Any]) -> Iterator[bytes]:
    """The gaps of a series, as JSON; its digest is that of the report without the digest."""
    standing = [series.dates[slot] for _, slot in series.numbers() if series.fates[slot] == STANDING]
    inversions = sum(later < earlier for earlier, later in pairwise(standing))
    head = {**report_head(series, moment, "gap_report"), "duplicates": 0, "date_inversions": inversions}
    digest, before = sha256(), b""
    for piece in in_pieces(head, gap_rows(series), {}):
        digest.update(piece)
        yield before
        before = piece
    yield before[:-1] + b"," + compact({"digest": digest.hexdigest()})[1:]


def gap_rows(series: Series) -> Iterator[dict[str, Any]]:
    """The gaps of a series in the order of the numbers."""
    waiting = sorted(series.explanations, key=lambda each: each["first"], reverse=True)
    about: list[dict[str, Any]] = []
    for gap, below, above in with_neighbours(series):
        while waiting and waiting[-1]["first"] <= gap.last:
            about.append(waiting.pop())
        about = [each for each in about if each["last"] >= gap.first]
        place = series.place(gap.first)  # None for lost numbers, which nobody reserved
        block, slot = place or (0, 0)
        year = series.issued[slot][:4] if gap.fate == WITHDRAWN else "{year}"
        yield {
            "object": "gap",
            "first": gap.first,
            "last": gap.last,
            "count": gap.last - gap.first + 1,
            "printed_first": series.printed(gap.first, year),
            "printed_last": series.printed(gap.last, year),
            "reason": FATES[gap.fate],
            "device_id": series.devices[block] if place else None,
            "reserved_at": series.ats[block] if place else gap.at,
            "reserved_by": series.actors[block] if place else gap.by,
            "expires_at": (series.untils[block] or None) if place else None,
            "ended_at": gap.at,
            "ended_by": gap.by,
            "positions": [series.blocks[block] if place else gap.position, gap.position],
            "below": below,
            "above": above,
            "reason_text": gap.reason,
            "explanations": sorted(about, key=lambda each: each["position"]),
            "is_explained": is_covered(gap, about),
        }


def is_covered(gap: Gap, explanations: list[dict[str, Any]]) -> bool:
    """Whether every number of the gap is explained."""
    number = gap.first
    for each in sorted(explanations, key=lambda each: each["first"]):
        if each["first"] > number:
            return False
        number = max(number, each["last"] + 1)
    return number > gap.last


def with_neighbours(series: Series) -> Iterator[tuple[Gap, dict[str, Any] | None, dict[str, Any] | None]]:
    """Each gap in order, with the nearest documents below and above it that were not withdrawn."""
    carried = (each for each in series.numbers() if series.fates[each[1]] in (STANDING, VOIDED))
    below: tuple[int, int] | None = None
    above = next(carried, None)
    for gap in sorted(series.gaps, key=lambda gap: gap.first):
        while above is not None and above[0] < gap.first:
            below, above = above, next(carried, None)
        yield gap, neighbour(series, below), neighbour(series, above)


def neighbour(series: Series, place: tuple[int, int] | None) -> dict[str, Any] | None:
    """A number that a document carries."""
    if place is None:
        return None
    number, slot = place
    shown = series.printed(number, series.issued[slot][:4])
    return {"number": number, "full_number": shown, "date": series.dates[slot]}


def register(series: Series, moment: dict[str, Any]) -> Iterator[bytes]:
    """What became of every number of a series, as JSON."""
    return in_pieces(report_head(series, moment, "number_register"), merged(number_rows(series)), {"has_more": False})


def number_rows(series: Series) -> Iterator[dict[str, Any]]:
    """Each number that was reserved, and each range of lost ones, in order."""
    lost = [gap for gap in series.gaps if gap.fate == LOST][::-1]
    for number, slot in series.numbers():
        while lost and lost[-1].first < number:
            yield lost_row(series, lost.pop())
        block = series.place(number)[0]  # type: ignore[index]
        document, date = series.documents[slot], series.dates[slot] or None
        shown = series.printed(number, series.issued[slot][:4] if document else "{year}")
        yield {
            "object": "number_range",
            "first": number,
            "last": number,
            "printed_first": shown,
            "printed_last": shown,
            "fate": FATES[series.fates[slot]],
            "device_id": series.devices[block],
            "reserved_at": series.ats[block],
            "ended_at": None if series.fates[slot] == PENDING else series.since[slot],
            "invoice_id": document,
            "earliest_date": date,
            "latest_date": date,
        }
    for gap in reversed(lost):
        yield lost_row(series, gap)


def lost_row(series: Series, gap: Gap) -> dict[str, Any]:
    """A range of lost numbers."""
    return {
        "object": "number_range",
        "first": gap.first,
        "last": gap.last,
        "printed_first": series.printed(gap.first),
        "printed_last": series.printed(gap.last),
        "fate": FATES[LOST],
        "device_id": None,
        "reserved_at": gap.at,
        "ended_at": gap.at,
        "invoice_id": None,
        "earliest_date": None,
        "latest_date": None,
    }


def merged(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Neighbours of one fate and one device as one row."""
    open_row: dict[str, Any] | None = None
    for row in rows:
        if open_row is None:
            open_row = row
        elif (open_row["last"] + 1, open_row["fate"], open_row["device_id"]) == (
            row["first"],
            row["fate"],
            row["device_id"],
        ):
            dates = [
                each for each in (open_row["earliest_date"], open_row["latest_date"], row["earliest_date"]) if each
            ]
            open_row |= {
                "last": row["last"],
                "printed_last": row["printed_last"],
                "reserved_at": min(open_row["reserved_at"], row["reserved_at"]),
                "ended_at": max((each for each in (open_row["ended_at"], row["ended_at"]) if each), default=None),
                "invoice_id": None,
                "earliest_date": min(dates, default=None),
                "latest_date": max(dates, default=None),
            }
        else:
            yield open_row
            open_row = row
    if open_row is not None:
        yield open_row


# Part 7: receipts.


def has_fields(value: Any, **forms: Callable[[Any], bool]) -> bool:
    """Whether it is an object with exactly these fields, each of its form."""
    found = as_object(value)
    return isinstance(value, dict) and set(found) == set(forms) and all(has(found[name]) for name, has in forms.items())


def is_list_of(**forms: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Whether it is an array of objects with these fields."""
    return lambda value: isinstance(value, list) and all(has_fields(each, **forms) for each in as_list(value))


FORM_OF_RECEIPT: Final[dict[str, Callable[[Any], bool]]] = {
    "format": lambda value: value == "numbering-receipt/1",
    "kind": lambda value: value in ("number", "gap"),
    "firm_id": is_text,
    "mode": lambda value: value in ("live", "test"),
    "series": lambda value: has_fields(value, id=is_text, name=is_text),
    "first": is_count,
    "last": is_count,
    "checkpoint": is_text,
    "verifier_keys": is_list_of_texts,
    "rotations": is_list_of_texts,
    "witness_keys": is_list_of_texts,
    "events": is_list_of(record=is_text, proof=is_list_of_texts),
    "contents": is_list_of(digest=is_digest, salt=is_text, body=is_text),
    "life": lambda value: has_fields(value, en=is_list_of_texts, ro=is_list_of_texts),
    "software": is_text,
}


def receipt(written: bytes, trust: Trust, result: Result) -> None:
    """Check a receipt, step by step. Raises FaultError at the first thing that is wrong."""
    found = strict_json(written)
    check_form(found, FORM_OF_RECEIPT, "receipt")
    first, last = found["first"], found["last"]
    if not first <= last < first + 1000 or (found["kind"] == "number" and first != last):
        raise FaultError("receipt", "these numbers are no range that a receipt may have", field="last")
    size, root, log = note_of_receipt(found, trust, result)
    events = check_proofs(found, size, root, log)
    result.checked.append(f"{len(events)} events: each is in the tree of {size} entries that the log signed")

    history = History(about=(first, last))
    for index, event in enumerate(events):
        if index and not concerns(event, first, last):
            history.fault = history.fault or FaultError("history", "it is about other numbers", field=f"events.{index}")
        history.add(event, index)
    history.end()
    result.checked += fates_of(history, found)
    named = [event.says[name] for event in events for name in ("content", "reason") if is_digest(event.says.get(name))]
    for index, content in enumerate(found["contents"]):
        if content["digest"] not in named or content_digest(content["salt"], content["body"]) != content["digest"]:
            raise FaultError("document", "no event names it, or it has another digest", field=f"contents.{index}")
        named = [digest for digest in named if digest != content["digest"]]
    result.checked.append(f"{len(found['contents'])} contents: each has the digest that an event names")
    result.not_checked += ["life and software, which are the service's wording", *WHAT_NO_RECEIPT_PROVES]


WHAT_NO_RECEIPT_PROVES: Final = [
    "that there is no other event about these numbers: a bundle shows all of them",
    *WHAT_NO_BUNDLE_PROVES[1:4],
]


def note_of_receipt(found: dict[str, Any], trust: Trust, result: Result) -> tuple[int, bytes, int]:
    """Verify the note of a receipt: its size and root, and the number of the log."""
    try:
        origin, size, root = parse_checkpoint(parse_note(found["checkpoint"]).text)
        log = int(re.fullmatch(r".+/log/([1-9][0-9]{0,15})", origin)[1])  # type: ignore[index]
    except (ValueError, TypeError) as error:
        raise FaultError("note-form", f"no note of a log: {error}", field="checkpoint") from error
    listed = {
        name: [(f"{name}.{index}", line) for index, line in enumerate(found[name])]
        for name in ("verifier_keys", "witness_keys", "rotations")
    }
    keys = [key_of(line, origin, field=name) for name, line in listed["verifier_keys"]]
    witnesses = [key_of(line, None, field=name) for name, line in listed["witness_keys"]]
    rotations: list[list[Key]] = []
    for name, line in listed["rotations"]:
        rotations.append(parse_rotation(line, origin, rotations, trust, {"field": name}))
    trust.take(keys, rotations, lambda index: {"field": f"verifier_keys.{index}"})
    trust.take_witnesses(witnesses, result)
    trust.tell(result)
    notes = Notes(trust)
    notes.add(found["checkpoint"], origin, {"field": "checkpoint"})
    notes.tell(result)
    return size, root, log


def check_proofs(found: dict[str, Any], size: int, root: bytes, log: int) -> list[Event]:
    """The events of a receipt, each proven to be in the tree."""
    scope = Scope(log, found["firm_id"], found["mode"], {found["series"]["id"]}, size, None)
    events: list[Event] = []
    for index, each in enumerate(found["events"]):
        place: Place = {"field": f"events.{index}"}
        line = each["record"].encode()
        event = scope.read(line, None, index)
        if event.series_name != found["series"]["name"]:
            raise FaultError("event-scope", "it names another series", position=event.position, **place)
        leaf = sha256(b"\0" + sha256(line).digest()).digest()
        if not is_included(leaf, event.position - 1, size, each["proof"], root):
            raise FaultError("proof", "it does not lead from the event to the root of the note", **place)
        events.append(event)
    return events


def is_included(leaf: bytes, index: int, size: int, proof: list[str], root: bytes) -> bool:
    """Whether the proof leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    last, found = size - 1, leaf
    try:
        hashes = [decoded(each) for each in proof]
    except ValueError:
        return False
    for each in hashes:
        if len(each) != 32 or last == 0:
            return False
        if index & 1 or index == last:
            found = sha256(b"\1" + each + found).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = sha256(b"\1" + found + each).digest()
        index, last = index >> 1, last >> 1
    return last == 0 and found == root


def concerns(event: Event, first: int, last: int) -> bool:
    """Whether the event is about one of these numbers."""
    says = event.says
    ranges = [(says[name], says[name]) for name in ("number", "reversal_number") if name in says]
    ranges += [(says["first"], says["last"])] if "first" in says else says.get("ranges", [])
    return any(low <= last and first <= high for low, high in ranges)


def fates_of(history: History, found: dict[str, Any]) -> list[str]:
    """The fate of each number of a receipt, in words; each must be taken, and be a gap if it says so."""
    fates: list[tuple[int, str]] = []
    for series in history.all_series():
        for number in range(found["first"], found["last"] + 1):
            place = series.place(number)
            is_lost = any(gap.first <= number <= gap.last for gap in series.gaps if gap.fate == LOST)
            if place or is_lost:
                fates.append((number, FATES[series.fates[place[1]] if place else LOST]))
    if len(fates) <= found["last"] - found["first"]:
        raise FaultError("history", "no event takes one of the numbers", field="events")
    if found["kind"] == "gap" and any(fate in ("standing", "voided", "pending") for _, fate in fates):
        raise FaultError("history", "one of the numbers is no gap", field="kind")
    return [f"series {found['series']['name']}, number {number}: {fate}" for number, fate in fates]


if __name__ == "__main__":
    sys.exit(main())
