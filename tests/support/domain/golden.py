"""A history in which every event type happens; its first record of each tag becomes the golden sample, once."""

import sys
from pathlib import Path

from schemas.commands import DeleteDraft, DescribeSeries, MakePrimary, OpenSeries, SaveDraft, UnlockSeries, VoidDraft
from schemas.record import Record, encode_record, event_tag
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
    an_issue,
    an_unvoid,
    digest,
    the_sweeper,
)
from tests.support.domain.history import History

FOLDER = Path(__file__).parents[2] / "golden" / "events"
DRAFT = DocumentId("inv_draft00001")
SECOND = OpenSeries(SeriesId("seriesbbbb"), "STORE", DocumentType.FISCAL, 2027, "of the shop")


def every_event() -> list[Record]:
    """A history that leaves no event type out."""
    history = History().after(
        (OpenSeries(SERIES, "FACT", DocumentType.FISCAL, 2027), a_key()),
        (DescribeSeries(SERIES, "online"), a_key()),
        (SECOND, a_key()),
        (MakePrimary(SECOND.series_id), a_key()),
        a_lock(),
        a_reservation_of(10),
        a_consumption(a_slot(1, reservation=6)),
        a_release(a_slot(2, reservation=6)),
        (UnlockSeries(SERIES, is_forced=True), a_device("till_2", is_admin=True)),
        a_change(1, "inv_1", date="2027-01-16"),
        a_reversal(1, "inv_1", a_document("inv_2", "2027-01-17"), content=digest("changed")),
        an_issue(a_document("inv_3", "2027-01-18")),
        a_void(12, "inv_3"),
        an_unvoid(12, "inv_3"),
        a_void(12, "inv_3"),
        a_deletion(12, "inv_3", "2027-01-18"),
        (SaveDraft(DRAFT, digest("draft")), a_key()),
        (VoidDraft(DRAFT, digest("reason")), a_key()),
        (DeleteDraft(DRAFT), a_key()),
        (a_sweep(), the_sweeper(), NOW + HOLD_SECONDS),
    )
    return history.records


def sample_path(tag: str) -> Path:
    """Where the sample of a tag is kept."""
    return FOLDER / f"{tag.replace('/', '.')}.json"


def freeze() -> list[str]:
    """Write the samples that are missing; those that exist are never touched. The tags written."""
    FOLDER.mkdir(exist_ok=True)
    written: list[str] = []
    for record in every_event():
        path = sample_path(event_tag(record.event))
        if not path.exists():
            path.write_bytes(encode_record(record) + b"\n")
            written.append(event_tag(record.event))
    return written


if __name__ == "__main__":
    sys.stdout.write("\n".join(freeze()) + "\n")
