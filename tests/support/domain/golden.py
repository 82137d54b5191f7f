"""A history in which every event type happens; the first record of each tag becomes the golden sample.

`python -m tests.support.domain.golden` writes the samples that are missing.
"""

import json
import sys
from pathlib import Path

from msgspec.structs import fields

from schemas.commands import (
    DeleteDraft,
    DescribeSeries,
    EraseDraft,
    MakePrimary,
    OpenSeries,
    SaveDraft,
    UnlockSeries,
    VoidDraft,
)
from schemas.events import Event
from schemas.record import Record, encode_record, event_tag
from schemas.traceparent import TraceParent
from schemas.values import DocumentId, DocumentType, SeriesId
from tests.support.domain.commands import (
    HOLD_SECONDS,
    NOW,
    SERIES,
    a_change,
    a_consumption,
    a_deletion,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_release,
    a_reservation_of,
    a_reversal,
    a_slot,
    a_sweep,
    a_void,
    an_advance,
    an_erasure,
    an_explanation,
    an_issue,
    an_unvoid,
    digest,
    the_operator,
    the_sweeper,
)
from tests.support.domain.history import History

FOLDER = Path(__file__).parents[2] / "golden" / "events"
DRAFT = DocumentId("inv_draft00001")
TRACE = TraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
SECOND = OpenSeries(SeriesId("seriesbbbb"), "STORE", DocumentType.FISCAL, 2027, "of the shop")


def every_event() -> list[Record]:
    """A history with every event type; the last event has what only a record can have."""
    history = History().after(
        (OpenSeries(SERIES, "FACT", DocumentType.FISCAL, 2027), a_key()),
        (DescribeSeries(SERIES, "online"), a_key()),
        (SECOND, a_key()),
        (MakePrimary(SECOND.series_id), a_key()),
        a_lock(),
        a_reservation_of(10),
    )
    block = history.state.position
    history.after(
        a_consumption(a_slot(1, reservation=block)),
        a_release(a_slot(2, reservation=block)),
        (UnlockSeries(SERIES, is_forced=True), a_device("till_2", is_admin=True)),
        a_change(1, "inv_1", date="2027-01-16"),
        a_reversal(1, "inv_1", a_document("inv_2", "2027-01-17"), content=digest("changed")),
        an_issue(a_document("inv_3", "2027-01-18")),
        a_void(12, "inv_3"),
        an_unvoid(12, "inv_3"),
        a_void(12, "inv_3"),
        a_deletion(12, "inv_3", "2027-01-18"),
        (an_erasure(12, "inv_3"), a_key()),
        (an_explanation(12, 12), a_key()),
        (SaveDraft(DRAFT, digest("draft")), a_key()),
        (EraseDraft(DRAFT, digest("draft"), digest("left"), digest("asked")), a_key()),
        (VoidDraft(DRAFT, digest("reason")), a_key()),
        (DeleteDraft(DRAFT), a_key()),
        (a_sweep(), the_sweeper(), NOW + HOLD_SECONDS),
        (an_advance(20), the_operator(), NOW + HOLD_SECONDS),
    )
    history.traceparent = TRACE
    return history.after((a_lock(), a_device(), NOW + HOLD_SECONDS)).records


def samples_of(tag: str) -> list[Path]:
    """The samples of a tag: the first, and one for each time that fields were added to it."""
    stem = tag.replace("/", ".")
    return sorted([*FOLDER.glob(f"{stem}.json"), *FOLDER.glob(f"{stem}.with-*.json")])


def fields_without_sample(kind: type[Event]) -> list[str]:
    """The fields of an event type that no sample of it has."""
    sampled = [json.loads(sample.read_bytes())["event"] for sample in samples_of(tag_of(kind))]
    return [each.encode_name for each in fields(kind) if not any(each.encode_name in event for event in sampled)]


def record_fields_without_sample() -> list[str]:
    """The fields around an event that no sample has."""
    sampled = [json.loads(sample.read_bytes()) for sample in FOLDER.glob("*.json")]
    return [each.encode_name for each in fields(Record) if not any(each.encode_name in record for record in sampled)]


def tag_of(kind: type[Event]) -> str:
    """The tag of an event type, as it is stored."""
    return str(kind.__struct_config__.tag)


def freeze() -> list[str]:
    """Write a sample for each tag and each field that has none, never changing a sample; returns the new names."""
    FOLDER.mkdir(exist_ok=True)
    written: list[str] = []
    for record in every_event():
        tag = event_tag(record.event)
        around = [name for name in record_fields_without_sample() if name in json.loads(encode_record(record))]
        if later := fields_without_sample(type(record.event)) or (around if samples_of(tag) else []):
            ending = f".with-{'-'.join(later)}" if samples_of(tag) else ""
            path = FOLDER / f"{tag.replace('/', '.')}{ending}.json"
            path.write_bytes(encode_record(record) + b"\n")
            written.append(path.name)
    return written


if __name__ == "__main__":
    sys.stdout.write("\n".join(freeze()) + "\n")
