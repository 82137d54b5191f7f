"""Every event that was ever published still decodes, also after fields were added (the rule: schemas/events.py)."""

import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from msgspec.structs import fields

from schemas import events
from schemas.events import Event
from schemas.record import decode_record, event_tag, is_canonical
from tests.support.domain.golden import (
    FOLDER,
    every_event,
    fields_without_sample,
    record_fields_without_sample,
    samples_of,
    tag_of,
)
from tests.support.domain.invariants import check_invariants

SAMPLES = sorted(FOLDER.glob("*.json"))
KINDS: tuple[type[Event], ...] = get_args(Event)
CAUSE_IT = "let a command in `every_event` of tests/support/domain/golden.py cause it"
FREEZE = f"{CAUSE_IT}, then run: python -m tests.support.domain.golden"
[RULE] = [part for part in (events.__doc__ or "").split("\n\n") if part.startswith("The rule for a new field")]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_decodes_and_is_encoded_the_same_today_but_for_fields_added_since(sample: Path) -> None:
    canonical = sample.read_bytes().rstrip(b"\n")
    record = decode_record(canonical)
    assert sample in samples_of(event_tag(record.event))
    assert is_canonical(canonical, record), RULE


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_type_has_a_sample_and_so_has_every_field_of_it(kind: type[Event]) -> None:
    assert samples_of(tag_of(kind)), f"no sample of a new event type: {FREEZE}"
    assert fields_without_sample(kind) == [], RULE


def test_every_field_around_an_event_has_a_sample() -> None:
    assert record_fields_without_sample() == [], FREEZE


@pytest.mark.parametrize("kind", KINDS)
def test_fields_with_a_default_stand_at_the_end(kind: type[Event]) -> None:
    has_default = [not each.required for each in fields(kind)]
    assert has_default == sorted(has_default), RULE


SERIES_OPENED = (FOLDER / "series-opened.1.json").read_bytes().rstrip(b"\n")


def test_what_was_written_before_a_field_was_added_is_canonical() -> None:
    before = SERIES_OPENED.replace(b',"replaces":null', b"")
    assert before != SERIES_OPENED
    assert is_canonical(before, decode_record(before))


@pytest.mark.parametrize(
    "other",
    [
        SERIES_OPENED.replace(b'"name":"FACT",', b"").replace(b'"replaces":null', b'"replaces":null,"name":"FACT"'),
        SERIES_OPENED.replace(b":", b": ", 1),
        SERIES_OPENED.replace(b',"replaces":null', b',"replaces":null,"later":1'),
        SERIES_OPENED + b" ",
        SERIES_OPENED[:-1] + b',"traceparent":"00-0123"}',
        SERIES_OPENED[:-1] + b',"traceparent":"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"}',
    ],
    ids=[
        "another order",
        "a blank",
        "a field we do not know",
        "a blank at the end",
        "half a trace",
        "a trace in capitals",
    ],
)
def test_the_same_record_in_other_bytes_is_not_canonical(other: bytes) -> None:
    assert other != SERIES_OPENED
    assert not is_canonical(other, decode_record(other))


def test_the_history_behind_the_samples_is_a_true_one() -> None:
    records = every_event()
    check_invariants(records)
    assert {type(record.event) for record in records} == set(KINDS), CAUSE_IT


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_with_a_field_nobody_knows_yet_still_decodes(sample: Path) -> None:
    known = json.loads(sample.read_bytes())
    later = {**known, "later": 1, "event": {**known["event"], "later": {"a": 1}}}
    assert decode_record(json.dumps(later)) == decode_record(sample.read_bytes())


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_record(b'{"log": 1}')
    with pytest.raises(msgspec.DecodeError):
        decode_record(b"{")
