"""Explanations of gaps (CONTRACT.md D112)."""

from typing import Final

from projections.replay.explanations import explanation_of
from schemas.api.bodies import ExplainGapBody
from schemas.api.reports import GapExplanation
from schemas.commands import ExplainGap
from schemas.events import GapExplained
from schemas.outcomes import ExplainedOutcome
from schemas.rejections import NotAGap, SeriesUnknown
from schemas.values import Number
from service.api.calling.call import Call
from service.api.calling.rights import require_admin
from service.api.calling.route import Route
from service.api.refusals.causes import NotAnAdmin, ParameterWrong
from service.api.refusals.table import refused
from service.api.series.series import SERIES
from service.writer.request import Answered


async def explain_gap(call: Call) -> Answered:
    """POST /v1/invoice-series/{id}/gaps/explanations: why numbers that are gaps never became documents."""
    require_admin(call)
    body = call.body(ExplainGapBody)
    if body.last < body.first:
        raise refused(ParameterWrong("last", "first or a higher number"))
    series_id = call.series_id()
    return await call.submit(ExplainGap(series_id, Number(body.first), Number(body.last), body.code, body.text))


async def show_explanation(call: Call, done: Answered) -> GapExplanation:
    """The explanation, from its event. Raises LogUnavailableError."""
    outcome = done.came_to(ExplainedOutcome)
    stored = await call.dependencies.log.record_at(outcome.position)
    assert stored is not None, "what was answered is in the log"
    assert isinstance(stored.record.event, GapExplained), "the outcome names the event of the explanation"
    return explanation_of(stored.record, stored.record.event)


ROUTES: Final = (
    Route(
        method="POST",
        path=SERIES + "/{id}/gaps/explanations",
        tag="Accounting",
        handle=explain_gap,
        show=show_explanation,
        summary="Explain a gap",
        about=(
            "Every number of the range must be a gap. The explanation is an event, and stands in the gap report; a "
            "later one about the same numbers is added, and both stay. For an admin's session or an API key."
        ),
        body=ExplainGapBody,
        reply=GapExplanation,
        status=201,
        refusals=(SeriesUnknown, NotAGap, NotAnAdmin, ParameterWrong),
    ),
)
