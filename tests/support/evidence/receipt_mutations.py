"""What can be wrong with a receipt: each value, each event, each hash of a proof, and bits of the file."""

import base64
import json
import random
from collections.abc import Iterator
from typing import Any, cast

from tests.support.evidence.mutations import Json, Mutation, Place, another, at, changed, compact, mutation, paths

UNCHECKED = {"life", "software"}
"""The service's own wording, which no verifier checks."""

LEAVES_THE_FATE = {"document-changed/1", "document-reversed/1", "document-erased/1", "gap-explained/1"}
MAY_BE_LAST = {"document-voided/1", "document-unvoided/1", "number-withdrawn/1", "reservation-expired/1"}
"""Events that a receipt can be made without, and still be right: it does not show what is not in it."""

ANY = (
    "json receipt note-form note-signature note-key cosignature key-form key-chain rotation event-form event-scope "
    "event-order proof stream history document format"
)


def of_receipt(name: str, receipt: Json, other: Json) -> Iterator[Mutation]:
    """Every mutation of this receipt; `other` is one of another number of the same log."""
    yield mutation(f"{name}: whole", compact(receipt), "")
    for path in paths(receipt):
        yield from _of_value(name, receipt, path)
    for field in receipt:
        rest = {each: value for each, value in receipt.items() if each != field}
        yield mutation(f"{name}: no {field}", compact(rest), "receipt", {"field": field})
        if receipt[field] != other[field] and field not in {*UNCHECKED, "kind"}:
            spliced = compact({**receipt, field: other[field]})
            yield mutation(f"{name}: {field} of another receipt", spliced, ANY)
    yield mutation(f"{name}: a field more", compact({**receipt, "more": 1}), "receipt", {"field": "more"})
    yield from _of_events(name, receipt)
    yield from _of_text(name, receipt)


def _of_value(name: str, receipt: Json, path: tuple[str | int, ...]) -> Iterator[Mutation]:
    value, field = at(receipt, path), ".".join(map(str, path[:2]))
    codes = {
        **dict.fromkeys(("format", "kind"), "receipt"),
        **dict.fromkeys(("firm_id", "mode", "series"), "event-scope"),
        **dict.fromkeys(("first", "last"), "receipt history"),
        **dict.fromkeys(("verifier_keys", "witness_keys"), "key-form"),
        "checkpoint": "note-form",
        "rotations": "rotation",
        "events": "proof" if "proof" in path else "event-form",
        "contents": "document receipt",
        **dict.fromkeys(UNCHECKED, ""),
    }
    if value == []:
        return
    change = _another_hash if "proof" in path else another
    place: Place | None = (
        {"field": field} if path[0] in {"verifier_keys", "witness_keys", "rotations", "events", "checkpoint"} else None
    )
    shown = ".".join(map(str, path))
    says = "" if codes[str(path[0])] else ", which nobody checks"
    file = compact(changed(receipt, path, change))
    yield mutation(f"{name}: another {shown}{says}", file, codes[str(path[0])], place)
    wrong = compact(changed(receipt, path, lambda _: [7]))
    yield mutation(f"{name}: {shown} is an array", wrong, "receipt", {"field": str(path[0])})


def _another_hash(encoded: str) -> str:
    raw = bytearray(base64.b64decode(encoded))
    raw[0] ^= 1
    return base64.b64encode(raw).decode()


def _of_events(name: str, receipt: Json) -> Iterator[Mutation]:
    events = receipt["events"]

    def of(what: str, others: list[Json], codes: str) -> Mutation:
        return mutation(f"{name}: {what}", compact({**receipt, "events": others}), codes)

    for index, event in enumerate(events):
        rest = [*events[:index], *events[index + 1 :]]
        is_last, kind = index + 1 == len(events), json.loads(event["record"])["event"]["type"]
        is_free = kind in LEAVES_THE_FATE or (is_last and index > 1 and kind in MAY_BE_LAST)
        is_free = is_free and not (receipt["kind"] == "gap" and kind == "reservation-expired/1")
        says = ", which a receipt cannot show" if is_free else ""
        yield of(f"event {index} dropped{says}", rest, "" if is_free else "stream history")
        yield of(f"event {index} twice", [*events[: index + 1], *events[index:]], "event-order")
        if not is_last:
            turned = [*events[:index], events[index + 1], event, *events[index + 2 :]]
            yield of(f"event {index} after the next one", turned, "event-order")
        record = json.loads(event["record"])
        for path in paths(record):
            wrong = {**event, "record": compact(changed(record, path, another)).decode()}
            codes = "event-form event-scope event-order proof"
            yield of(
                f"event {index}: another {'.'.join(map(str, path))}",
                [*events[:index], wrong, *events[index + 1 :]],
                codes,
            )
        for what, proof in (
            ("a hash less", event["proof"][:-1]),
            ("a hash more", [*event["proof"], event["proof"][0]]),
            ("no proof", []),
            ("its proof upside down", event["proof"][::-1]),
            ("a hash that is short", [*event["proof"][:-1], "AAAA"]),
            ("a hash that is no base64", [*event["proof"][:-1], "?"]),
        ):
            if proof != event["proof"]:
                wrong = {**event, "proof": proof}
                yield of(f"event {index}: {what}", [*events[:index], wrong, *events[index + 1 :]], "proof")


def _of_text(name: str, receipt: Json, count: int = 150) -> Iterator[Mutation]:
    written, chance = compact(receipt), random.Random(2)  # noqa: S311 - the same flips each time
    for _ in range(count):
        place, bit = chance.randrange(len(written)), chance.randrange(8)
        flipped = written[:place] + bytes([written[place] ^ 1 << bit]) + written[place + 1 :]
        is_harmless = _says_the_same(flipped, receipt)
        says = " in what nobody checks" if is_harmless else ""
        yield mutation(f"{name}: bit {bit} of byte {place} flipped{says}", flipped, "" if is_harmless else ANY)
    for what, wrong in (
        ("cut", written[:-1]),
        ("something after it", written + b"x"),
        ("a name twice", b'{"format":1,' + written[1:]),
        ("NaN", written.replace(b'"first":', b'"first":NaN,"x":', 1)),
        ("1e999", written.replace(b'"first":', b'"first":1e999,"x":', 1)),
        ("nested deep", b"{" + b'"a":{' * 100_000 + b"}" * 100_001),
    ):
        yield mutation(f"{name}: {what}", wrong, "json", {})
    yield mutation(f"{name}: too long", written[:-1] + b" " * (17 * 1024 * 1024) + b"}", "json receipt", {})


def _says_the_same(written: bytes, receipt: Json) -> bool:
    try:
        found: Any = json.loads(written)
    except ValueError:
        return False
    if not isinstance(found, dict) or set(cast("Json", found)) != set(receipt):
        return False
    said = cast("Json", found)
    return all(said[name] == receipt[name] for name in receipt if name not in UNCHECKED)
