"""What documents showed before PostgreSQL noted it (migration 0004): such a log is taken over as it is."""

import asyncpg
import pytest

from schemas.values import Position
from service.log.event_log import PrintedTwiceError
from service.log.migrating.migrate import migrate
from service.log.postgres_log import PostgresLog
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import SECOND, a_document, an_issue
from tests.support.domain.history import two_series_that_meet

BEFORE = (
    "DROP TRIGGER event_is_printed_once ON log.event",
    "DROP FUNCTION log.note_printed",
    "DROP TABLE log.printed",
    "DELETE FROM public.numbering_migration WHERE name = '0004_printed'",
)


async def test_a_log_with_one_number_on_two_documents_goes_on_and_gets_no_third(database_url: str) -> None:
    """CONTRACT.md D87."""
    connection = await asyncpg.connect(database_url)
    for statement in BEFORE:
        await connection.execute(statement)
    day = two_series_that_meet().after(an_issue(a_document("inv_1")), an_issue(a_document("inv_2"), SECOND))
    log = await PostgresLog.open(database_url)
    await log.append(Position(0), a_batch(day.records))

    assert await migrate(database_url) == ["0004_printed"]

    printed = await connection.fetch("SELECT p.full_number, p.stream FROM log.printed AS p")
    assert [tuple(row) for row in printed] == [("FACT-2027-00001", "seriesaaaa")]
    day.after(an_issue(a_document("inv_3")))
    await log.append(Position(6), a_batch(day.records[6:]))
    day.after(an_issue(a_document("inv_4"), SECOND))
    with pytest.raises(PrintedTwiceError):
        await log.append(Position(8), a_batch(day.records[8:]))
    await log.close()
    await connection.close()


async def test_nobody_prints_a_number_past_the_log(database_url: str) -> None:
    """CONTRACT.md D87: also with triggers turned off for replication."""
    day = two_series_that_meet().after(an_issue(a_document("inv_1")))
    log = await PostgresLog.open(database_url)
    await log.append(Position(0), a_batch(day.records))
    await log.close()
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET session_replication_role = replica")
    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await connection.execute(
            "INSERT INTO log.event "
            "SELECT e.log_id, 9, e.stream, 9, e.firm_id, e.mode, e.at, e.tag, 9, 'inv_9', e.record "
            "FROM log.event AS e WHERE e.document_id = 'inv_1'"
        )
    assert refused.value.constraint_name == "printed_once"
    await connection.close()
