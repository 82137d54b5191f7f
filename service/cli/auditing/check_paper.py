"""`numbering check`: where the database was rewritten, and where the log breaks a rule of paper."""

from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Final

import click
import uvloop

from projections.replay.paper_findings import Finding, sentence
from projections.replay.paper_rules import Paper
from projections.replay.replay import Replay
from schemas.values import FirmId, IsoDate
from service.checking.faults import Fault, FaultKind
from service.checking.rounds import one_round
from service.cli.auditing.event_sources import read_log
from service.cli.auditing.readers import firm_filter, reader
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import out, print_json, progress
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.starting.present import database_url, present_settings
from service.clock import now

OF_EVENTS: Final = frozenset({kind for kind in FaultKind if kind.value.startswith(("event_", "log_"))})


@click.command()
@firm_filter
@click.option("--json", "is_json", is_flag=True, help="For programs.")
def check(*, firm: FirmId | None, is_json: bool) -> None:
    """Name every place where the database is not as the service wrote it, or the log breaks a rule of paper.

    It reads only: events, their chain and columns, what was sealed, projections, kept answers. Then the rules of paper:
    a number printed twice, dates, sales taken back twice; the service refuses such cases today, but a log of an earlier
    release may hold them. Exits with 1 if it found any. --firm chooses whose paper is looked at.
    """
    rewritten = uvloop.run(_rewritten())
    # A log that is not whole says nothing of paper.
    found = [] if any(fault.kind in OF_EVENTS for fault in rewritten) else uvloop.run(_findings(firm))
    if is_json:
        print_json({"object": "list", "data": [*rewritten, *found]})
    else:
        for fault in rewritten:
            out().print(f"{fault.kind}: {fault.place}: {fault.says}")
        for finding in found:
            out().print(sentence(finding))
    if rewritten:
        raise CommandFault(f"{len(rewritten)} places of the database are not as the service wrote them")
    if found:
        raise CommandFault(f"{len(found)} places break a rule of paper")
    if not is_json:
        out().print("no rule of paper is broken")


async def _rewritten() -> list[Fault]:
    """Every fault, once, in the order in which they were found."""
    settings = present_settings()
    url = database_url(settings)
    found: dict[Fault, None] = {}
    with explaining_postgres(url), progress() as bar:
        task = bar.add_task("looking for what was rewritten", total=None)
        async with aclosing(one_round(settings)) as steps:
            async for step in steps:
                found |= dict.fromkeys(step.faults)
                bar.advance(task, step.read)
    return list(found)


async def _findings(firm_id: FirmId | None) -> list[Finding]:
    replayed, paper = Replay(), Paper()
    async with reader() as connection:
        async for record in read_log(connection, None):
            replayed.apply(record)
            paper.apply(record)
    return list(paper.findings(_latest_date(), firm_id))


def _latest_date() -> IsoDate:
    """The last day that an invoice may have today (CONTRACT.md D88)."""
    settings = present_settings()
    today = datetime.fromtimestamp(now(), settings.zone).date()
    return IsoDate((today + timedelta(days=settings.date_ahead_days_max)).isoformat())
