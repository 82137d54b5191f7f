"""Merges neighbouring numbers of one fate and one device into ranges (CONTRACT.md D68)."""

from collections.abc import Iterable, Iterator

import msgspec

from schemas.api.reports import NumberRangeRow
from schemas.number_formats import printed_number
from schemas.values import Number


class RangeMerger:
    """Merges neighbouring pieces into one range; the pieces must come in order."""

    def __init__(self) -> None:
        self.open: NumberRangeRow | None = None

    def add(self, piece: NumberRangeRow) -> NumberRangeRow | None:
        """Add the next piece; returns the range that is complete now, or None."""
        done, self.open = self.open, piece
        if done is None or not _are_one(done, piece):
            return done
        self.open = _joined(done, piece)
        return None


def merged(pieces: Iterable[NumberRangeRow]) -> Iterator[NumberRangeRow]:
    """The pieces with neighbours merged; they must come in order."""
    merger = RangeMerger()
    for piece in pieces:
        if (done := merger.add(piece)) is not None:
            yield done
    if merger.open is not None:
        yield merger.open


def above(pieces: Iterable[NumberRangeRow], number: Number, number_format: str) -> Iterator[NumberRangeRow]:
    """The parts of the pieces that lie above `number`; a piece of several numbers has no document to show them."""
    for piece in pieces:
        if piece.first > number:
            yield piece
        elif piece.last > number:
            printed = printed_number(number_format, number + 1)
            yield msgspec.structs.replace(piece, first=Number(number + 1), printed_first=printed)


def _are_one(left: NumberRangeRow, right: NumberRangeRow) -> bool:
    return left.last + 1 == right.first and left.fate == right.fate and left.device_id == right.device_id


def _joined(left: NumberRangeRow, right: NumberRangeRow) -> NumberRangeRow:
    return NumberRangeRow(
        first=left.first,
        last=right.last,
        printed_first=left.printed_first,
        printed_last=right.printed_last,
        fate=left.fate,
        device_id=left.device_id,
        reserved_at=min(left.reserved_at, right.reserved_at),
        ended_at=max(filter(None, (left.ended_at, right.ended_at)), default=None),
        invoice_id=None,
        earliest_date=min(filter(None, (left.earliest_date, right.earliest_date)), default=None),
        latest_date=max(filter(None, (left.latest_date, right.latest_date)), default=None),
    )
