"""`evolve(state, record)` brings the state forward by one event. It cannot refuse: the log holds facts.

If an assert here fails, the log and this program disagree; the process must stop, not guess.
"""

from __future__ import annotations  # rpds' maps are generic to type checkers only

from typing import Any, assert_never

from msgspec.structs import replace
from rpds import List

from schemas.events import (
    AnyDraftEvent,
    DocumentChanged,
    DocumentErased,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftErased,
    DraftSaved,
    DraftVoided,
    GapExplained,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesDescribed,
    SeriesLocked,
    SeriesMadePrimary,
    SeriesOpened,
    SeriesUnlocked,
)
from schemas.outcomes import LockView
from schemas.record import Record
from schemas.values import IsoDate, Number, NumberRange, Position, SeriesId, UnixSeconds, Version
from service.core.state.blocks import Block
from service.core.state.state import NO_CONTENT, Draft, Series, State, name_key


def evolve(state: State, record: Record) -> None:
    """Bring the state forward by `record`, which must be the next one of the log."""
    assert record.position == state.position + 1, f"position {record.position} does not follow {state.position}"
    assert record.at >= state.at, "times never decrease along a log"
    _evolve(state, record)
    state.partition_ends[record.firm_id, record.mode] = state.position = record.position
    state.at = record.at


def _evolve(state: State, record: Record) -> None:
    event = record.event
    match event:
        case SeriesOpened() as opened:
            _open(state, opened, record)
        case SeriesMadePrimary(replaces):
            _put(state, state.series[record.stream], record)
            _make_primary(state, record.stream, replaces)
        case NumbersReserved() as reserved:
            _reserve(state, reserved, record)
        case ReservationConsumed() as consumed:
            _consume(state, consumed, record)
        case ReservationReleased(reservation, number):
            _release(state, record, reservation, NumberRange(number, number))
        case ReservationExpired(reservation, ranges):
            _expire(state, record, reservation, ranges)
        case NumbersLost(first, last):
            _lose(state, record, NumberRange(first, last))
        case DraftSaved() | DraftVoided() | DraftDeleted() | DraftErased():
            _draft(state, event, record)
        case _:
            _put(state, _evolve_alone(state.series[record.stream], event, record.at), record)


_Alone = (
    SeriesDescribed
    | SeriesLocked
    | SeriesUnlocked
    | DocumentVoided
    | DocumentUnvoided
    | DocumentChanged
    | DocumentReversed
    | NumberWithdrawn
    | DocumentErased
    | GapExplained
)
"""The events that change nothing but their own series; a new one is named here, or gets a case in `_evolve`."""


def _evolve_alone(series: Series, event: _Alone, at: UnixSeconds) -> Series:
    match event:
        case SeriesDescribed(description):
            return replace(series, description=description)
        case SeriesLocked(device_id, session_id, user_id, platform):
            return replace(series, lock=LockView(device_id, session_id, user_id, platform, at))
        case SeriesUnlocked():
            return replace(series, lock=None)
        case DocumentVoided(number):
            voided = series.voided.put(NumberRange(number, number))
            return replace(_without_date(series, series.dates.of(number)), voided=voided)
        case DocumentUnvoided(number):
            return _unvoid(series, number)
        case DocumentChanged():
            return _change(series, event)
        case DocumentErased(number=number, content=content):
            return replace(series, changed=series.changed.insert(number, content or NO_CONTENT))
        case GapExplained():
            return series
        case DocumentReversed(number=number, reversal_number=reversal_number):
            return replace(
                series,
                reversal_of=series.reversal_of.insert(reversal_number, number),
                reversed_by=series.reversed_by.insert(number, reversal_number),
            )
        case NumberWithdrawn(number=number):
            withdrawn = series.withdrawn.put(NumberRange(number, number))
            return replace(series, voided=series.voided.without(number), withdrawn=withdrawn)
        case _:
            assert_never(event)


def _put(state: State, series: Series, record: Record, **changes: Any) -> None:
    """Keep `series` with these changes, as it is after `record`, its next event.

    All at once: to copy a series takes a microsecond, and a fold makes little else.
    """
    assert record.version == series.version + 1, f"version {record.version} does not follow {series.version}"
    state.series[series.series_id] = replace(series, version=record.version, position=record.position, **changes)


def _open(state: State, opened: SeriesOpened, record: Record) -> None:
    assert record.stream not in state.series, "a series opens once"
    series = Series(
        series_id=record.stream,
        firm_id=record.firm_id,
        mode=record.mode,
        name=opened.name,
        document_type=opened.document_type,
        description=opened.description,
        format=opened.format,
        start_number=opened.start_number,
        next_number=opened.start_number,
        year=opened.year,
        is_primary=False,
        opened_at=record.at,
        version=Version(0),
        position=Position(0),
    )
    partition = (record.firm_id, record.mode)
    state.partitions[partition] = state.partitions.get(partition, List()).push_front(record.stream)
    state.names[name_key(record.firm_id, record.mode, opened.document_type, opened.name)] = record.stream
    state.formats.put((record.firm_id, record.mode, opened.document_type), opened.format, record.stream)
    _put(state, series, record)
    if opened.is_primary:
        _make_primary(state, record.stream, opened.replaces)


