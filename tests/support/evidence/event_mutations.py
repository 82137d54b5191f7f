"""What can be wrong with the events of a bundle: with the tree as it was, and with one made again over them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from schemas.values import NUMBER_MAX, FirmId, Mode
from tests.support.evidence.forged_logs import Forger
from tests.support.evidence.mutations import (
    Json,
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

SCOPE = {"log", "firm_id", "mode"}
Path = tuple[str | int, ...]


def of_events(parts: Parts) -> Iterator[Mutation]:
    """Each field of one event of each type; each event dropped, doubled or moved. Only the manifest is made right."""
    lines = parts.lines("events.jsonl")
    sizes = [int(json.loads(line).split("\n")[1]) for line in parts.lines("notes.jsonl")]
    seen: set[str] = set()
    for index, line in enumerate(lines):
        event = json.loads(line)
        one = _OneEvent(parts, lines, index, event)
        yield from one.moved()
        if event["event"]["type"] not in seen:
            covering = next(number for number, size in enumerate(sizes, 1) if size >= event["position"])
            yield from one.changed({"member": "notes.jsonl", "line": covering})
            yield from one.malformed()
        seen.add(event["event"]["type"])
    short = partial(parts.with_member("events.jsonl", parts.members["events.jsonl"][:-1]).forged)
    yield mutation("the last event does not end", short, "event-form", {"member": "events.jsonl", "line": len(lines)})


@dataclass(frozen=True)
class _OneEvent:
    """An event of a bundle, in its line."""

    parts: Parts
    lines: list[bytes]
    index: int
    event: Json

    @property
    def here(self) -> Place:
        return {"member": "events.jsonl", "line": self.index + 1}

    def of(self, name: str, others: list[bytes], codes: str, place: Place | None) -> Mutation:
        """The bundle with these lines."""
        made = self.parts.with_lines("events.jsonl", others)
        return mutation(f"event {self.index + 1}: {name}", lambda: made.counted().forged(), codes, place)

    def with_line(self, name: str, line: bytes, codes: str = "event-form", place: Place | None = None) -> Mutation:
        """The bundle with another line here; without a place the fault is in this line."""
        return self.of(name, replaced(self.lines, self.index, line), codes, self.here if place is None else place)

    def moved(self) -> Iterator[Mutation]:
        """The line is elsewhere, twice, or gone."""
        lines, index, position = self.lines, self.index, self.event["position"]
        yield self.of("dropped", without(lines, index), "cover root", None)
        next_line = {**self.here, "line": index + 2, "position": position}
        yield self.of("twice", with_twice(lines, index), "event-order", next_line)
        if index + 1 < len(lines):
            yield self.of("after the next one", moved(lines, index), "event-order cover root", None)

    def changed(self, root: Place) -> Iterator[Mutation]:
        """Each value is another one of its kind."""
        for path in paths(self.event):
            codes, place = _expected(path, self.here, root, self.event["position"])
            wrong = replaced(self.lines, self.index, compact(changed(self.event, path, another)))
            yield self.of(f"another {_shown(path)} of {self.event['event']['type']}", wrong, codes, place)

    def malformed(self) -> Iterator[Mutation]:
        """What is no canonical record: values, fields, white space, escapes, bytes."""
        event, line = self.event, self.lines[self.index]
        for path in paths(event):
            yield from self.without_or_with_no_value(path)
        yield self.with_line("with white space", json.dumps(event).encode())
        yield self.with_line("fields in another order", compact(dict(reversed(event.items()))))
        yield self.with_line("a field more", compact({**event, "more": 1}))
        yield self.with_line("no JSON", line[:-1])
        yield self.with_line("not UTF-8", line.replace(b'"', b'"\xff', 1))
        yield self.with_line("an escape that need not be", line.replace(b"live", b"\\u006cive"))

    def without_or_with_no_value(self, path: Path) -> Iterator[Mutation]:
        """A field is missing, or has a value that no field may have."""
        event, shown = self.event, _shown(path)
        if isinstance(at(event, path[:-1]), dict):
            rest = {name: each for name, each in at(event, path[:-1]).items() if name != path[-1]}
            line = compact(changed(event, path[:-1], lambda _: rest))
            if (event["event"]["type"], path[-1]) in ADDED_LATER:
                others = replaced(self.lines, self.index, line)
                yield self.of(f"no {shown}, as in an old record", others, "root", None)
            else:
                yield self.with_line(f"no {shown}", line)
        for what, written in (
            ("a fraction", b"1.0"),
            ("below zero", b"-1"),
            ("NaN", b"NaN"),
            ("too large", b"9007199254740992"),
        ):
            marked = compact(changed(event, path, lambda _: "\u0001"))
            yield self.with_line(f"{shown} is {what}", marked.replace(b'"\\u0001"', written))
        other: object = 1 if isinstance(at(event, path), bool) else True
        yield self.with_line(f"{shown} is a value of another kind", compact(changed(event, path, lambda _: other)))


def _shown(path: Path) -> str:
    return ".".join(map(str, path))


ADDED_LATER = {
    ("series-opened/1", "replaces"),
    ("numbers-reserved/1", "token_nonce"),
    ("reservation-consumed/1", "client_local_uuid"),
    ("reservation-consumed/1", "reverses"),
}
"""Fields that have a default, which an old record may lack."""


def _expected(path: Path, here: Place, root: Place, position: int) -> tuple[str, Place | None]:
    if path[0] in SCOPE:
        return "event-scope", {**here, "position": position}
    if path[0] == "position":
        return "event-order cover root", None
    if path[0] == "at":
        return "event-order root", None
    if path == ("event", "type"):
        return "event-form", here
    if path[0] == "event" and path[-1] in {"user_id", "session_id"}:
        return "root", root
    return "root event-form", None


def of_history(parts: Parts, forger: Forger) -> Iterator[Mutation]:
    """The tree was made again and signed by the log, so that only the events tell: each rule of the history."""
    own = forger.own(FirmId(parts.manifest["firm_id"]), Mode(parts.manifest["mode"]))
    yield mutation("the log made again as it was", forger.bundle(parts, own).forged, "")
    for line, position in enumerate(sorted(own), 1):
        one = _MadeAgain(parts, forger, own, position, line)
        yield one.withheld()
        yield from one.changed()
    yield from _swaps(parts, forger, own)


@dataclass(frozen=True)
class _MadeAgain:
    """An event of a log that is made again, all of them in `own`, this one in `line`."""

    parts: Parts
    forger: Forger
    own: dict[int, bytes]
    position: int
    line: int

    @property
    def event(self) -> Json:
        found: Json = json.loads(self.own[self.position])
        return found

    def of(self, name: str, own: dict[int, bytes], codes: str, place: Place | None = None) -> Mutation:
        """The bundle of the log with these events."""
        says = f"made again, {self.event['event']['type']} at {self.position}: {name}"
        return mutation(says, lambda: self.forger.bundle(self.parts, own).forged(), codes, place)

    def withheld(self) -> Mutation:
        """The event is hidden among the hashes of others; that is seen if another event of its stream follows."""
        rest = {each: line for each, line in self.own.items() if each != self.position}
        later = [json.loads(line)["stream"] for where, line in rest.items() if where > self.position]
        is_last, is_draft = self.event["stream"] not in later, self.event["event"]["type"].startswith("draft")
        if not is_last:
            return self.of("withheld", rest, "stream")
        return self.of("withheld at the end of its stream", rest, "" if is_draft else "report")

    def changed(self) -> Iterator[Mutation]:
        """Each field that the events before it determine."""
        event, kind = self.event, self.event["event"]["type"]
        here: Place = {"member": "events.jsonl", "line": self.line, "position": self.position}

        def of(path: Path, value: object, codes: str, place: Place | None = here) -> Mutation:
            wrong = compact(changed(event, path, lambda _: value))
            return self.of(f"{_shown(path)} is {value!r}", {**self.own, self.position: wrong}, codes, place)

        yield of(("version",), event["version"] + 1, "stream")
        yield of(("previous",), event["previous"] + 1, "stream")
        yield of(("stream",), event["stream"] + "x", "stream history", None)
        yield of(("series_name",), f"{event['series_name']}x", "stream")
        for name in RULES.get(kind, ()):
            codes, place = ("history report", None) if (kind, name) in SEEN_LATER else ("history", here)
            yield of(("event", name), another(event["event"][name]), codes, place)
        for name in ("first", "last", "number", "reversal_number"):
            if name in event["event"]:
                far = 0 if name == "first" else NUMBER_MAX
                yield of(("event", name), far, "history", None if (kind, name) in SEEN_LATER else here)


RULES = {
    "numbers-reserved/1": ("first",),
    "numbers-lost/1": ("first",),
    "reservation-consumed/1": ("reservation", "number", "full_number"),
    "reservation-released/1": ("reservation", "number"),
    "reservation-expired/1": ("reservation", "ranges"),
    "document-voided/1": ("number", "full_number", "document_id"),
    "document-unvoided/1": ("number", "full_number", "document_id"),
    "number-withdrawn/1": ("number", "full_number", "document_id", "date"),
    "document-changed/1": ("number", "full_number", "document_id", "date_before"),
    "document-reversed/1": (
        *("number", "full_number", "document_id"),
        *("reversal_number", "reversal_full_number", "reversal_id"),
    ),
    "document-erased/1": ("number", "full_number", "document_id"),
    "gap-explained/1": ("last",),
    "draft-saved/1": ("document_id",),
    "draft-voided/1": ("document_id",),
    "draft-deleted/1": ("document_id",),
    "draft-erased/1": ("document_id",),
}
"""The fields that an event cannot have otherwise, because of the events before it."""

SEEN_LATER = {("reservation-released/1", "number"), ("numbers-lost/1", "last"), ("gap-explained/1", "last")}
"""Fields that may be otherwise as far as the events before tell."""


def _swaps(parts: Parts, forger: Forger, own: dict[int, bytes]) -> Iterator[Mutation]:
    """What two neighbours of one stream say is exchanged, so that each stands where the other stood."""
    positions = sorted(own)
    for one, other in pairwise(positions):
        first, second = json.loads(own[one]), json.loads(own[other])
        if first["stream"] != second["stream"] or first["event"] == second["event"]:
            continue
        wrong = {
            **own,
            one: compact({**first, "event": second["event"]}),
            other: compact({**second, "event": first["event"]}),
        }
        types = f"{first['event']['type']} and {second['event']['type']}"
        codes = COMMUTE.get(types, "stream history")
        says = f"{types} at {one} and {other} exchanged{'' if codes else ', which the log may have written so'}"
        yield mutation(f"made again, {says}", partial(_forged, parts, forger, wrong), codes)


def _forged(parts: Parts, forger: Forger, own: dict[int, bytes]) -> bytes:
    return forger.bundle(parts, own).forged()


COMMUTE = {
    "reservation-consumed/1 and reservation-released/1": "report",
    "reservation-released/1 and series-unlocked/1": "report",
    "series-unlocked/1 and document-changed/1": "",
    "number-withdrawn/1 and document-erased/1": "report",
    "document-erased/1 and gap-explained/1": "report",
    "draft-erased/1 and draft-voided/1": "",
    "reservation-expired/1 and numbers-lost/1": "report",
}
"""Events of which either may be the first one; in a report their positions show which was."""
