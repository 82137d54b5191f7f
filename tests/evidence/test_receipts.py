"""Receipts and gap certificates, verified by a verifier that was written from the specification alone."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from service.evidence.key_file import EvidenceKeys, create, load, rotate
from service.evidence.receipts.proofs import NotSealedError
from service.evidence.receipts.receipt import NotGapError
from service.evidence.sealing.tree import EvidenceBrokenError
from service.evidence.signatures import Cosigner, PostQuantumCosigner, Signer
from tests.support.domain.commands import SERIES, a_change, a_device, a_document, a_key, an_erasure, an_issue, digest
from tests.support.domain.history import a_history
from tests.support.evidence.receipt_verifier import WrongError, fates
from tests.support.evidence.receipts import (
    GAPS,
    LIVES,
    SealedLog,
    a_document_that_says,
    a_log,
    a_sealed_life,
    every_life,
)
from tests.support.evidence.sealing import AT, LOG, rewriting

LATER = (an_issue(a_document("inv_9", "2027-01-18")), a_device(), AT + 3_600)
"""Number 24 is issued after everything else."""

BECAME = {
    "consumed and reversed": "standing",
    "released": "released",
    "expired": "expired",
    "a reversal": "standing",
    "voided and unvoided": "standing",
    "withdrawn, erased and explained": "withdrawn",
    "lost": "lost",
    "pending": "pending",
}


@pytest_asyncio.fixture
async def life(database_url: str, tmp_path: Path) -> AsyncIterator[SealedLog]:
    """A log with every kind of life, sealed."""
    async with a_sealed_life(database_url, tmp_path) as made:
        yield made


async def test_every_life_is_proved(life: SealedLog) -> None:
    for name, number in LIVES.items():
        receipt = await life.receipt(number)
        assert fates(receipt, life.trusted()) == {number: BECAME[name]}, name
        assert (receipt["kind"], receipt["first"], receipt["last"]) == ("number", number, number)
        assert receipt["series"] == {"id": SERIES, "name": "FACT"}
        assert receipt["contents"] == []


async def test_every_gap_is_certified(life: SealedLog) -> None:
    for first, last in GAPS.values():
        receipt = await life.gap(first, last)
        assert set(fates(receipt, life.trusted())) == set(range(first, last + 1))
        assert receipt["kind"] == "gap"


@pytest.mark.parametrize(("first", "last", "number"), [(1, 2, 1), (10, 13, 11), (20, 21, 21)])
async def test_what_is_no_gap_gets_no_certificate(life: SealedLog, first: int, last: int, number: int) -> None:
    with pytest.raises(NotGapError) as caught:
        await life.gap(first, last)
    assert caught.value.number == number


def mutations(receipt: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The receipt with one thing changed, for each thing that is checked."""

    for name in ("format", "kind", "firm_id", "mode", "checkpoint"):
        yield name, receipt | {name: receipt[name] + "x"}
    for name in receipt:
        yield f"without {name}", {each: value for each, value in receipt.items() if each != name}
        yield f"{name} is null", receipt | {name: None}
    yield "another field", receipt | {"more": 1}
    yield "two numbers of the kind of one", receipt | {"kind": "number", "last": receipt["last"] + 1}
    for name in ("first", "last"):
        yield name, receipt | {name: 1_000}
        yield f"{name} as text", receipt | {name: str(receipt[name])}
    yield "the number below", receipt | {"first": receipt["first"] - 1, "last": receipt["last"] - 1}
    for name in ("id", "name"):
        yield f"series.{name}", receipt | {"series": receipt["series"] | {name: "other"}}
    for number, line in enumerate(receipt["checkpoint"].split("\n")):
        if line:
            lines = receipt["checkpoint"].split("\n")
            place = len(line) // 2
            lines[number] = line[:place] + ("7" if line[place] != "7" else "8") + line[place + 1 :]
            yield f"line {number} of the note", receipt | {"checkpoint": "\n".join(lines)}
    events = receipt["events"]
    for at, event in enumerate(events):
        if at in that_show_when_missing(receipt):
            yield f"without event {at}", receipt | {"events": [*events[:at], *events[at + 1 :]]}
        yield f"event {at} twice", receipt | {"events": [*events[:at], event, *events[at:]]}
        for place in range(0, len(event["record"]), 37):
            letter = "y" if event["record"][place] != "y" else "z"
            text = event["record"][:place] + letter + event["record"][place + 1 :]
            yield f"letter {place} of event {at}", with_event(receipt, at, record=text)
        yield f"white space in event {at}", with_event(receipt, at, record=event["record"] + " ")
        for name, proof in proofs_like(event["proof"]):
            yield f"{name} of event {at}", with_event(receipt, at, proof=proof)
        moved = [*events[:at], *events[at : at + 2][::-1], *events[at + 2 :]]
        if at + 1 < len(events):
            yield f"events {at} and {at + 1} in the other order", receipt | {"events": moved}


