"""Proves the life of one number, or that numbers are a gap (CONTRACT.md D115, service/evidence/README.md section 8)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import structlog

from projections.reports.number_events import (
    NumberEvents,
    TooManyEventsError,
    folded_number_events,
    kept_number_events,
)
from schemas.api.queries import ProofQuery
from schemas.api.receipts import Receipt
from schemas.rejections import NotAGap, SeriesUnknown
from schemas.values import Number, NumberRange
from service.api.calling.call import Call
from service.api.calling.rights import require_admin
from service.api.calling.route import Route
from service.api.calling.rows import Sliced
from service.api.refusals.causes import (
    NotAnAdmin,
    NotSealedYet,
    NumberUntaken,
    ParameterWrong,
    ReceiptTooLarge,
    Unavailable,
)
from service.api.refusals.table import refused
from service.api.reports.kept_or_folded import READ_WAIT_SECONDS_MAX, kept_or_folded
from service.api.reports.number_story import taken_number
from service.api.series.series import SERIES
from service.core.state.state import Series
from service.evidence.receipts.proofs import NotSealedError
from service.evidence.receipts.receipt import NUMBERS_MAX, NotGapError, TooLargeError, Wanted, make_receipt
from service.evidence.sealing.store import EvidenceStore
from service.evidence.sealing.tree import EvidenceBrokenError
from service.evidence.witnessing.known_witnesses import witness_keys_of

_say = structlog.get_logger("evidence")


async def prove_number(call: Call) -> Sliced:
    """GET /v1/invoice-series/{id}/numbers/{number}/proof: a receipt; with `last`, a gap certificate."""
    require_admin(call, or_auditor=True)
    query = call.query(ProofQuery)
    first, series = await taken_number(call)
    numbers = _range(first, query.last, series)
    dependencies = call.dependencies
    wanted = Wanted(
        numbers=numbers,
        is_gap=query.last is not None,
        has_contents=query.contents,
        zone=dependencies.settings.zone,
        witness_keys=await asyncio.to_thread(witness_keys_of, dependencies.settings.evidence_witnesses_file),
    )
    store = EvidenceStore(dependencies.reads, dependencies.log.log_id)
    async with AsyncExitStack() as held:
        try:
            await held.enter_async_context(dependencies.lists.turn(call.caller.firm_id, READ_WAIT_SECONDS_MAX))
        except TimeoutError as error:
            raise refused(Unavailable("Other lists and receipts are still being made.")) from error
        await held.enter_async_context(_refusing(series))
        found = await _events(call, numbers, series)
        receipt = await make_receipt(dependencies.log, store, found.records, wanted)
        rows = call.rows()
        rows.held.take(sum(len(each.body) for each in receipt.contents))
        await rows.add_all(receipt.events)
    return Sliced(rows, receipt, "events")


def _range(first: Number, last: int | None, series: Series) -> NumberRange:
    """The numbers asked for. Raises RefusedError."""
    if last is None:
        return NumberRange(first, first)
    if not first <= last < first + NUMBERS_MAX:
        raise refused(ParameterWrong("last", f"the number of the path, or one up to {NUMBERS_MAX - 1} higher"))
    if last >= series.next_number:
        raise refused(NumberUntaken(last, series.series_id), param="last")
    return NumberRange(first, Number(last))


async def _events(call: Call, numbers: NumberRange, series: Series) -> NumberEvents:
    log_id, series_id, position = call.dependencies.log.log_id, series.series_id, series.position
    return await kept_or_folded(
        call,
        lambda connection: kept_number_events(connection, log_id, series_id, numbers, at_least=position),
        lambda connection: folded_number_events(connection, series_id, numbers, position),
    )


@asynccontextmanager
async def _refusing(series: Series) -> AsyncGenerator[None]:
    """Say what stands in the way of a receipt, as the caller sees it."""
    try:
        yield
    except NotGapError as error:
        raise refused(NotAGap(series.series_id, Number(error.number)), param="last") from error
    except NotSealedError as error:
        raise refused(NotSealedYet(error.position, error.size)) from error
    except (TooLargeError, TooManyEventsError) as error:
        raise refused(ReceiptTooLarge()) from error
    except EvidenceBrokenError as error:
        _say.critical("evidence.no_receipt", because=str(error), series=series.series_id)
        raise refused(Unavailable("The log and its evidence contradict each other.")) from error


ROUTES: Final = (
    Route(
        method="GET",
        path=SERIES + "/{id}/numbers/{number}/proof",
        tag="Accounting",
        handle=prove_number,
        summary="Prove what became of a number, or that numbers are a gap",
        about=(
            "A receipt: the events of the number, each with the proof that it is in the signed log, and its life in "
            "words. `data` is the receipt; stored as a file, it is verified without this service. With `last` it "
            "certifies that each number from the one in the path to `last` is a gap. For an admin's session, an API "
            "key, and an auditor."
        ),
        reply=Receipt,
        query=ProofQuery,
        refusals=(
            SeriesUnknown,
            NumberUntaken,
            ParameterWrong,
            NotAGap,
            NotSealedYet,
            ReceiptTooLarge,
            NotAnAdmin,
        ),
    ),
)
