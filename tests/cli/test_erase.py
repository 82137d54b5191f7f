"""`numbering erase`, `explain-gap` and `audit reads`, as an operator uses them (CONTRACT.md D110, D111, D112)."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import asyncpg
import pytest

from schemas.events import DocumentErased, GapExplained
from schemas.values import FirmId, Mode, Position
from service.access.read_records import ReadRecord, ReadRecorder
from service.cli.erase_document import kept_until
from service.clock import now
from service.documents.content import VoidContent
from service.documents.new import sealed
from service.log.event_log import Batch
from service.log.postgres_log import PostgresLog
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import (
    SERIES,
    a_deletion,
    a_document,
    a_lock,
    a_release,
    a_reservation_of,
    a_slot,
    a_void,
    an_issue,
)
from tests.support.domain.history import a_history
from tests.support.domain.invariants import check_invariants
from tests.support.service.command_line import Command, printed, refused

WHY = ("--reason", "asked by letter 17")
TEXT = ("--code", "training", "--text", "A cashier was trained on it")


def on(database_url: str, work: Callable[[PostgresLog], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        log = await PostgresLog.open(database_url)
        try:
            return await work(log)
        finally:
            await log.close()

    return asyncio.run(run())


def last_event(database_url: str) -> Any:
    """The last event; asserts that the log is sound."""
    records = on(database_url, lambda log: log.read(Position(0), 1000))
    check_invariants(records)
    return records[-1].record.event


@pytest.fixture
def withdrawn(database_url: str) -> str:
    """The id of a deleted document with number 2, whose content is still there; number 1 was released."""
    history = a_history(a_lock(), a_reservation_of(1), a_release(a_slot(1)))
    content = sealed(VoidContent("what Popescu bought"))
    document = a_document("inv_2")
    history.after(
        an_issue(type(document)(document.document_id, document.document_type, document.date, content.digest)),
        a_void(2, "inv_2"),
        a_deletion(2, "inv_2"),
    )
    batch = a_batch(history.records)
    on(database_url, lambda log: log.append(Position(0), Batch(batch.records, [content])))
    return "inv_2"


def test_a_deleted_document_is_erased_by_an_event(command: Command, withdrawn: str, database_url: str) -> None:
    dry = command("erase", "--document", withdrawn, *WHY, "--dry-run")
    assert (printed(dry)["erased"], printed(dry)["position"]) == ("content", None)

    done = command("erase", "--document", withdrawn, *WHY)
    assert "is to be kept until" in done.stderr
    event = last_event(database_url)
    assert isinstance(event, DocumentErased)
    assert (event.document_id, event.number, event.content) == (withdrawn, 2, None)
    again = printed(command("erase", "--document", withdrawn, *WHY))
    assert (again["erased"], again["position"]) == ("nothing", None)
    reason = event.reason
    assert reason is not None
    assert set(on(database_url, lambda log: log.contents([reason]))) == {reason}
    assert "1 withdrawn" in command("replay", "--quiet").stdout


def test_what_cannot_be_erased_is_named(command: Command, withdrawn: str) -> None:
    assert withdrawn == "inv_2"
    assert "there is no document inv_none" in refused(command("erase", "--document", "inv_none", *WHY))
    assert command("erase", "--document", withdrawn, "--reason", " ").exit_code == 2


def test_a_gap_is_explained_and_the_report_names_what_is_not_explained_first(
    command: Command, withdrawn: str, database_url: str
) -> None:
    assert withdrawn
    made = printed(command("explain-gap", "--series", SERIES, "--first", "1", *TEXT))
    assert (made["first"], made["last"], made["code"], made["explained_by"]) == (1, 1, "training", "system:operator")
    assert isinstance(last_event(database_url), GapExplained)

    report = command("gaps").stdout
    assert "A cashier was trained on it" in re.sub(r"\s+", " ", report)
    (found,) = printed(command("gaps", "--json"))["data"]
    assert [each["is_explained"] for each in found["data"]] == [True, False]
    assert report.index("withdrawn") < report.index("released"), "what nobody explained comes first"


def test_what_is_no_gap_is_not_explained(command: Command, withdrawn: str) -> None:
    assert withdrawn
    assert "number 3 of series" in refused(command("explain-gap", "--series", SERIES, "--first", "3", *TEXT))
    assert "there is no series" in refused(command("explain-gap", "--series", "none", "--first", "1", *TEXT))


@pytest.mark.parametrize(
    ("issued", "until"),
    [("2020-01-01", "2026-07-01"), ("2020-12-31", "2026-07-01"), ("2021-01-01", "2027-07-01")],
)
def test_five_years_count_from_july_of_the_year_after(issued: str, until: str) -> None:
    assert kept_until(date.fromisoformat(issued)) == date.fromisoformat(until)


def test_an_operator_sees_what_auditors_read(command: Command, database_url: str) -> None:
    async def read() -> None:
        async with asyncpg.create_pool(database_url, min_size=0) as pool:
            recorder = ReadRecorder(pool, keep_days=0, clock=now)
            record = ReadRecord("key:1", 1, "http", "GET", "/v1/invoices/{id}", {"id": "inv_1"}, {}, 200, "r")
            recorder.note(FirmId("firm_a"), Mode.LIVE, record)
            await recorder.write_all()

    asyncio.run(read())
    (found,) = printed(command("audit", "reads", "--firm", "firm_a", "--json"))["data"]
    assert (found["credential"], found["resource"], found["status"]) == ("key:1", {"id": "inv_1"}, 200)
    assert "GET /v1/invoices/{id}" in command("audit", "reads", "--firm", "firm_a").stdout
    assert printed(command("audit", "reads", "--firm", "firm_b", "--json"))["data"] == []
