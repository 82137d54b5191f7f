"""PostgreSQL takes a column only if the record says the same, and an event only if every process can fold it."""

import time
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest
import pytest_asyncio
from msgspec.structs import replace

from schemas.describe.files import event_tags
from schemas.events import (
    DocumentVoided,
    DraftSaved,
    NumbersLost,
    NumbersReserved,
    ReservationExpired,
    ReservationReleased,
)
from schemas.record import Record
from schemas.values import (
    DEFAULT_LOG,
    Digest,
    DocumentId,
    FirmId,
    Mode,
    Number,
    NumberRange,
    Position,
    SeriesId,
    UnixSeconds,
    Version,
)
from service.log.columns import SEPARATOR, arguments_of, columns_of, joined
from service.log.event_log import Batch
from service.log.postgres_log import PostgresLog
from service.log.sessions import connect
from service.statements import statement
from tests.support.domain.batches import a_batch, a_working_day
from tests.support.domain.commands import a_document, an_issue

COLUMNS = (
    "stream",
    "series_name",
    "version",
    "previous",
    "firm_id",
    "mode",
    "at",
    "tag",
    "number",
    "last",
    "document_id",
    "reservation",
)
FIRST_COLUMN = 2
OTHERS = (
    "",
    "3",
    "11",
    "other",
    "seriesaaaa",
    "inv_1",
    "inv_9",
    "test",
    "numbers-lost/1",
    "draft-saved/1",
    "nonsense/1",
)
THREE_YEARS_SECONDS = 3 * 366 * 86_400


def every_kind() -> list[Record]:
    """A working day, and after it an event of each kind with columns that the day does not have."""
    records = list(a_working_day().records)
    last, at = records[-1], Position(len(records))
    events = (
        ReservationReleased(Position(3), Number(2)),
        ReservationExpired(Position(3), (NumberRange(Number(3), Number(5)),)),
        NumbersLost(Number(12), Number(20), "torn"),
        DocumentVoided(Number(1), "FACT-2027-00001", DocumentId("inv_1"), None),
    )
    for offset, event in enumerate(events, start=1):
        place, version = Position(at + offset), Version(last.version + offset)
        records.append(replace(last, position=place, version=version, previous=Position(place - 1), event=event))
    draft = replace(
        records[-1],
        position=Position(at + 5),
        stream=SeriesId("inv_3"),
        series_name=None,
        version=Version(1),
        previous=Position(0),
        event=DraftSaved(DocumentId("inv_3"), Digest("ab" * 32)),
    )
    return [*records, draft]


