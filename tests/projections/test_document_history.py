"""The history of a document: everything that happened to it, in order, told in words."""

from projections.reports.document_history import HistoryPage, HistoryWanted, by, document_history
from schemas.events import ReservationConsumed
from schemas.values import Actor, ActorKind, DocumentId, Number
from tests.projections.conftest import WrittenLog
from tests.projections.histories import History

ONE, TWO = Number(1), Number(2)


def a_storno() -> tuple[History, DocumentId, DocumentId]:
    """1 is issued, voided, unvoided and reversed by 2; 2 is voided and deleted."""
    history = History.of_seed(0)
    history.open(start_number=1)
    series = history.series[0]
    source = history.consume(series, history.reserve(series, 1, None), ONE)
    history.void(series, ONE)
    history.unvoid(series, ONE)
    history.reverse(series, ONE)
    reversal, _ = series.standing[TWO]
    history.void(series, TWO)
    history.withdraw(series, TWO)
    return history, source, reversal


def told(page: HistoryPage) -> list[tuple[str, str]]:
    return [(row.type, row.message) for row in page.rows]


async def test_a_storno_is_told_on_both_documents(log: WrittenLog) -> None:
    history, source, reversal = a_storno()
    await log.append(history.records, history.bodies)
    of_source = await document_history(log.reader, HistoryWanted(document_id=source, page=1, per_page=50))
    of_reversal = await document_history(log.reader, HistoryWanted(document_id=reversal, page=1, per_page=50))
    dates = [event.date for record in history.records if isinstance(event := record.event, ReservationConsumed)]
    assert told(of_source) == [
        ("create", f"S0-1 was issued, dated {dates[0]}."),
        ("void", "S0-1 was voided; it keeps its number."),
        ("unvoid", "S0-1 counts again."),
        ("storno", "S0-1 was reversed by S0-2."),
    ]
    assert told(of_reversal) == [
        ("create", f"S0-2 was issued, dated {dates[1]}, as the reversal of {source}."),
        ("void", "S0-2 was voided; it keeps its number."),
        ("delete", "S0-2 was deleted; its number is withdrawn."),
    ]
    assert {row.by for row in of_source.rows} == {"device session 17"}
    assert of_source.rows[0].created_at.startswith("2026-09-21T")
    assert (of_source.rows[0].type_label, of_source.rows[0].icon) == ("Created", "plus")
    assert of_source.as_of.position == log.position


async def test_the_pages_of_a_history_join_to_the_whole(log: WrittenLog) -> None:
    history = History.of_seed(31)
    history.grow(30)
    draft = history.save_draft()
    for _ in range(4):
        history.save_draft(draft)
    history.void_draft(draft)
    history.delete_draft(draft)
    await log.append(history.records, history.bodies)
    whole = await document_history(log.reader, HistoryWanted(document_id=draft, page=1, per_page=50))
    pages = [
        await document_history(log.reader, HistoryWanted(document_id=draft, page=number, per_page=3))
        for number in (1, 2, 3, 4)
    ]
    assert [row.type for row in whole.rows] == ["create", *["update"] * 4, "void", "delete"]
    assert [row for page in pages for row in page.rows] == whole.rows
    assert {page.total for page in [whole, *pages]} == {7}


async def test_an_unknown_document_has_no_history(log: WrittenLog) -> None:
    page = await document_history(log.reader, HistoryWanted(document_id=DocumentId("inv_unknown"), page=1, per_page=50))
    assert (page.rows, page.total) == ([], 0)


def test_who_did_it_is_told_without_a_name() -> None:
    assert by(Actor(ActorKind.KEY, "3", 7)) == "user 7 (API key 3)"
    assert by(Actor(ActorKind.SESSION, "17", 0)) == "user 0 (device session 17)"
    assert by(Actor(ActorKind.SESSION, "17")) == "device session 17"
    assert by(Actor(ActorKind.SYSTEM, "sweeper")) == "the service (sweeper)"
