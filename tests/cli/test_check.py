"""`numbering check` names where a log breaks a rule of paper, and its exit status says whether it found any."""

import asyncio
import json
from typing import Final

import asyncpg
import pytest

from projections.keeping.runner import ProjectionRunner
from service.log.postgres_log import PostgresLog
from tests.support.domain.batches import a_batch, a_working_day
from tests.support.domain.commands import SECOND, a_document, a_release, a_slot, an_issue
from tests.support.domain.history import History, two_series_that_meet
from tests.support.service.command_line import Command, printed

MEET: Final = "firm_a live: series FACT (seriesaaaa) can print the same numbers as series SECOND (second)"


def append(database_url: str, history: History) -> None:
    """Write a log as an earlier release would have written it."""

    async def run() -> None:
        log = await PostgresLog.open(database_url)
        await log.append(await log.head(), a_batch(history.records))
        await log.close()

    asyncio.run(run())


def test_a_log_that_keeps_the_rules_is_said_to_keep_them(command: Command, database_url: str) -> None:
    append(database_url, a_working_day())

    found = command("check")

    assert (found.exit_code, found.stdout) == (0, "no rule of paper is broken\n")
    assert printed(command("check", "--json")) == {"object": "list", "data": []}


def test_every_broken_rule_is_a_line_and_the_exit_status_is_1(command: Command, database_url: str) -> None:
    """CONTRACT.md D87 and D88."""
    far = an_issue(a_document("inv_1", "2062-11-25"))
    append(database_url, two_series_that_meet().after(far))

    found = command("check")

    assert found.exit_code == 1
    assert found.stdout.splitlines()[0] == MEET
    assert found.stdout.splitlines()[1].startswith(
        "firm_a live: document inv_1 (series FACT, number 1) is dated 2062-11-25, not from 2000-01-01 to 20"
    )
    assert found.stderr.strip().endswith("Error: 2 places break a rule of paper")


def test_programs_get_the_rule_and_what_is_concerned(command: Command, database_url: str) -> None:
    append(database_url, two_series_that_meet())

    found = command("check", "--json")

    assert found.exit_code == 1
    assert json.loads(found.stdout)["data"] == [
        {
            "rule": "formats_meet",
            "firm_id": "firm_a",
            "mode": "live",
            "series_id": "seriesaaaa",
            "series_name": "FACT",
            "other_id": SECOND,
            "other_name": "SECOND",
        }
    ]
    assert command("check", "--firm", "firm_b").exit_code == 0


def test_a_reader_s_role_is_all_that_it_needs(command: Command, database_url: str) -> None:
    append(database_url, a_working_day())

    async def as_reader() -> str:
        connection = await asyncpg.connect(database_url)
        name: str = await connection.fetchval("SELECT 'reader_' || substr(md5(random()::text), 1, 8)")
        await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x' IN ROLE numbering_reader")
        await connection.close()
        return name

    name = asyncio.run(as_reader())
    try:
        url = database_url.split("://", 1)[1].rpartition("@")[2]
        assert command("check", DATABASE_URL=f"postgresql://{name}:x@{url}").exit_code == 0
    finally:

        async def drop() -> None:
            connection = await asyncpg.connect(database_url)
            await connection.execute(f"DROP ROLE {name}")
            await connection.close()

        asyncio.run(drop())


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM log.event WHERE position = 4", "event_missing: position 4: there is no event"),
        ("UPDATE log.event SET number = 7 WHERE position = 4", "event_columns: position 4: its record says something"),
        ("UPDATE log.head SET position = 5", "log_head: log 1: log.head says that the log ends at 5, and its last"),
        ("INSERT INTO log.answer VALUES ('x', 1, 'x', '{}', 1)", "answer_changed: answer 78: it is no outcome of a"),
        ("DELETE FROM gaps.gap", "row_missing: gaps.gap of series seriesaaaa, numbers 2-2: the row is missing"),
    ],
    ids=["event", "columns", "head", "answer", "row"],
)
def test_what_was_rewritten_is_a_line_with_its_kind_and_place(
    command: Command, database_url: str, statement: str, says: str
) -> None:
    append(database_url, a_working_day().after(a_release(a_slot(2))))

    async def rewrite() -> None:
        await ProjectionRunner(database_url).catch_up()
        connection = await asyncpg.connect(database_url)
        await connection.execute("SET session_replication_role = replica")
        for table in ("log.event", "log.answer", "log.head"):
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        await connection.execute(statement)
        await connection.close()

    asyncio.run(rewrite())
    found = command("check")
    assert found.exit_code == 1
    assert any(line.startswith(says) for line in found.stdout.splitlines()), found.stdout
    assert "not as the service wrote them" in found.stderr
    kinds = {each["kind"] for each in json.loads(command("check", "--json").stdout)["data"]}
    assert says.partition(":")[0] in kinds
