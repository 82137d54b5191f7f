"""The list of invoices answers every query like a plain model of it."""

from collections.abc import AsyncGenerator, Mapping
from random import Random
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from projections.keeping.runner import ProjectionRunner
from projections.reports.invoice_list import (
    InvoicePage,
    InvoicesWanted,
    Order,
    Sort,
    Status,
    documents_of,
    kept_invoice_list,
)
from schemas.values import Digest, FirmId, IsoDate, Mode
from tests.projections.bodies import Body
from tests.projections.conftest import WrittenLog
from tests.projections.histories import DAYS, History
from tests.projections.listed import documents, matching, totals
from tests.projections.test_runner import superuser

EVERYTHING = InvoicesWanted(firm_id=FirmId("firm-S"), mode=Mode.LIVE, today=IsoDate("2026-11-15"))

queries = st.builds(
    InvoicesWanted,
    firm_id=st.just(EVERYTHING.firm_id),
    mode=st.just(EVERYTHING.mode),
    today=st.just(EVERYTHING.today),
    client_id=st.sampled_from([None, None, None, "cli_1", "cli_2", "nobody"]),
    series_id=st.sampled_from([None, None, None, "S0", "S1", "unknown"]),
    is_paid=st.sampled_from([None, None, None, True, False]),
    is_void=st.sampled_from([None, None, None, True, False]),
    document_type=st.sampled_from([None, None, None, "fiscal", "proforma", "receipt"]),
    status=st.sampled_from([None, None, None, *get_args(Status)]),
    currency=st.sampled_from([None, None, None, "RON", "EUR"]),
    start_date=st.sampled_from([None, None, *DAYS]),
    end_date=st.sampled_from([None, None, *DAYS]),
    search=st.sampled_from([None, None, None, "s-1", "ALPHA", "și", "SI", "ş", "ro22", "100%", "_", "nothing"]),
    sort=st.sampled_from(get_args(Sort)),
    order=st.sampled_from(get_args(Order)),
)


async def assert_answers(
    log: WrittenLog, history: History, bodies: Mapping[Digest, Body], query: InvoicesWanted
) -> None:
    found = documents(history.records, bodies).values()
    due = matching(found, query)
    reversals = {each.reverses: each.document_id for each in found if each.reverses and not each.is_void}
    answers = [page async for page in pages(log, query)]
    assert [row.document_id for page in answers for row in page.rows] == [each.document_id for each in due]
    for page in answers:
        assert page.as_of.position == log.position
        assert page.total == len(due)
        assert page.totals == totals(due)
        assert all(row.reversal_id == reversals.get(row.document_id) for row in page.rows)


async def pages(log: WrittenLog, query: InvoicesWanted) -> AsyncGenerator[InvoicePage]:
    has_more = True
    while has_more:
        page = await kept_invoice_list(log.reader, query, at_least=log.position)
        assert page is not None
        yield page
        has_more = query.page * query.per_page < page.total
        query = replace(query, page=query.page + 1)


async def listed(log: WrittenLog, query: InvoicesWanted) -> InvoicePage:
    page = await kept_invoice_list(log.reader, query, at_least=log.position)
    assert page is not None
    return page


@given(random=st.randoms(use_true_random=False), asked=st.lists(queries, min_size=5, max_size=25))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_list_agrees_with_a_model_of_it(log: WrittenLog, random: Random, asked: list[InvoicesWanted]) -> None:
    history = History(random, log.position, prefix=f"l{log.position}-")
    history.grow(random.randrange(1, 150))
    await log.append(history.records, history.bodies)
    await ProjectionRunner(log.database_url, batch_size=random.randrange(1, 60)).catch_up()
    for asked_of_s in [EVERYTHING, *asked]:
        series_id = asked_of_s.series_id and asked_of_s.series_id.replace("S", history.prefix)
        per_page = random.choice([1, 7, 100])
        query = replace(asked_of_s, firm_id=history.firm_id, series_id=series_id, per_page=per_page)
        await assert_answers(log, history, history.bodies, query)


async def test_a_page_brings_the_events_of_its_documents(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(21)
    await log.append(history.grow(100), history.bodies)
    await runner.catch_up()
    page = await listed(log, EVERYTHING)
    for row in page.rows:
        about = [record for record in history.records if getattr(record.event, "document_id", None) == row.document_id]
        assert row.records == about
    earlier = page.rows[-1].records[0]
    assert await documents_of(log.reader, [page.rows[-1].document_id], earlier.position) == {
        page.rows[-1].document_id: [earlier]
    }


async def test_a_list_contains_what_its_reader_has_seen(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(22)
    assert await kept_invoice_list(log.reader, EVERYTHING) is None
    await log.append(history.grow(50), history.bodies)
    await runner.catch_up()
    before = await kept_invoice_list(log.reader, EVERYTHING)
    await log.append(history.grow(50), history.bodies)
    assert before == await kept_invoice_list(log.reader, EVERYTHING)
    assert await kept_invoice_list(log.reader, EVERYTHING, at_least=log.position) is None
    await runner.catch_up()
    assert (await listed(log, EVERYTHING)).as_of.position == log.position


async def test_other_partitions_are_not_listed(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(23)
    await log.append(history.grow(60), history.bodies)
    await runner.catch_up()
    for query in (replace(EVERYTHING, firm_id=FirmId("other")), replace(EVERYTHING, mode=Mode.TEST)):
        page = await listed(log, query)
        assert (page.rows, page.total) == ([], 0)


async def test_an_erased_body_leaves_nulls_and_a_rebuild_that_is_the_same(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(24)
    await log.append(history.grow(150), history.bodies)
    await runner.catch_up()
    digests = [digest for digest in history.bodies if int(digest, 16) % 2]
    async with superuser(log) as admin:
        await admin.execute("DELETE FROM log.content WHERE digest = ANY($1)", [bytes.fromhex(each) for each in digests])
    left = {digest: body for digest, body in history.bodies.items() if digest not in digests}
    erased = await runner.digest("invoices")

    rebuilt = await runner.rebuild("invoices")
    assert rebuilt.is_same
    assert rebuilt.rebuilt_digest == erased == await runner.digest("invoices")
    for sort in get_args(Sort):
        await assert_answers(log, history, left, replace(EVERYTHING, sort=sort, per_page=7))
    await assert_answers(log, history, left, replace(EVERYTHING, search="alpha"))


async def test_a_kept_total_that_its_documents_do_not_come_to_is_seen_and_made_anew(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(25)
    await log.append(history.grow(150), history.bodies)
    await runner.catch_up()
    right = await runner.digest("invoices")
    async with superuser(log) as admin:
        await admin.execute("UPDATE invoices.total SET total_ron = total_ron + 1 WHERE grain = 'whole'")
    assert await runner.digest("invoices") != right
    assert not (await runner.rebuild("invoices")).is_same
    assert (await runner.rebuild("invoices", is_forced=True)).rebuilt_digest == right == await runner.digest("invoices")
    await assert_answers(log, history, history.bodies, EVERYTHING)
