"""The streams one after another: what follows from their events, against the tables that keep it.

A table is compared where its projection stands at that moment. One that is missing, of another release, or behind the
others is passed over: `/readyz` tells of those.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from typing import Final

import asyncpg
from msgspec import MsgspecError

from projections.keeping import copies
from projections.keeping.every import ALL
from projections.keeping.kept_tables_read import read_positions, read_rows
from projections.keeping.one_moment import Connection, from_projections
from projections.models.invoices.content import facts_of
from projections.models.invoices.invoices import columns_of
from projections.replay.kept_rows import PROJECTIONS, CounterRow, ExplanationRow, GapRow, InvoiceRow, Row
from projections.replay.kept_tables import SeriesTables, apply_to_drafts
from projections.replay.replay import HistoryBrokenError, Replay
from projections.statements import statement as projection_statement
from schemas.events import DraftEvent, SeriesOpened
from schemas.record import Record, decode_record
from schemas.values import DocumentId, LogId, Position, SeriesId, Version
from service.checking.faults import EVENTS_OF_A_STEP, Fault, FaultKind, Step, at_position
from service.statements import statement

STREAMS_OF_A_STEP: Final = 100

_SCHEMAS: Final = {
    "counter": "counters.counter",
    "gap": "gaps.gap",
    "explanation": "gaps.explanation",
    "block": "register.block",
    "ending": "register.ending",
    "invoice": "invoices.invoice",
}


async def check_streams(pool: asyncpg.Pool, log_id: LogId) -> AsyncIterator[Step]:
    """Every series and draft: its events, its row of log.stream, its numbers, its rows. Raises asyncpg's errors."""
    after = SeriesId("")
    while True:
        async with pool.acquire() as connection:
            rows = await connection.fetch(statement("check_streams"), log_id, after, STREAMS_OF_A_STEP)
        if not rows:
            return
        yield Step(len(rows), [fault for row in rows for fault in _faults_of_stream(row)])
        drafts = [SeriesId(row["stream"]) for row in rows if (row["tag"] or "").startswith("draft-")]
        if drafts:
            yield await _check_drafts(pool, log_id, drafts)
        for row in rows:
            if (row["tag"] or "").startswith("series-opened/"):
                async for step in _check_series(pool, log_id, SeriesId(row["stream"])):
                    yield step
        after = SeriesId(rows[-1]["stream"])


def _faults_of_stream(row: asyncpg.Record) -> Iterator[Fault]:
    if row["tag"] is None or row["last"] != row["version"]:
        says = f"log.stream says that it has {row['version']} events, and the last one is {row['last'] or 'missing'}"
        yield Fault(FaultKind.LOG_STREAM, f"stream {row['stream']}", says)


class _Fold:
    """A series after its events so far, read in pieces."""

    def __init__(self, series_id: SeriesId) -> None:
        self.series_id = series_id
        self.version = Version(0)
        self.tables: SeriesTables | None = None
        self.fault: Fault | None = None
        self._replay = Replay()

    async def read(self, connection: Connection, to: Position) -> int:
        """Add the next events up to position `to`, and say how many there were; 0 after the last, or after a fault."""
        if self.fault is not None:
            return 0
        asked = (self.series_id, self.version, to, EVENTS_OF_A_STEP)
        rows = await connection.fetch(statement("check_stream_events"), *asked)
        for row in rows:
            try:
                self._apply(decode_record(row["record"]))
            except HistoryBrokenError as broken:
                self.fault = Fault(FaultKind.EVENT_IMPOSSIBLE, at_position(broken.position), str(broken))
            except MsgspecError as error:
                says = f"a record after version {self.version} is no event: {error}"
                self.fault = Fault(FaultKind.EVENT_UNREADABLE, f"stream {self.series_id}", says)
            if self.fault is not None:
                return 0
        return len(rows)

    def _apply(self, record: Record) -> None:
        self._replay.apply(record)
        if self.tables is None and isinstance(record.event, SeriesOpened):
            self.tables = SeriesTables(record, record.event)
        assert self.tables is not None, "a replay begins with the opening"
        self.tables.apply(record)
        self.version = record.version


