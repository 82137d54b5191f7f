"""Bundles that were tampered with: each way is a Mutation, with the fault that a verifier must name.

`Parts` takes a bundle apart and puts it together again, with the manifest made right or left as it was.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

Json = dict[str, Any]
Place = dict[str, str | int]

STUBS = {"verify.py": b"# a verifier\n", "verify.html": b"<!-- a verifier -->\n"}
"""The verifiers in a bundle are long, and no mutation is about what they hold."""


@dataclass(frozen=True)
class Mutation:
    """A file, and what is wrong with it: one of `codes`, and `place` if it is one place only.

    No codes mean that the file verifies: the mutation is harmless, and its name says why.
    """

    name: str
    made: bytes | Callable[[], bytes]
    codes: frozenset[str]
    place: Place | None = None

    @property
    def file(self) -> bytes:
        """The file, which is made when it is asked for."""
        return self.made if isinstance(self.made, bytes) else self.made()


def mutation(name: str, made: bytes | Callable[[], bytes], codes: str, place: Place | None = None) -> Mutation:
    """A mutation; `codes` stand side by side with blanks between."""
    return Mutation(name, made, frozenset(codes.split()), place if codes else None)


@dataclass
class Parts:
    """The members of a bundle in their order."""

    members: dict[str, bytes]

    @classmethod
    def of(cls, file: bytes) -> "Parts":
        """The parts of this bundle, with short verifiers."""
        with zipfile.ZipFile(io.BytesIO(file)) as opened:
            return cls({info.filename: STUBS.get(info.filename) or opened.read(info) for info in opened.infolist()})

    @property
    def manifest(self) -> Json:
        """The manifest, parsed."""
        parsed: Json = json.loads(self.members["manifest.json"])
        return parsed

    def lines(self, name: str) -> list[bytes]:
        """The lines of a member, without line ends."""
        return self.members[name].split(b"\n")[:-1]

    def with_member(self, name: str, content: bytes) -> "Parts":
        """The same with another member."""
        return Parts({**self.members, name: content})

    def with_lines(self, name: str, lines: Sequence[bytes]) -> "Parts":
        """The same with these lines."""
        return self.with_member(name, b"".join(line + b"\n" for line in lines))

    def with_manifest(self, **changes: Any) -> "Parts":
        """The same with these fields in the manifest."""
        return self.with_member("manifest.json", compact({**self.manifest, **changes}))

    def counted(self) -> "Parts":
        """The same, the numbers of lines in the manifest made right."""
        counts = {name: len(self.lines(f"{name}.jsonl")) for name in ("events", "notes", "documents")}
        return self.with_manifest(**counts)

    def forged(self) -> bytes:
        """The file, with a manifest that has the right digests."""
        digests = {
            name: hashlib.sha256(each).hexdigest() for name, each in self.members.items() if name != "manifest.json"
        }
        return self.with_manifest(files=digests).packed()

    def packed(self, order: Sequence[str] | None = None) -> bytes:
        """The file, with the manifest as it is."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as written:
            for name in order or self.members:
                about = zipfile.ZipInfo(name)
                about.compress_type = zipfile.ZIP_DEFLATED if name.endswith("l") else zipfile.ZIP_STORED
                written.writestr(about, self.members[name])
        return target.getvalue()


def compact(value: Any) -> bytes:
    """JSON as the exporter writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def paths(value: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to each value in it that is no object and no array."""
    steps: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, dict):
        steps = iter(cast("Json", value).items())
    elif isinstance(value, list):
        steps = iter(enumerate(cast("list[Any]", value)))  # type: ignore[redundant-cast]
    is_leaf = True
    for step, each in steps:
        is_leaf = False
        yield from paths(each, (*before, step))
    if is_leaf:
        yield before


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """What is at this path."""
    for step in path:
        value = value[step]
    return value


def changed(value: Any, path: tuple[str | int, ...], change: Callable[[Any], Any]) -> Any:
    """A copy with the value at this path changed."""
    if not path:
        return change(value)
    copy: Any = value.copy()
    copy[path[0]] = changed(copy[path[0]], path[1:], change)
    return copy


WORDS = (
    ("live", "test"),
    ("key", "session", "system"),
    ("fiscal", "proforma"),
    ("ios", "android", "web"),
    ("kept", "erased", "lost"),
    ("device_failure", "printer_failure", "database_restored", "other"),
)
"""The lists of words: one is changed to the next of its list."""


def another(value: Any) -> Any:
    """Another value of the same form."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case None:
            return 7
        case list():
            return [*value, [1, 1]]
        case str() if (words := next((each for each in WORDS if value in each), None)) is not None:
            return words[(words.index(value) + 1) % len(words)]
        case str() if len(value) == 64 and set(value) <= set("0123456789abcdef"):
            return value[:-1] + ("0" if value[-1] != "0" else "1")
        case str() if len(value) == 10 and value[4] == value[7] == "-":
            return value[:8] + ("28" if value[8:] != "28" else "27")
        case _:
            return value + "x"


def moved(items: Sequence[bytes], index: int) -> list[bytes]:
    """The items, with the one at this index and the next one changed about."""
    copy = list(items)
    copy[index], copy[index + 1] = copy[index + 1], copy[index]
    return copy


def without(items: Sequence[bytes], index: int) -> list[bytes]:
    """The items without this one."""
    return [*items[:index], *items[index + 1 :]]


def with_twice(items: Sequence[bytes], index: int) -> list[bytes]:
    """The items, this one twice."""
    return [*items[: index + 1], *items[index:]]


def replaced(items: Sequence[bytes], index: int, item: bytes) -> list[bytes]:
    """The items, with another one here."""
    return [*items[:index], item, *items[index + 1 :]]
