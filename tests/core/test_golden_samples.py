"""Every event ever published still decodes. `python -m tests.support.domain.golden` freezes the sample of a new one."""

import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from schemas.events import Event
from schemas.record import decode_record, encode_record, event_tag
from tests.support.domain.golden import FOLDER, every_event, sample_path
from tests.support.domain.invariants import check_invariants

SAMPLES = sorted(FOLDER.glob("*.json"))
TAGS = sorted(str(kind.__struct_config__.tag) for kind in get_args(Event))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_decodes_and_is_encoded_the_same_today(sample: Path) -> None:
    canonical = sample.read_bytes().rstrip(b"\n")
    record = decode_record(canonical)
    assert sample_path(event_tag(record.event)) == sample
    assert encode_record(record) == canonical


@pytest.mark.parametrize("tag", TAGS)
def test_every_event_type_has_a_sample(tag: str) -> None:
    assert sample_path(tag) in SAMPLES, "freeze it: python -m tests.support.domain.golden"


def test_the_history_behind_the_samples_is_a_true_one() -> None:
    records = every_event()
    check_invariants(records)
    assert sorted({event_tag(record.event) for record in records}) == TAGS


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
