"""Encodes and decodes a state, so that a process can start without folding the whole log. Pure.

The indexes across series are not encoded: they are made again from the series.
"""

from functools import reduce
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict
from rpds import HashTrieMap, List

from schemas.outcomes import LockView
from schemas.values import (
    Digest,
    DocumentId,
    DocumentType,
    FirmId,
    IsoDate,
    LogId,
    Mode,
    Number,
    NumberRange,
    Position,
    SeriesId,
    UnixSeconds,
    Version,
)
from service.core.state.blocks import Block, Blocks
from service.core.state.document_dates import DocumentDates
from service.core.state.ranges import ranges_of
from service.core.state.state import Draft, Partition, Series, State, name_key


class _SeriesImage(Struct, frozen=True):
    """A Series, field by field, with plain maps."""

    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    name: str
    document_type: DocumentType
    description: str | None
    format: str
    start_number: Number
    next_number: Number
    year: int
    is_primary: bool
    opened_at: UnixSeconds
    version: Version
    position: Position
    is_used: bool
    lock: LockView | None
    pending: int
    blocks: list[Block]
    voided: tuple[NumberRange, ...]
    withdrawn: tuple[NumberRange, ...]
    released: tuple[NumberRange, ...]
    expired: tuple[NumberRange, ...]
    lost: tuple[NumberRange, ...]
    dates: dict[int, bytes]
    last_dated: Number
    standing_dates: dict[IsoDate, int]
    latest_date: IsoDate | None
    changed: dict[Number, Digest]
    reversal_of: dict[Number, Number]
    reversed_by: dict[Number, Number]


class _StateImage(Struct, frozen=True):
    """A State, with `series` in the order in which they were opened."""

    log_id: LogId
    position: Position
    at: UnixSeconds
    series: list[_SeriesImage]
    drafts: dict[DocumentId, Draft]
    partition_ends: list[tuple[FirmId, Mode, Position]]
    lost_at: Position


_MAPS = ("standing_dates", "changed", "reversal_of", "reversed_by")
_RANGES = ("voided", "withdrawn", "released", "expired", "lost")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_StateImage)


def encode_state(state: State) -> bytes:
    """The state as MessagePack."""
    opened = (series for firm_id, mode in state.partitions for series in state.series_of(firm_id, mode))
    image = _StateImage(
        log_id=state.log_id,
        position=state.position,
        at=state.at,
        series=[_image(series) for series in opened],
        drafts=dict(state.drafts),
        partition_ends=[(firm_id, mode, position) for (firm_id, mode), position in state.partition_ends.items()],
        lost_at=state.lost_at,
    )
    return _encoder.encode(image)


def decode_state(encoded: bytes) -> State:
    """The state that was encoded. Raises msgspec.DecodeError and its subclass ValidationError."""
    image = _decoder.decode(encoded)
    all_series = [_series(found) for found in image.series]
    partitions: dict[Partition, list[SeriesId]] = {}
    for series in all_series:
        partitions.setdefault((series.firm_id, series.mode), []).append(series.series_id)
    state = State(
        image.log_id,
        image.position,
        image.at,
        series={series.series_id: series for series in all_series},
        partitions={key: List(opened[::-1]) for key, opened in partitions.items()},
        partition_ends={(firm_id, mode): position for firm_id, mode, position in image.partition_ends},
        names={name_key(s.firm_id, s.mode, s.document_type, s.name): s.series_id for s in all_series},
        primaries={(s.firm_id, s.mode, s.document_type): s.series_id for s in all_series if s.is_primary},
        unsettled={b.position: (s.series_id, b.first) for s in all_series for b in s.blocks.values()},
        drafts=image.drafts,
        lost_at=image.lost_at,
    )
    for series in all_series:
        state.formats.put((series.firm_id, series.mode, series.document_type), series.format, series.series_id)
    return state


def _image(series: Series) -> _SeriesImage:
    fields: dict[str, Any] = asdict(series) | {name: dict(getattr(series, name)) for name in _MAPS}
    fields |= {name: tuple(getattr(series, name)) for name in _RANGES}
    fields["blocks"] = list(series.blocks.values())
    fields |= {"dates": dict(series.dates.shelves), "last_dated": series.dates.last}
    return _SeriesImage(**fields)


def _series(image: _SeriesImage) -> Series:
    fields: dict[str, Any] = asdict(image)
    last_dated, dates, blocks = fields.pop("last_dated"), fields.pop("dates"), fields.pop("blocks")
    # What is empty is left to the one empty value that all series begin with: most series of many are unused.
    for names, make in ((_MAPS, HashTrieMap), (_RANGES, ranges_of)):
        for name in names:
            plain = fields.pop(name)
            if plain:
                fields[name] = make(plain)
    if blocks:
        fields["blocks"] = reduce(Blocks.put, blocks, Blocks())
    if dates:
        fields["dates"] = DocumentDates(HashTrieMap(dates), last_dated)
    return Series(**fields)
