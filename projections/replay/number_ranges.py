"""Numbers of one fate and device, as ranges: neighbouring ones are one (CONTRACT.md D68)."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from schemas.values import DeviceId, DocumentId, Fate, Number, UnixSeconds


class NumberRangeRow(Struct, frozen=True, gc=False, tag_field="object", tag="number_range"):
    """What became of `first` .. `last`. Of numbers with different times, the first reservation and the last ending.

    `ended_at` is the time of the event that gave the present fate, none while pending; `invoice_id` is there on a range
    of one number with a document.
    """

    first: Number
    last: Number
    fate: Fate
    device_id: DeviceId | None
    reserved_at: UnixSeconds
    ended_at: UnixSeconds | None
    invoice_id: DocumentId | None

    def after(self, number: Number) -> "NumberRangeRow | None":
        """The part of the range above `number`."""
        if self.last <= number:
            return None
        return self if self.first > number else msgspec.structs.replace(self, first=Number(number + 1))


class RangeMerger:
    """Makes one range of neighbours that come in order."""

    def __init__(self) -> None:
        self.open: NumberRangeRow | None = None

    def add(self, piece: NumberRangeRow) -> NumberRangeRow | None:
        """Take the next piece; returns a range that is complete now, if one is."""
        done, self.open = self.open, piece
        if done is None or not _are_one(done, piece):
            return done
        self.open = _joined(done, piece)
        return None


def merged(pieces: Iterable[NumberRangeRow]) -> Iterator[NumberRangeRow]:
    """The pieces, which come in order, with neighbours made one."""
    merger = RangeMerger()
    for piece in pieces:
        if (done := merger.add(piece)) is not None:
            yield done
    if merger.open is not None:
        yield merger.open


def _are_one(left: NumberRangeRow, right: NumberRangeRow) -> bool:
    return left.last + 1 == right.first and left.fate == right.fate and left.device_id == right.device_id


def _joined(left: NumberRangeRow, right: NumberRangeRow) -> NumberRangeRow:
    return NumberRangeRow(
        first=left.first,
        last=right.last,
        fate=left.fate,
        device_id=left.device_id,
        reserved_at=min(left.reserved_at, right.reserved_at),
        ended_at=max(filter(None, (left.ended_at, right.ended_at)), default=None),
        invoice_id=None,
    )