async def _check_series(pool: asyncpg.Pool, log_id: LogId, series_id: SeriesId) -> AsyncIterator[Step]:
    fold = _Fold(series_id)
    async with pool.acquire() as connection:
        end = Position(await connection.fetchval(statement("log_head"), log_id))
    while True:
        async with pool.acquire() as connection:
            count = await fold.read(connection, end)
        if not count:
            break
        yield Step(count)
    if fold.fault is not None:
        yield Step(1, [fold.fault])
        return

    async with pool.acquire() as connection:

        async def compare() -> list[Fault]:
            return await _compared(connection, log_id, fold)

        # None if a projection is missing or was just swapped: then there is nothing to compare.
        found = await from_projections(connection, PROJECTIONS, compare, is_waiting=False) or []
        tables = fold.tables
        allocated = [] if tables is None else await _faults_of_numbers(connection, tables.rows.counter, fold)
    yield Step(fold.version, [*found, *allocated])


async def _compared(connection: Connection, log_id: LogId, fold: _Fold) -> list[Fault]:
    """What is wrong with the rows of a series, of one moment. The caller is in a transaction."""
    positions = await read_positions(connection, log_id)
    end = max(positions.values(), default=Position(0))
    while await fold.read(connection, end):
        pass
    if fold.fault is not None or fold.tables is None:
        return [fold.fault] if fold.fault is not None else []
    faults: list[Fault] = []
    for projection in PROJECTIONS:
        if positions.get(projection) == end and end >= fold.tables.rows.counter.position:
            due, kept = fold.tables.rows.of(projection), read_rows(connection, fold.series_id, projection)
            faults += [fault async for fault in _differences(due, kept)]
    return faults


async def _faults_of_numbers(connection: Connection, counter: CounterRow, fold: _Fold) -> list[Fault]:
    """Whether log.allocation has the numbers that the series took. It says nothing if the table has grown meanwhile."""
    row = await connection.fetchrow(statement("check_allocation"), counter.series_id)
    assert row is not None, "an aggregate returns a row"
    due = (counter.start_number, counter.next_number, counter.next_number - counter.start_number)
    has_grown = await connection.fetch(
        statement("check_stream_events"), fold.series_id, fold.version, Position(2**62), 1
    )
    if has_grown or (row["start"], row["next"], row["taken"]) == due:
        return []
    kept = f"it has {row['taken']} numbers from {row['start']} up to {row['next']}"
    says = f"{kept}; the events took {due[2]} up to {due[1]}"
    return [Fault(FaultKind.LOG_ALLOCATION, f"series {counter.series_id}", says)]


async def _check_drafts(pool: asyncpg.Pool, log_id: LogId, streams: Sequence[SeriesId]) -> Step:
    """The drafts in these streams: their events, and their rows."""
    read, faults = 0, list[Fault]()
    async with pool.acquire() as connection:

        async def compare() -> list[Fault]:
            nonlocal read
            position = (await read_positions(connection, log_id)).get("invoices", Position(0))
            rows = await connection.fetch(statement("check_draft_events"), streams, position)
            read = len(rows)
            drafts: dict[DocumentId, InvoiceRow] = {}
            replay = Replay()
            try:
                for row in rows:
                    record = decode_record(row["record"])
                    replay.apply(record)
                    assert isinstance(record.event, DraftEvent), "a replay refuses others in the stream of a draft"
                    apply_to_drafts(drafts, record, record.event)
            except HistoryBrokenError as broken:
                return [Fault(FaultKind.EVENT_IMPOSSIBLE, at_position(broken.position), str(broken))]
            except MsgspecError as error:
                return [Fault(FaultKind.EVENT_UNREADABLE, f"a draft of {len(streams)}", str(error))]
            kept = await connection.fetch(statement("check_drafts"), streams)
            due = [drafts[each] for each in sorted(drafts)]
            return [each async for each in _differences(due, _rows(InvoiceRow(*row) for row in kept))]

        faults = await from_projections(connection, PROJECTIONS, compare, is_waiting=False) or []
    return Step(max(read, 1), faults)


async def check_strange_rows(pool: asyncpg.Pool) -> AsyncIterator[Step]:
    """Rows that follow from no event, what was copied from contents, and the totals. Raises asyncpg's errors."""
    async with pool.acquire() as connection:

        async def strange() -> list[Fault]:
            rows = await connection.fetch(statement("check_strange_series"))
            says = "no event is of this series"
            return [Fault(FaultKind.ROW_STRANGE, f"{row['place']} of series {row['series_id']}", says) for row in rows]

        yield Step(1, await from_projections(connection, PROJECTIONS, strange, is_waiting=False) or [])
    after: DocumentId | None = DocumentId("")
    while after is not None:
        step, after = await _check_documents(pool, after)
        yield step
    async with pool.acquire() as connection:

        async def totals() -> list[Fault]:
            invoices = next(each for each in ALL if each.name == "invoices")
            await copies.use(connection, copies.live(invoices))
            rows = await connection.fetch(projection_statement("total_rows"))
            says = f"{len(rows)} totals are not what the documents come to" if rows else ""
            return [Fault(FaultKind.ROW_CHANGED, "invoices.total", says)] if rows else []

        yield Step(1, await from_projections(connection, ("invoices",), totals, is_waiting=False) or [])