def with_event(receipt: dict[str, Any], at: int, **values: object) -> dict[str, Any]:
    """The receipt with other values in one event."""
    events = list(receipt["events"])
    events[at] = events[at] | values
    return receipt | {"events": events}


def proofs_like(proof: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The proof with one thing changed."""
    for at, written in enumerate(proof):
        raw = base64.b64decode(written)
        other = base64.b64encode(bytes([raw[0] ^ 1]) + raw[1:]).decode()
        yield f"hash {at}", [*proof[:at], other, *proof[at + 1 :]]
    yield "a hash less", proof[:-1]
    yield "a hash more", [*proof, proof[0]]


def that_show_when_missing(receipt: dict[str, Any]) -> set[int]:
    """The places of events without which the others do not fit: no receipt shows that there is no further one."""
    tags = [json.loads(each["record"])["event"]["type"] for each in receipt["events"]]
    moves = {at for at, tag in enumerate(tags) if tag not in {"document-erased/1", "gap-explained/1"}}
    return moves if receipt["kind"] == "gap" else moves - {len(tags) - 1}


def is_found(receipt: dict[str, Any], trusted: list[str]) -> bool:
    """Whether the verifier finds something wrong."""
    try:
        fates(receipt, trusted)
    except WrongError:
        return True
    return False


async def test_every_mutation_is_found(life: SealedLog) -> None:
    receipts = [await life.receipt(13), await life.receipt(12), await life.receipt(11), await life.gap(2, 10)]
    tried = 0
    for receipt in receipts:
        fates(receipt, life.trusted())
        for name, mutated in mutations(receipt):
            tried += 1
            assert is_found(mutated, life.trusted()), f"nobody finds {name}"
    assert tried > 400


async def test_events_of_another_number_or_log_do_not_belong(life: SealedLog) -> None:
    one, other = await life.receipt(13), await life.receipt(12)
    for at, event in enumerate(other["events"][1:]):
        events = sorted([*one["events"], event], key=lambda each: json.loads(each["record"])["position"])
        assert is_found(one | {"events": events}, life.trusted()), f"nobody finds event {at} of another number"


async def test_a_receipt_of_another_log_or_key_is_not_trusted(life: SealedLog, tmp_path: Path) -> None:
    receipt = await life.receipt(4)
    stranger = EvidenceKeys(life.keys.name, "02" * 32)
    for key in (stranger.verifier_keys(LOG)[0], replace(life.keys, name="other.example").verifier_keys(LOG)[0]):
        with pytest.raises(WrongError):
            fates(receipt | {"verifier_keys": [str(key)]}, [str(key)])


async def test_keys_that_rotated_lead_to_each_other(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    keys = create(path, "numbers.example.com", has_ml_dsa=True)
    first = str(keys.verifier_keys(LOG)[0])
    async with a_sealed_life(database_url, tmp_path, keys) as life:
        assert fates(await life.receipt(4), [first]) == {4: "expired"}
        for has_ml_dsa in (False, True):
            rotate(path, [LOG], AT, has_ml_dsa=has_ml_dsa)
        last = load(path)
        history = every_life().after(LATER)
        await life.append(history)
        await life.seal(last)
        for trusted in ([first], life.trusted()):
            receipt = await life.receipt(4)
            assert len(receipt["rotations"]) == 2
            assert fates(receipt, trusted) == {4: "expired"}
        middle = [key for key in receipt["verifier_keys"] if key not in {first, *life.trusted()}]
        assert middle
        without = receipt | {"rotations": receipt["rotations"][1:]}
        with pytest.raises(WrongError):
            fates(without, [first])


async def test_the_note_that_a_witness_signed_comes_first_if_it_covers_every_event(
    life: SealedLog, tmp_path: Path
) -> None:
    witnesses: list[Signer] = [
        Cosigner("witness.example/w1", bytes([2]) * 32),
        PostQuantumCosigner("witness.example/w2", bytes([3]) * 32),
    ]
    names = [str(each.verifier_key) for each in witnesses]
    for witness in witnesses:
        await life.cosign(witness)
    cosigned = await life.receipt(4)
    assert cosigned["checkpoint"].count("\N{EM DASH}") == 3
    assert fates(cosigned, life.trusted(), names) == {4: "expired"}

    history = every_life()
    history.after(LATER)
    await life.append(history)
    await life.seal()
    assert (await life.receipt(4))["checkpoint"] == cosigned["checkpoint"]
    newest = await life.receipt(24)
    assert newest["checkpoint"].split("\n")[1] == str(history.state.position)
    assert fates(newest, life.trusted(), names) == {24: "standing"}


async def test_what_is_not_sealed_gets_no_receipt(life: SealedLog) -> None:
    history = every_life().after(LATER)
    await life.append(history)
    with pytest.raises(NotSealedError) as caught:
        await life.receipt(24)
    assert (caught.value.position, caught.value.size) == (25, 23)
    assert fates(await life.receipt(4), life.trusted()) == {4: "expired"}


async def test_a_log_that_is_not_sealed_gives_none(database_url: str, tmp_path: Path) -> None:
    async with a_log(database_url, tmp_path) as life:
        await life.append(a_history(an_issue()))
        with pytest.raises(NotSealedError) as caught:
            await life.receipt(1)
        assert (caught.value.position, caught.value.size) == (3, 0)


async def test_contents_are_there_on_request_until_they_are_erased(database_url: str, tmp_path: Path) -> None:
    document, content = a_document_that_says("what Popescu bought", "inv_1")
    async with a_log(database_url, tmp_path) as life:
        history = a_history(an_issue(document))
        await life.append(history, [content])
        await life.seal()
        assert (await life.receipt(1))["contents"] == []
        receipt = await life.receipt(1, contents=True)
        assert fates(receipt, life.trusted()) == {1: "standing"}
        assert [each["body"] for each in receipt["contents"]] == ['{"notes":"what Popescu bought"}']
        for field in ("digest", "salt", "body"):
            (whole,) = receipt["contents"]
            with pytest.raises(WrongError):
                fates(receipt | {"contents": [whole | {field: whole[field] + "00"}]}, life.trusted())
        with pytest.raises(WrongError):
            fates(receipt | {"contents": receipt["contents"] * 2}, life.trusted())

        history.after((an_erasure(1, "inv_1", before=content.digest), a_key()))
        await life.append(history)
        await life.seal()
        erased = await life.receipt(1, contents=True)
        assert fates(erased, life.trusted()) == {1: "standing"}
        assert erased["contents"] == []
        assert "Popescu" not in json.dumps(erased)
        assert fates(receipt, life.trusted()) == {1: "standing"}, "what was given out before stays right"


async def test_no_receipt_is_made_of_an_event_that_was_rewritten(life: SealedLog, database_url: str) -> None:
    async with rewriting(database_url) as connection:
        await connection.execute("UPDATE log.event SET record = replace(record, 'till_1', 'till_2') WHERE position = 3")
    with pytest.raises(EvidenceBrokenError, match="event 3 is not the one that was sealed"):
        await life.receipt(4)
    assert fates(await life.receipt(15), life.trusted()) == {15: "lost"}


async def test_a_long_life_in_a_large_tree_is_proved(database_url: str, tmp_path: Path) -> None:
    async with a_log(database_url, tmp_path) as life:
        history = a_history(an_issue(), a_change(1, "inv_1", to="0"))
        for turn in range(1, 300):
            history.after(a_change(1, "inv_1", before=digest(str(turn - 1)), to=str(turn)))
        await life.append(history)
        await life.seal()
        receipt = await life.receipt(1)
        assert len(receipt["events"]) == 303
        assert fates(receipt, life.trusted()) == {1: "standing"}
