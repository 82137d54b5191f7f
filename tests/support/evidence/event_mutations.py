"""What can be wrong with the events of a bundle: with the tree as it was, and with one that was made again over them."""

import json
from collections.abc import Callable, Iterator

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
    """Each field of one event of each type; and each event dropped, doubled or moved. Only the manifest is made right."""
    lines = parts.lines("events.jsonl")
    sizes = [int(json.loads(line).split("\n")[1]) for line in parts.lines("notes.jsonl")]
    seen: set[str] = set()
    for index, line in enumerate(lines):
        event = json.loads(line)
        covering = next(number for number, size in enumerate(sizes, 1) if size >= event["position"])
        root: Place = {"member": "notes.jsonl", "line": covering}
        here: Place = {"member": "events.jsonl", "line": index + 1}

        def of(name: str, others: list[bytes], codes: str, place: Place | None, line: int = index + 1) -> Mutation:
            file = parts.with_lines("events.jsonl", others).counted().forged()
            return mutation(f"event {line}: {name}", file, codes, place)

        yield of("dropped", without(lines, index), "cover root", None)
        yield of(
            "twice", with_twice(lines, index), "event-order", {**here, "line": index + 2, "position": event["position"]}
        )
        if index + 1 < len(lines):
            yield of("after the next one", moved(lines, index), "event-order cover root", None)
        if event["event"]["type"] in seen:
            continue
        seen.add(event["event"]["type"])
        for path in paths(event):
            shown = ".".join(map(str, path))
            codes, place = _expected(path, here, root, event["position"])
            wrong = compact(changed(event, path, another))
            yield of(f"another {shown} of {event['event']['type']}", replaced(lines, index, wrong), codes, place)
        for path in paths(event):
            yield from _of_form(of, lines, index, event, path, here)
        yield of("with white space", replaced(lines, index, json.dumps(event).encode()), "event-form", here)
        yield of(
            "fields in another order",
            replaced(lines, index, compact(dict(reversed(event.items())))),
            "event-form",
            here,
        )
        yield of("a field more", replaced(lines, index, compact({**event, "more": 1})), "event-form", here)
        yield of("no JSON", replaced(lines, index, line[:-1]), "event-form", here)
        yield of("not UTF-8", replaced(lines, index, line.replace(b'"', b'"\xff', 1)), "event-form", here)
        yield of(
            "an escape that need not be",
            replaced(lines, index, line.replace(b"live", b"\\u006cive")),
            "event-form",
            here,
        )
    short = parts.with_member("events.jsonl", parts.members["events.jsonl"][:-1]).forged()
    yield mutation("the last event does not end", short, "event-form", {"member": "events.jsonl", "line": len(lines)})


def _of_form(
    of: Callable[..., Mutation], lines: list[bytes], index: int, event: Json, path: Path, here: Place
) -> Iterator[Mutation]:
    """A field that is missing, and values that no field may have."""
    shown = ".".join(map(str, path))
    parent = at(event, path[:-1])
    if isinstance(parent, dict):
        absent = changed(
            event, path[:-1], lambda found: {name: each for name, each in found.items() if name != path[-1]}
        )
        later = (event["event"]["type"], path[-1]) in ADDED_LATER
        says = f"no {shown}" + (", as in an old record" if later else "")
        yield of(
            says, replaced(lines, index, compact(absent)), "root" if later else "event-form", None if later else here
        )
    value = at(event, path)
    for what, written in (
        ("a fraction", b"1.0"),
        ("below zero", b"-1"),
        ("NaN", b"NaN"),
        ("too large", b"9007199254740992"),
    ):
        marked = compact(changed(event, path, lambda _: "\u0001")).replace(b'"\\u0001"', written)
        yield of(f"{shown} is {what}", replaced(lines, index, marked), "event-form", here)
    wrong = True if not isinstance(value, bool) else 1
    yield of(
        f"{shown} is a value of another kind",
        replaced(lines, index, compact(changed(event, path, lambda _: wrong))),
        "event-form",
        here,
    )


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
    yield mutation("the log made again as it was", forger.bundle(parts, own).forged(), "")
    for line, position in enumerate(sorted(own), 1):
        event = json.loads(own[position])
        here: Place = {"member": "events.jsonl", "line": line, "position": position}
        kind = event["event"]["type"]

        def of(name: str, path: Path, change: Callable[[object], object], codes: str, place: Place | None) -> Mutation:
            wrong = {**own, position: compact(changed(event, path, change))}
            return mutation(
                f"made again, {kind} at {position}: {name}", forger.bundle(parts, wrong).forged(), codes, place
            )

        rest = {each: line for each, line in own.items() if each != position}
        is_last = not any(
            json.loads(each)["stream"] == event["stream"] for where, each in rest.items() if where > position
        )
        shown = "withheld at the end of its stream" if is_last else "withheld"
        codes = "report" if is_last and not kind.startswith("draft") else "" if is_last else "stream"
        yield mutation(f"made again, {kind} at {position}: {shown}", forger.bundle(parts, rest).forged(), codes)
        for name in ("version", "previous"):
            yield of(f"another {name}", (name,), another, "stream", here)
        yield of("another stream", ("stream",), another, "stream history", None)
        yield of("another series_name", ("series_name",), lambda name: f"{name}x", "stream", here)
        for name in RULES.get(kind, ()):
            is_draft = kind.startswith("draft")
            codes, place = ("history report", None) if (kind, name) in SEEN_LATER else ("history", here)
            codes = "stream" if is_draft else codes
            yield of(f"another {name}", ("event", name), another, codes, place)
        for name in ("first", "last", "number", "reversal_number"):
            if name in event["event"]:
                far = (lambda _: NUMBER_MAX) if name != "first" else (lambda _: 0)
                place = None if (kind, name) in SEEN_LATER else here
                yield of(f"{name} far away", ("event", name), far, "history", place)
    yield from _swaps(parts, forger, own)


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
    for one, other in zip(positions, positions[1:], strict=False):
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
        yield mutation(f"made again, {says}", forger.bundle(parts, wrong).forged(), codes)


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