async def _check_documents(pool: asyncpg.Pool, after: DocumentId) -> tuple[Step, DocumentId | None]:
    """The next documents of the projection, and the last id of them; none if there are no more."""
    async with pool.acquire() as connection:
        kept: list[asyncpg.Record] = []

        async def compare() -> list[Fault]:
            kept[:] = await connection.fetch(statement("check_kept_documents"), after, EVENTS_OF_A_STEP)
            digests = [row["content"] for row in kept if row["content"]]
            contents = {row["digest"]: row for row in await connection.fetch(statement("check_contents"), digests)}
            return [fault for row in kept for fault in _faults_of_document(row, contents.get(row["content"]))]

        faults = await from_projections(connection, ("invoices",), compare, is_waiting=False) or []
    return Step(max(len(kept), 1), faults), DocumentId(kept[-1]["document_id"]) if kept else None


def _faults_of_document(row: asyncpg.Record, content: asyncpg.Record | None) -> Iterator[Fault]:
    place = f"{_SCHEMAS['invoice']} of document {row['document_id']}"
    if not row["is_known"]:
        yield Fault(FaultKind.ROW_STRANGE, place, "no event is of its stream")
    if content is None:
        return  # it was erased: what the row says of it cannot be known any more
    if not content["is_right"]:
        says = "the content is not the one that its event names"
        yield Fault(FaultKind.CONTENT, f"content {content['digest']}", says)
        return
    if content["body"] is None:
        return
    try:
        said = columns_of(facts_of(content["body"]))
    except MsgspecError:
        yield Fault(FaultKind.CONTENT, f"content {content['digest']}", "it cannot be read")
        return
    found = (
        row["client_id"],
        row["currency"],
        row["due_date"],
        row["subtotal_ron"],
        row["vat_ron"],
        row["total_ron"],
    )
    if said != found:
        yield Fault(FaultKind.ROW_CHANGED, place, "it says something else than the document's content")


async def _differences(due: Iterable[Row], kept: AsyncIterable[Row]) -> AsyncIterator[Fault]:
    """Each row that is missing, strange or another one; both come in the same order."""
    expected = iter(due)
    next_due = next(expected, None)
    async for row in kept:
        while next_due is not None and _key(next_due) < _key(row):
            yield Fault(FaultKind.ROW_MISSING, _place(next_due), "the row is missing")
            next_due = next(expected, None)
        if next_due is None or _key(next_due) != _key(row):
            yield Fault(FaultKind.ROW_STRANGE, _place(row), "no event makes this row")
            continue
        if next_due != row:
            yield Fault(FaultKind.ROW_CHANGED, _place(row), f"other values than the events: {_names(next_due, row)}")
        next_due = next(expected, None)
    while next_due is not None:
        yield Fault(FaultKind.ROW_MISSING, _place(next_due), "the row is missing")
        next_due = next(expected, None)


def _names(due: Row, kept: Row) -> str:
    names = type(due).__struct_fields__
    return ", ".join(name for name in names if getattr(due, name) != getattr(kept, name))


def _key(row: Row) -> tuple[int, int, str]:
    """Where the row stands among those of its projection."""
    match row:
        case CounterRow():
            return 0, 0, row.series_id
        case GapRow():
            return 0, row.first, ""
        case ExplanationRow():
            return 1, row.position, ""
        case InvoiceRow():
            return 0, row.number or 0, "" if row.number else row.document_id
        case _:
            return (0 if row.__struct_config__.tag == "block" else 1), row.last, ""


def _place(row: Row) -> str:
    table = _SCHEMAS[str(row.__struct_config__.tag)]
    match row:
        case CounterRow():
            return f"{table} of series {row.series_id}"
        case InvoiceRow():
            return f"{table} of document {row.document_id}"
        case ExplanationRow():
            return f"{table} of series {row.series_id}, position {row.position}"
        case _:
            return f"{table} of series {row.series_id}, numbers {row.first}-{row.last}"


async def _rows(rows: Iterable[Row]) -> AsyncIterator[Row]:
    for row in rows:
        yield row