def _make_primary(state: State, series_id: SeriesId, replaces: SeriesId | None) -> None:
    series = state.series[series_id]
    state.series[series_id] = replace(series, is_primary=True)
    if replaces is not None:
        state.series[replaces] = replace(state.series[replaces], is_primary=False)
    state.primaries[series.firm_id, series.mode, series.document_type] = series_id


def _reserve(state: State, reserved: NumbersReserved, record: Record) -> None:
    series = state.series[record.stream]
    assert reserved.first == series.next_number, "a block begins where the counter stands"
    count = reserved.last - reserved.first + 1
    block = Block(
        position=record.position,
        first=reserved.first,
        last=reserved.last,
        device_id=reserved.device_id,
        reserved_at=record.at,
        expires_at=reserved.expires_at,
        token_key=reserved.token_key,
        token_nonce=reserved.token_nonce,
        pending=(1 << count) - 1,
    )
    _put(
        state,
        series,
        record,
        next_number=Number(reserved.last + 1),
        pending=series.pending + count,
        blocks=series.blocks.put(block),
    )
    state.unsettled[record.position] = (record.stream, reserved.first)


def _settle(
    state: State, series: Series, record: Record, reservation: Position, ended: tuple[NumberRange, ...], **changes: Any
) -> None:
    """Keep `series` with these changes and the numbers `ended` of a block no longer pending."""
    block = series.blocks.holding(ended[0].first)
    assert block is not None, "what ends was pending"
    assert block.position == reservation, "a number ends where it was reserved"
    pending, count = block.pending, 0
    for item in ended:
        length = item.last - item.first + 1
        mask = ((1 << length) - 1) << (item.first - block.first)
        assert pending & mask == mask, "a number has one fate"
        pending &= ~mask
        count += length
    if pending:
        blocks = series.blocks.put(replace(block, pending=pending))
    else:
        blocks = series.blocks.without(block)
        del state.unsettled[reservation]
    _put(state, series, record, blocks=blocks, pending=series.pending - count, **changes)


def _consume(state: State, consumed: ReservationConsumed, record: Record) -> None:
    series, date = state.series[record.stream], consumed.date
    _settle(
        state,
        series,
        record,
        consumed.reservation,
        (NumberRange(consumed.number, consumed.number),),
        is_used=True,
        dates=series.dates.put(consumed.number, date),
        standing_dates=series.standing_dates.insert(date, series.standing_dates.get(date, 0) + 1),
        latest_date=date if series.latest_date is None else max(series.latest_date, date),
    )


def _release(state: State, record: Record, reservation: Position, ended: NumberRange) -> None:
    series = state.series[record.stream]
    _settle(state, series, record, reservation, (ended,), released=series.released.put(ended))


def _expire(state: State, record: Record, reservation: Position, ranges: tuple[NumberRange, ...]) -> None:
    series = state.series[record.stream]
    expired = series.expired
    for item in ranges:
        expired = expired.put(item)
    _settle(state, series, record, reservation, ranges, expired=expired)


def _lose(state: State, record: Record, numbers: NumberRange) -> None:
    """The counter stands behind the lost numbers; nothing else changes, a lock and pending numbers stay."""
    series = state.series[record.stream]
    assert numbers.first == series.next_number, "what is stepped over begins where the counter stands"
    _put(state, series, record, next_number=Number(numbers.last + 1), lost=series.lost.put(numbers))
    state.lost_at = record.position


def _unvoid(series: Series, number: Number) -> Series:
    """The series in which the document counts again; a reversal becomes the standing one of its source."""
    series = replace(_with_date(series, series.dates.of(number)), voided=series.voided.without(number))
    source = series.reversal_of.get(number)
    return series if source is None else replace(series, reversed_by=series.reversed_by.insert(source, number))


def _change(series: Series, changed: DocumentChanged) -> Series:
    series = replace(series, changed=series.changed.insert(changed.number, changed.content))
    if changed.date == changed.date_before:
        return series
    series = _with_date(_without_date(series, changed.date_before), changed.date)
    return replace(series, dates=series.dates.put(changed.number, changed.date))


def _with_date(series: Series, date: IsoDate) -> Series:
    """The series with one more standing document on this date."""
    return replace(
        series,
        standing_dates=series.standing_dates.insert(date, series.standing_dates.get(date, 0) + 1),
        latest_date=date if series.latest_date is None else max(series.latest_date, date),
    )


def _without_date(series: Series, date: IsoDate) -> Series:
    """The series with one standing document less on this date, which no longer bounds others if that was the last."""
    left = series.standing_dates[date] - 1
    if left:
        return replace(series, standing_dates=series.standing_dates.insert(date, left))
    dates = series.standing_dates.remove(date)
    latest_date = max(dates, default=None) if date == series.latest_date else series.latest_date
    return replace(series, standing_dates=dates, latest_date=latest_date)


def _draft(state: State, event: AnyDraftEvent, record: Record) -> None:
    document_id = event.document_id
    match event:
        case DraftSaved(_, content):
            draft = Draft(record.firm_id, record.mode, record.version, record.position, content)
        case DraftVoided():
            before = state.drafts[document_id]
            draft = replace(before, version=record.version, position=record.position, is_void=True)
        case DraftErased(content=content):
            before = state.drafts[document_id]
            left = content or NO_CONTENT
            draft = replace(before, version=record.version, position=record.position, content=left)
        case DraftDeleted():
            del state.drafts[document_id]
            return
        case _:
            assert_never(event)
    state.drafts[document_id] = draft
