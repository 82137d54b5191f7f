"""`numbering explain-gap`: attaches an explanation to a gap (CONTRACT.md D112)."""

from contextlib import AsyncExitStack
from typing import Any, Final

import click
import uvloop
from msgspec.structs import asdict

from projections.replay.explanations import explanation_of
from schemas.commands import ExplainGap
from schemas.events import GapExplained
from schemas.rejections import NotAGap
from schemas.values import NUMBER_MAX, GapCode, Number, SeriesId
from service.cli.operator_commands import operator_for, operator_log
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import print_json
from service.cli.screen.log_lines import write_log_lines
from service.cli.screen.printable_option import printable_option
from service.cli.starting.present import database_url, present_settings
from service.core.prepare import Prepared

TEXT_MIN: Final = 15

number = click.IntRange(1, NUMBER_MAX)


@click.command("explain-gap")
@click.option("--series", metavar="ID", required=True, help="The series, by its id.")
@click.option("--first", type=number, required=True, help="The first number of the gap.")
@click.option("--last", type=number, help="The last one.  [default: the first]")
@click.option("--code", type=click.Choice([each.value for each in GapCode]), required=True, help="The kind of reason.")
@click.option("--text", required=True, help="The reason, 15 to 255 characters, for ever: name no person.")
def explain_gap(*, series: str, first: int, last: int | None, code: str, text: str) -> None:
    """Say why numbers that are gaps never became documents. It is an event, and stands in every gap report.

    A later explanation of the same numbers is added; all of them stay.
    """
    said = printable_option(text, "--text", TEXT_MIN)
    if last is not None and last < first:
        raise click.BadParameter("it must be the first or a higher number", param_hint="--last")
    settings = present_settings()
    write_log_lines(settings)
    command = ExplainGap(SeriesId(series), Number(first), Number(last or first), GapCode(code), said)
    print_json(uvloop.run(_explain(database_url(settings), command)))


async def _explain(url: str, command: ExplainGap) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        operator = await operator_log(url, stack)
        series = operator.state.series.get(command.series_id)
        if series is None:
            raise CommandFault(f"there is no series {command.series_id}; `numbering gaps` lists all")
        done = await operator.do(command, operator_for(series.firm_id, series.mode))
    if isinstance(done, NotAGap):
        raise CommandFault(f"number {done.number} of series {command.series_id} is no gap; `numbering gaps` lists them")
    assert isinstance(done, Prepared), "a series that was found is explained"
    record = done.records[0]
    assert isinstance(record.event, GapExplained), "an explanation is one event"
    return {"series_id": command.series_id, **asdict(explanation_of(record, record.event))}
