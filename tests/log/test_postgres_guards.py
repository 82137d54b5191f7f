"""What PostgreSQL itself refuses, to every role and in every state of the service."""

import time
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from schemas.values import Position
from service import clock
from service.log import clock_guard
from service.log.clock_guard import ClockError
from service.log.event_log import LogUnavailableError
from service.log.migrating.migrate import migrate
from service.log.postgres_log import DurabilityError, PostgresLog
from tests.support.domain.batches import a_batch, a_working_day, an_answer
from tests.support.domain.commands import a_content
from tests.support.domain.history import a_history

TABLES = ["head", "event", "stream", "allocation", "printed", "content", "answer", "beat"]
GROWING = ["event", "allocation", "printed"]
CHANGES = {
    "update": "UPDATE log.{} SET {} = {}",
    "delete": "DELETE FROM log.{}",
    "truncate": "TRUNCATE log.{} CASCADE",
    "insert": "INSERT INTO log.{} SELECT * FROM log.{} LIMIT 1",
}
COLUMN = {
    "head": "position",
    "event": "number",
    "stream": "version",
    "allocation": "next",
    "printed": "number",
    "content": "salt",
}
REFUSED = "LG005"
NOT_ALLOWED = "42501"


@pytest_asyncio.fixture
async def owner(postgres_log: PostgresLog, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser's connection, acting as the owner of the log; the log has a working day in it."""
    day = a_working_day()
    await postgres_log.append(Position(0), a_batch(day.records, [a_content()], [an_answer()]))
    await postgres_log.barrier("reader")
    connection = await asyncpg.connect(database_url, server_settings={"role": "numbering_owner"})
    yield connection
    await connection.close()


def change(kind: str, table: str) -> str:
    """A statement that would change a table."""
    column = COLUMN.get(table, "log_id")
    return CHANGES[kind].format(table, *((column, column) if kind == "update" else (table,)))


async def sqlstate(connection: asyncpg.Connection, text: str) -> str | None:
    """The SQLSTATE with which the statement is refused, None if it is not refused."""
    try:
        await connection.execute(text)
    except asyncpg.PostgresError as error:
        return error.sqlstate
    return None


@pytest.mark.parametrize("role", ["numbering_writer", "numbering_reader", "numbering_projector"])
async def test_no_role_of_the_service_changes_a_table_of_the_log(owner: asyncpg.Connection, role: str) -> None:
    await owner.execute(f"SET ROLE {role}")
    for table in TABLES:
        for kind in CHANGES:
            assert await sqlstate(owner, change(kind, table)) == NOT_ALLOWED, f"{kind} {table}"
    assert await sqlstate(owner, "SELECT log.resume(1::smallint)") == NOT_ALLOWED
    assert await sqlstate(owner, "ALTER TABLE log.event DISABLE TRIGGER ALL") == NOT_ALLOWED
    assert await sqlstate(owner, "DROP SCHEMA log CASCADE") == NOT_ALLOWED


@pytest.mark.parametrize("role", ["numbering_reader", "numbering_projector"])
async def test_readers_may_not_call_what_writes(owner: asyncpg.Connection, role: str) -> None:
    await owner.execute(f"SET ROLE {role}")
    for call in ("hold(1::smallint)", "barrier(1::smallint, 'x')", "halt(1::smallint, 'x')"):
        assert await sqlstate(owner, f"SELECT log.{call}") == NOT_ALLOWED
    assert await sqlstate(owner, append(6)) == NOT_ALLOWED


async def test_a_role_of_the_service_cannot_turn_triggers_off(database_url: str) -> None:
    admin = await asyncpg.connect(database_url)
    try:
        await admin.execute("CREATE ROLE numbering_guard_test LOGIN PASSWORD 'x' IN ROLE numbering_writer")
        await admin.execute("SET SESSION AUTHORIZATION numbering_guard_test")
        await admin.execute("SET ROLE numbering_writer")
        assert await sqlstate(admin, "SET session_replication_role = replica") == NOT_ALLOWED
        await admin.execute("RESET SESSION AUTHORIZATION")
    finally:
        await admin.execute("RESET SESSION AUTHORIZATION")
        await admin.execute("DROP ROLE IF EXISTS numbering_guard_test")
        await admin.close()


@pytest.mark.parametrize("replication", ["origin", "replica"])
async def test_not_even_owner_or_superuser_rewrites_what_happened(owner: asyncpg.Connection, replication: str) -> None:
    for who in ("SET ROLE numbering_owner", "SET ROLE none"):
        await owner.execute("SET ROLE none")
        await owner.execute(f"SET session_replication_role = {replication}")
        await owner.execute(who)
        for table in GROWING:
            for kind in ("update", "delete", "truncate"):
                assert await sqlstate(owner, change(kind, table)) == REFUSED, f"{kind} {table}"
        for table in ("head", "stream"):
            for kind in ("delete", "truncate"):
                assert await sqlstate(owner, change(kind, table)) == REFUSED, f"{kind} {table}"
        for table in ("content", "answer"):
            for kind in ("update", "truncate"):
                assert await sqlstate(owner, change(kind, table)) == REFUSED, f"{kind} {table}"
    assert await owner.fetchval("SELECT count(*) FROM log.event") == 6


async def test_a_body_can_be_erased_and_the_log_still_verifies(
    owner: asyncpg.Connection, postgres_log: PostgresLog
) -> None:
    before = await postgres_log.read(Position(0), 10)
    await owner.execute("DELETE FROM log.content")
    assert await postgres_log.contents([a_content().digest]) == {}
    assert await postgres_log.read(Position(0), 10) == before


FORGERIES: list[tuple[int | None, int, str]] = [
    (13, 20, "allocation_has_no_gap"),
    (10, 13, "allocation_has_no_gap"),
    (1, 14, "allocation_has_no_fork"),
    (11, 14, "allocation_has_no_gap"),  # 1 to 11 came in one batch and are one row: within it no range begins
    (11, 12, "allocation_pk"),
    (12, 12, "allocation_is_not_empty"),
    (12, 11, "allocation_is_not_empty"),
    (None, 50, "allocation_has_one_root"),
    (0, 0, "allocation_starts_at_one_or_later"),
    (12, 2**53 + 1, "allocation_is_exact_in_json"),
]


async def test_a_gap_an_overlap_and_a_fork_made_by_hand_are_refused_by_name(owner: asyncpg.Connection) -> None:
    for first, following, constraint in FORGERIES:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
            await owner.execute("INSERT INTO log.allocation VALUES ('seriesaaaa', $1, $2)", first, following)
        expected = {constraint, "allocation_is_not_empty"} if following == 0 else {constraint}
        assert refused.value.constraint_name in expected, f"{first} to {following}"


async def test_a_second_document_made_by_hand_is_refused_by_name(owner: asyncpg.Connection) -> None:
    insert = """
        INSERT INTO log.event
        VALUES (1, 7, 'seriesaaaa', 7, 'f', 'live', 0, 'reservation-consumed/1', $1, $2, '{}')
    """
    cases = ((1, "new", "event_one_document_a_number"), (5, "inv_1", "event_one_number_a_document"))
    for number, document, constraint in cases:
        with pytest.raises(asyncpg.UniqueViolationError) as refused:
            await owner.execute(insert, number, document)
        assert refused.value.constraint_name == constraint


def append(expected: int, *, log_id: int = 1, records: str = "'{}'", answers: str = "'{}', '{}', '{}'") -> str:
    """A call of log.append."""
    return f"SELECT log.append({log_id}::smallint, {expected}, {records}, '{{}}', '{{}}', '{{}}', {answers})"


MISPLACED = """ARRAY['{"log": 1, "position": 9, "event": {"type": "x/1"}}']"""
CALLS = {
    "LG001": append(5),
    "LG002": append(0, log_id=2),
    "LG003": append(6, records=MISPLACED),
    "LG004": append(6, answers="ARRAY['key'::bytea], ARRAY['r'::bytea], '{o}'"),
}


async def test_refusals_have_their_own_sqlstate(owner: asyncpg.Connection) -> None:
    for state, call in CALLS.items():
        assert await sqlstate(owner, call) == state
    assert await sqlstate(owner, "SELECT log.hold(2::smallint)") == "LG002"
    await owner.execute("SELECT log.halt(1::smallint, 'why')")
    for state, call in CALLS.items():
        assert await sqlstate(owner, call) == ("LG002" if state == "LG002" else "LG006")
    assert await sqlstate(owner, "SELECT log.hold(1::smallint)") == "LG006"
    await owner.execute("SELECT log.resume(1::smallint)")
    assert await sqlstate(owner, "SELECT log.hold(1::smallint)") is None


async def test_a_server_that_may_lose_commits_is_refused(database_url: str) -> None:
    admin = await asyncpg.connect(database_url)
    name = await admin.fetchval("SELECT current_database()")
    await admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await admin.close()
    with pytest.raises(DurabilityError, match="synchronous_commit is off"):
        await PostgresLog.open(database_url)


async def test_migrations_run_once(database_url: str) -> None:
    assert await migrate(database_url) == []


async def test_a_machine_whose_clock_is_far_off_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_guard, "SKEW_SECONDS_MAX", -1)  # then no clock is close enough
    with pytest.raises(ClockError, match="off PostgreSQL's; set both by NTP"):
        await PostgresLog.open(database_url)


async def test_a_clock_that_is_set_while_the_service_runs_dates_no_event(
    postgres_log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = a_batch(a_history().records)
    with monkeypatch.context() as later:
        later.setattr(clock, "seconds", lambda: time.time() + 40 * 86_400)
        with pytest.raises(LogUnavailableError, match="clock was set"):
            await postgres_log.append(Position(0), batch)
        with pytest.raises(LogUnavailableError, match="clock was set"):
            async with postgres_log.hold() as held:
                await held.append(held.head, batch)
        # By such a clock nothing is refused either: it could say that a number has expired when it has not.
        with pytest.raises(LogUnavailableError, match="clock was set"):
            await postgres_log.head()
    assert await postgres_log.head() == 0

    monkeypatch.setattr(clock, "seconds", lambda: time.time() + 20)  # set, and not far off
    await postgres_log.append(Position(0), batch)
    assert await postgres_log.head() == len(batch.records)


async def test_the_skew_between_two_clocks_of_one_machine_is_small(database_url: str) -> None:
    log = await PostgresLog.open(database_url)
    try:
        assert abs(await log.clock_skew()) < clock_guard.SKEW_SECONDS_MAX
    finally:
        await log.close()
