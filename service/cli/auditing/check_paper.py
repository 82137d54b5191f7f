"""`numbering check`: where the log breaks a rule of paper, found from its events alone."""

from datetime import datetime, timedelta

import click
import uvloop

from projections.replay.paper_findings import Finding, sentence
from projections.replay.paper_rules import Paper
from projections.replay.replay import Replay
from schemas.values import FirmId, IsoDate
from service.cli.auditing.readers import firm_filter, reader
from service.cli.auditing.replay_log import read_log
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import out, print_json
from service.cli.starting.present import present_settings
from service.clock import now


@click.command()
@firm_filter
@click.option("--json", "is_json", is_flag=True, help="For programs.")
def check(*, firm: FirmId | None, is_json: bool) -> None:
    """Name every place where the log breaks a rule of paper: a number printed twice, dates, sales taken back twice.

    It reads only. The service refuses such cases today, but a log of an earlier release may hold them. Exits with 1 if
    it found any.
    """
    found = uvloop.run(_findings(firm))
    if is_json:
        print_json({"object": "list", "data": found})
    else:
        for finding in found:
            out().print(sentence(finding))
    if found:
        raise CommandFault(f"{len(found)} places break a rule of paper")
    if not is_json:
        out().print("no rule of paper is broken")


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
