"""What became of the gaps of a series between two moments, and which events did it; folded from the log alone."""

from msgspec import Struct

from projections.keeping.one_moment import Connection
from projections.replay.replay import Replay, SeriesReplay
from projections.replay.terms import moved_by
from projections.replay.words import actor_text
from projections.reports.as_of import ROWS_FETCHED
from projections.statements import statement
from schemas.api.reports import Gap, Moment, Terms
from schemas.events import DocumentChanged, GapExplained, SeriesOpened
from schemas.record import Record, decode_record, event_tag
from schemas.values import FirmId, Mode, Number, Position, SeriesId, UnixSeconds


class ChangingEvent(Struct, frozen=True, gc=False, tag_field="object", tag="changing_event"):
    """An event that took numbers, gave them another fate, explained gaps, or may have moved the date of a neighbour."""

    position: Position
    at: UnixSeconds
    type: str
    by: str


class GapChange(Struct, frozen=True, gc=False, tag_field="object", tag="gap_change"):
    """A gap that is there at both moments, and not the same."""

    before: Gap
    after: Gap


class Counted(Struct, frozen=True):
    """The counter of a series at one moment; `next_number` is none where there was no such series yet."""

    as_of: Moment
    equation: Terms
    next_number: Number | None


class GapChanges(Struct, frozen=True, tag_field="object", tag="gap_changes"):
    """A series at both moments: gaps that are new, gone, or other than before, and the events in between."""

    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    series_name: str
    before: Counted
    after: Counted
    new: list[Gap]
    closed: list[Gap]
    changed: list[GapChange]
    events: list[ChangingEvent]


async def gap_changes(connection: Connection, series_id: SeriesId, before: Moment, after: Moment) -> GapChanges | None:
    """What changed after the position of `before` up to that of `after`; None if there was no such series by then.

    It holds one series, and a few words of each event in between. The connection must be in no transaction. Raises
    asyncpg's errors, and HistoryBrokenError if an event does not follow from those before it.
    """
    replay, events = Replay(), list[ChangingEvent]()
    gaps: list[Gap] = []
    counted = Counted(before, Terms(), None)
    is_before = True
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(statement("log_read_stream"), series_id, after.position)
        while rows := await cursor.fetch(ROWS_FETCHED):
            for row in rows:
                record = decode_record(row["record"])
                if is_before and record.position > before.position:
                    is_before = False
                    gaps, counted = _stand(replay.series.get(series_id), before)
                replay.apply(record)
                if not is_before and _changes(record):
                    events.append(_event(record))
    series = replay.series.get(series_id)
    if series is None:
        return None
    found, now = _stand(series, after)
    if is_before:
        gaps, counted = found, Counted(before, now.equation, now.next_number)
    return _compared(series_id, series, (counted, gaps), (now, found), events)


def _stand(series: SeriesReplay | None, moment: Moment) -> tuple[list[Gap], Counted]:
    if series is None:
        return [], Counted(moment, Terms(), None)
    return series.finished_gaps(), Counted(moment, series.terms(), series.next_number)


def _compared(
    series_id: SeriesId,
    series: SeriesReplay,
    before: tuple[Counted, list[Gap]],
    after: tuple[Counted, list[Gap]],
    events: list[ChangingEvent],
) -> GapChanges:
    then = {gap.first: gap for gap in before[1]}
    now = {gap.first: gap for gap in after[1]}
    return GapChanges(
        series_id=series_id,
        firm_id=series.firm_id,
        mode=series.mode,
        series_name=series.name,
        before=before[0],
        after=after[0],
        new=[gap for first, gap in now.items() if first not in then],
        closed=[gap for first, gap in then.items() if first not in now],
        changed=[GapChange(gap, now[first]) for first, gap in then.items() if now.get(first, gap) != gap],
        events=events,
    )


def _changes(record: Record) -> bool:
    return moved_by(record.event)[2] > 0 or isinstance(record.event, SeriesOpened | GapExplained | DocumentChanged)


def _event(record: Record) -> ChangingEvent:
    return ChangingEvent(record.position, record.at, event_tag(record.event), actor_text(record.actor))