@pytest_asyncio.fixture
async def writer(postgres_log: PostgresLog, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection with the role of the service, to an empty log."""
    del postgres_log
    connection = await connect(database_url, "numbering_writer", "numbering test")
    yield connection
    await connection.close()


async def refusal(connection: asyncpg.Connection, arguments: Sequence[object]) -> str | None:
    """The SQLSTATE with which log.append refuses; None if it does not, and then nothing is kept either."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.fetchval(statement("log_append"), *arguments)
    except asyncpg.PostgresError as error:
        return error.sqlstate
    finally:
        await transaction.rollback()
    return None


def with_column(arguments: Sequence[object], column: int, values: Sequence[str]) -> list[object]:
    """The arguments with these values in one of the columns."""
    found = list(arguments)
    found[FIRST_COLUMN + column] = joined(values)
    return found


def spoiled(batch: Batch) -> list[tuple[str, list[object]]]:
    """The arguments with one column of one record changed, each time another one."""
    found: list[tuple[str, list[object]]] = []
    for column, name in enumerate(COLUMNS, start=1):
        for row in range(len(batch.records)):
            for other in OTHERS:
                values = columns_of(batch.records)[column]
                if values[row] != other:
                    values[row] = other
                    words = f"{name} of position {row + 1} is {other!r}"
                    found.append((words, with_column(arguments_of(DEFAULT_LOG, Position(0), batch), column, values)))
    return found


async def test_a_column_that_is_not_what_the_record_says_is_refused(writer: asyncpg.Connection) -> None:
    batch = a_batch(every_kind())
    assert await refusal(writer, arguments_of(DEFAULT_LOG, Position(0), batch)) is None
    for words, arguments in spoiled(batch):
        assert await refusal(writer, arguments) is not None, words


async def test_a_record_that_is_no_json_is_refused(writer: asyncpg.Connection) -> None:
    batch = a_batch(a_working_day().records[:1])
    text = batch.records[0].canonical.decode()
    for broken in (text[:-1], text + "x", text.replace("null", "nul", 1)):
        arguments = with_column(arguments_of(DEFAULT_LOG, Position(0), batch), 0, [broken])
        assert await refusal(writer, arguments) == "22P02"


async def test_a_separator_within_a_text_is_refused(writer: asyncpg.Connection) -> None:
    batch = a_batch(a_working_day().records)
    for column, values in enumerate(columns_of(batch.records)):
        for row in range(len(values)):
            torn = [*values[:row], values[row] + SEPARATOR, *values[row + 1 :]]
            arguments = with_column(arguments_of(DEFAULT_LOG, Position(0), batch), column, torn)
            assert await refusal(writer, arguments) is not None, (column, row)


async def test_an_event_that_no_release_knows_is_refused(writer: asyncpg.Connection) -> None:
    batch = a_batch(a_working_day().records[:2])
    opened, locked = (each.canonical.decode() for each in batch.records)
    arguments: Sequence[object] = arguments_of(DEFAULT_LOG, Position(0), batch)
    arguments = with_column(arguments, 0, [opened, locked.replace("series-locked/1", "nonsense/1")])
    arguments = with_column(arguments, 8, ["series-opened/1", "nonsense/1"])
    assert await refusal(writer, arguments) == "LG007"


async def test_both_lists_of_types_say_the_same_and_have_every_event_there_is(database_url: str) -> None:
    superuser = await asyncpg.connect(database_url)
    rows = await superuser.fetch("SELECT tag, kind, log.kind_of(tag) AS found FROM log.event_type")
    await superuser.close()
    assert {row["tag"]: row["kind"] for row in rows} == {row["tag"]: row["found"] for row in rows}
    assert {row["tag"] for row in rows} == set(event_tags())


async def test_an_event_before_the_last_one_or_years_from_now_is_refused(
    writer: asyncpg.Connection, postgres_log: PostgresLog
) -> None:
    day = a_working_day()
    await postgres_log.append(Position(0), a_batch(day.records[:2]))
    last, following = day.records[1].at, day.records[2]
    far = UnixSeconds(max(last, int(time.time())) + THREE_YEARS_SECONDS)
    for at, expected in ((UnixSeconds(last - 1), "LG008"), (far, "LG008"), (last, None), (UnixSeconds(last + 1), None)):
        batch = a_batch([replace(following, at=at)])
        assert await refusal(writer, arguments_of(DEFAULT_LOG, Position(2), batch)) == expected
    within = a_batch([following, replace(day.records[3], at=UnixSeconds(last - 1))])
    assert await refusal(writer, arguments_of(DEFAULT_LOG, Position(2), within)) == "LG008"


async def test_a_stream_stays_with_its_firm_and_mode(writer: asyncpg.Connection, postgres_log: PostgresLog) -> None:
    day = a_working_day()
    await postgres_log.append(Position(0), a_batch(day.records[:2]))
    for other in (replace(day.records[2], firm_id=FirmId("firm_z")), replace(day.records[2], mode=Mode.TEST)):
        assert await refusal(writer, arguments_of(DEFAULT_LOG, Position(2), a_batch([other]))) == "LG003"
        place = {"position": Position(4), "version": Version(4), "previous": Position(3)}
        both = a_batch([day.records[2], replace(other, event=ReservationReleased(Position(3), Number(1)), **place)])
        assert await refusal(writer, arguments_of(DEFAULT_LOG, Position(2), both)) == "LG003"


async def test_an_event_of_a_batch_follows_the_one_that_it_names(writer: asyncpg.Connection) -> None:
    day = a_working_day().records
    assert await refusal(writer, arguments_of(DEFAULT_LOG, Position(0), a_batch(day))) is None
    for previous in (0, 1, 3, 4):
        torn = [*day[:2], replace(day[2], previous=Position(previous)), *day[3:]]
        assert await refusal(writer, arguments_of(DEFAULT_LOG, Position(0), a_batch(torn))) == "LG003", previous


async def test_ranges_of_a_batch_that_leave_a_gap_overlap_or_are_torn_are_refused_by_name(
    writer: asyncpg.Connection,
) -> None:
    day = a_working_day().records
    block = day[2].event
    assert isinstance(block, NumbersReserved)
    cases = {(2, 10): "allocation_has_no_gap", (1, 0): "allocation_is_not_empty", (11, 20): "allocation_has_no_gap"}
    for (first, last), constraint in cases.items():
        record = replace(day[2], event=replace(block, first=Number(first), last=Number(last)))
        arguments = arguments_of(DEFAULT_LOG, Position(0), a_batch([*day[:2], record]))
        transaction = writer.transaction()
        await transaction.start()
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
            await writer.fetchval(statement("log_append"), *arguments)
        assert refused.value.constraint_name == constraint
        await transaction.rollback()
    twice = replace(day[2], position=Position(4), version=Version(4), previous=Position(3))
    assert await refusal(writer, arguments_of(DEFAULT_LOG, Position(0), a_batch([*day[:3], twice]))) == "23505"


BEFORE = "SELECT log.append($1, $2, $3, '{}', '{}', '{}', '{}', '{}', '{}')"


async def test_a_process_of_the_release_before_writes_the_same_and_is_refused_the_same(
    writer: asyncpg.Connection, postgres_log: PostgresLog
) -> None:
    """It calls log.append without columns."""
    batch = a_batch(every_kind())
    texts = [each.canonical.decode() for each in batch.records]
    wrong = [*texts[:5], texts[5].replace('"reservation":5', '"reservation":3')]
    with pytest.raises(asyncpg.PostgresError) as refused:
        await writer.fetchval(BEFORE, 1, 0, wrong)
    assert refused.value.sqlstate == "LG009"
    assert await writer.fetchval(BEFORE, 1, 0, texts) == len(texts)
    assert await postgres_log.read(Position(0), 100) == list(batch.records)


async def test_adjacent_ranges_of_a_batch_are_one_row(writer: asyncpg.Connection, postgres_log: PostgresLog) -> None:
    await postgres_log.append(Position(0), a_batch(a_working_day().records))
    rows = await writer.fetch("SELECT a.first, a.next FROM log.allocation AS a ORDER BY a.next")
    assert [tuple(row) for row in rows] == [(None, 1), (1, 12)]


async def test_a_log_that_grows_under_one_session_is_never_read_from_its_start(
    writer: asyncpg.Connection, postgres_log: PostgresLog, database_url: str
) -> None:
    """The plan of the append is made while the log is small, and PostgreSQL knows that it is."""
    day = a_working_day()
    day.after(*(an_issue(a_document(f"inv_{number}")) for number in range(3, 40)))
    await postgres_log.append(Position(0), a_batch(day.records[:6]))
    owner = await asyncpg.connect(database_url)
    await owner.execute("ANALYZE log.event, log.stream, log.allocation")
    # ANALYZE reads the tables too, and what was read before is not asked here.
    before = await rows_read(owner)
    await owner.close()
    for position in range(6, len(day.records), 2):
        batch = a_batch(day.records[position : position + 2])
        await writer.fetchval(statement("log_append"), *arguments_of(DEFAULT_LOG, Position(position), batch))
    assert await rows_read(writer) == before


async def rows_read(connection: asyncpg.Connection) -> dict[str, int]:
    """How many rows of each table of the log were read without an index, by sessions that have said so."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    rows = await connection.fetch(
        "SELECT t.relname, t.seq_tup_read FROM pg_stat_user_tables AS t"
        " WHERE t.schemaname = 'log' AND t.relname IN ('event', 'stream', 'allocation')"
    )
    return {row["relname"]: row["seq_tup_read"] for row in rows}
