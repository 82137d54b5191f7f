"""What can be wrong with a bundle as a ZIP file, and with its members as files."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator

from service.evidence.bundling.zip_stream import ZipStream
from tests.support.evidence.mutations import Mutation, Parts, Place, mutation

ZIP_CODES = "zip-form zip-data member-unknown member-twice member-order member-missing member-size format"
LONG = 17 * 1024 * 1024


def exported(parts: Parts) -> bytes:
    """The file, as the exporter writes it."""
    stream = ZipStream()
    for name, content in parts.members.items():
        stream.begin(name, is_compressed=name != "cover.bin")
        stream.write(content)
        stream.end(name)
    stream.finish()
    return stream.take()


def harmless_bytes(file: bytes) -> set[int]:
    """Where bytes say nothing about the members: which version wrote them, and attributes of the file system."""
    found: set[int] = set()
    with zipfile.ZipFile(io.BytesIO(file)) as opened:
        for info in opened.infolist():
            found |= {info.header_offset + 4, info.header_offset + 5}
        entry = opened.start_dir
    while file[entry : entry + 4] == b"PK\1\2":
        found |= {entry + each for each in (4, 5, 6, 7, *range(36, 42))}
        entry += 46 + sum(struct.unpack_from("<3H", file, entry + 28))
    return found


def packed_ranges(file: bytes) -> list[range]:
    """Where the packed contents of the members are."""
    with zipfile.ZipFile(io.BytesIO(file)) as opened:
        infos = [each for each in opened.infolist() if each.compress_type == zipfile.ZIP_DEFLATED]
    begins = [each.header_offset + 30 + sum(struct.unpack_from("<2H", file, each.header_offset + 26)) for each in infos]
    return [range(begin, begin + each.compress_size) for begin, each in zip(begins, infos, strict=True)]


def is_unpacked_alike(file: bytes, flipped: bytes, packed: range) -> bool:
    """Whether DEFLATE gives the same content for both: bits after its end say nothing, and a copy has two sources."""
    try:
        return unpacked(file, packed) == unpacked(flipped, packed)
    except zlib.error:
        return False


def unpacked(file: bytes, packed: range) -> tuple[bytes, bool, bytes]:
    """The content, whether it ended, and what follows its end."""
    reader = zlib.decompressobj(-15)
    content = reader.decompress(file[packed.start : packed.stop])
    return content, reader.eof, reader.unused_data


def flips(file: bytes, count: int, seed: int = 1) -> Iterator[Mutation]:
    """One bit of the file is another one, at places all over it; those that say nothing are named harmless."""
    chance, harmless = random.Random(seed), harmless_bytes(file)  # noqa: S311 - the same flips each time
    all_packed = packed_ranges(file)
    headers = [place for place in range(len(file)) if file[place : place + 2] == b"PK"]
    for turn in range(count):
        near = chance.choice(headers) + chance.randrange(60)
        place = min(near, len(file) - 1) if turn % 2 else chance.randrange(len(file))
        bit = chance.randrange(8)
        flipped = file[:place] + bytes([file[place] ^ 1 << bit]) + file[place + 1 :]
        is_harmless = place in harmless or any(
            is_unpacked_alike(file, flipped, packed) for packed in all_packed if place in packed
        )
        name = f"bit {bit} of byte {place} flipped{', which says nothing' if is_harmless else ''}"
        yield mutation(name, flipped, "" if is_harmless else ZIP_CODES)


def cuts(file: bytes) -> Iterator[Mutation]:
    """The file ends too early, begins too late, or has something more."""
    for length in (0, 1, 2, 3, 21, 22, 23, 100, len(file) // 2, len(file) - 23, len(file) - 22, len(file) - 1):
        yield mutation(f"only the first {length} bytes", file[:length], "format" if length < 2 else "zip-form", {})
    yield mutation("something after the end", file + b"\0", "zip-form", {})
    yield mutation("something before the beginning", b"\0" + file, "format", {})
    yield mutation("a ZIP file before it", b"PK\3\4" + bytes(26) + file, "zip-form", {})
    yield mutation("twice, one after the other", file + file, "zip-form", {})


def members(parts: Parts) -> Iterator[Mutation]:
    """A member is missing, unknown, there twice, or in another place."""
    names = list(parts.members)
    for place, name in enumerate(names):
        rest = [each for each in names if each != name]
        yield mutation(f"without {name}", parts.packed(rest), "member-missing", {"member": name})
        if place:
            turned = [*names[: place - 1], name, names[place - 1], *names[place + 1 :]]
            there = {"member": names[place - 1]}
            yield mutation(f"{name} one place earlier", parts.packed(turned), "member-order", dict(there))
    for name in (
        "../keys.txt",
        "/keys.txt",
        "a/b",
        "KEYS.TXT",
        "",
        "keys.txt ",
        "ș" * 20,
        "explanations.jsonl",
    ):
        wrong = Parts({**parts.members, name: b""})
        yield mutation(f"a member named {name!r}", wrong.packed(), "member-unknown member-order zip-form")
    for name in names:
        yield mutation(f"{name} twice", _twice(parts, name), "member-twice member-order", {"member": name})


def headers(parts: Parts) -> Iterator[Mutation]:
    """The directory says something that is not so."""
    for name in parts.members:
        file = parts.packed()
        entry = file.index(b"PK\1\2")
        while file[entry + 46 :].find(name.encode()) != 0:
            entry = file.index(b"PK\1\2", entry + 4)
        there: Place = {"member": name}
        wrong_name = f"{name[:-1]}q"
        renamed = file[: entry + 46] + wrong_name.encode() + file[entry + 46 + len(name) :]
        yield mutation(f"{name} renamed in the directory", renamed, "member-unknown", {"member": wrong_name})
        for field, at, code in (("flags", 8, "zip-form"), ("method", 10, "zip-form"), ("time", 12, "zip-form")):
            changed = file[: entry + at] + bytes([file[entry + at] ^ 1]) + file[entry + at + 1 :]
            yield mutation(f"{field} of {name} in the directory", changed, code)
        for field, at in (("CRC-32", 16), ("packed size", 20), ("size", 24), ("place", 42)):
            changed = file[: entry + at] + bytes([file[entry + at] ^ 1]) + file[entry + at + 1 :]
            yield mutation(f"{field} of {name} in the directory", changed, "zip-form")
        header = file.index(b"PK\3\4")
        while file[header + 30 : header + 30 + len(name)] != name.encode():
            header = file.index(b"PK\3\4", header + 4)
        for field, at in (
            ("signature", 0),
            ("flags", 6),
            ("method", 8),
            ("date", 12),
            ("CRC-32", 14),
            ("size", 22),
            ("name", 30),
        ):
            changed = file[: header + at] + bytes([file[header + at] ^ 1]) + file[header + at + 1 :]
            is_first = header == 0 and at == 0
            yield mutation(
                f"{field} of {name} before it", changed, "format" if is_first else "zip-form", {} if is_first else there
            )


def contents(parts: Parts) -> Iterator[Mutation]:
    """A member holds something else, and the manifest was left as it was; the CRC-32 is right."""
    for name, content in parts.members.items():
        if name == "manifest.json":
            continue
        there = {"member": name}
        for what, other in (
            ("with one byte more", content + b"\n"),
            ("with another first byte", bytes([content[0] ^ 1]) + content[1:] if content else b"x"),
            ("without its last byte", content[:-1]),
            ("empty", b""),
        ):
            if other != content:
                yield mutation(f"{name} {what}", parts.with_member(name, other).packed(), "digest", dict(there))
    for name in ("README.txt", "verify.py", "verify.html"):
        forged = parts.with_member(name, b"something else\n").forged()
        yield mutation(f"another {name} with its right digest, which nobody checks", forged, "")


def too_long(parts: Parts) -> Iterator[Mutation]:
    """Small files that unpack to long ones."""
    for name in ("README.txt", "verify.py", "keys.txt", "manifest.json"):
        stream = exported(parts.with_member(name, bytes(LONG)))
        yield mutation(f"{name} is a bomb", stream, "member-size", {"member": name})
    for name, code in (("notes.jsonl", "json"), ("events.jsonl", "event-form"), ("documents.jsonl", "json")):
        long_line = parts.with_member(name, bytes(LONG))
        yield mutation(
            f"{name} is one long line", exported(Parts.of(long_line.forged())), code, {"member": name, "line": 1}
        )


def _twice(parts: Parts, name: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as written:
        for each, content in parts.members.items():
            about = zipfile.ZipInfo(each)
            written.writestr(about, content)
            if each == name:
                other = zipfile.ZipInfo(f"{each[:-1]}~")  # zipfile warns of a second one
                written.writestr(other, content)
    return target.getvalue().replace(f"{name[:-1]}~".encode(), name.encode())
