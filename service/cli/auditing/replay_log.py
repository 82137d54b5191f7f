"""`numbering replay`: the log from its first event, in words, and the state it comes to."""

from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import asyncpg
import click
import uvloop

from projections.keeping.log_reading import read_between, read_head
from projections.replay.local_time import local_time
from projections.replay.replay import Replay
from projections.replay.words import words
from projections.reports.opened_series import opens
from schemas.api.reports import Terms
from schemas.record import Record
from schemas.values import DEFAULT_LOG, Position
from service.cli.auditing.readers import firm_filter, reader, series_filter
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import out, print_table, progress, table
from service.cli.starting.present import present_settings

BATCH = 1000
UTC = ZoneInfo("UTC")


@click.command()
@firm_filter
@series_filter
@click.option("--until", type=click.IntRange(min=0), help="The last position to read.  [default: the end]")
@click.option("--quiet", "is_quiet", is_flag=True, help="Only the state it comes to.")
def replay(*, firm: str | None, series: str | None, until: int | None, is_quiet: bool) -> None:
    """Read the log from its first event, say what happened, and end with the state it reached and the equation.

    Every event is checked: it must follow from those before it, and the equation must hold after it. Times are those of
    NUMBERING_TIME_ZONE; with --quiet they are UTC, so that what two machines say of one log is the same bytes.
    """
    uvloop.run(_replay(firm, series, until, is_quiet=is_quiet))


async def _replay(firm: str | None, series: str | None, until: int | None, *, is_quiet: bool) -> None:
    replayed, zone = Replay(), UTC if is_quiet else present_settings().zone
    shown: set[str] = set()
    console = out()
    async with reader() as connection:
        async for record in read_log(connection, until):
            replayed.apply(record)
            if record.version == 1 and firm in {None, record.firm_id} and opens(record, series):
                shown.add(record.stream)
            if record.stream in shown and not is_quiet:
                console.print(words(record, zone))
    _conclude(replayed, shown, zone)


async def read_log(connection: asyncpg.Connection, until: int | None) -> AsyncIterator[Record]:
    """Every record from the first one to position `until`, or to the end, with a bar that shows how far it is."""
    head = await read_head(connection, DEFAULT_LOG)
    end = head if until is None else min(head, until)
    with progress() as bar:
        task = bar.add_task("reading the log", total=end)
        after = 0
        while after < end:
            to = min(after + BATCH, end)
            for record in await read_between(connection, DEFAULT_LOG, Position(after), Position(to)):
                yield record
            after = to
            bar.update(task, completed=after)


def _conclude(replayed: Replay, shown: set[str], zone: ZoneInfo) -> None:
    """Write the state of each series that was shown, and the equation over them. Raises CommandFault if it fails."""
    grid = table("series", "id", "firm", "mode", "next number", "equation", right=("next number",))
    chosen = [(series_id, series) for series_id, series in replayed.series.items() if series_id in shown]
    for series_id, series in chosen:
        equation = series.terms().words()
        grid.add_row(series.name, series_id, series.firm_id, series.mode, str(series.next_number), equation)
    console = out()
    console.print(f"\nThe state at position {replayed.position}, {local_time(replayed.at, zone)}:", style="bold")
    print_table(grid)
    total = _sum([series.terms() for _, series in chosen])
    is_balanced = all(series.terms().is_balanced for _, series in chosen)
    console.print(f"in all: {total.words()}", style="green" if is_balanced else "bold red")
    if not is_balanced:
        raise CommandFault("the accounting equation does not hold")


def _sum(terms: list[Terms]) -> Terms:
    """The terms of several series together."""
    names = Terms.__struct_fields__
    return Terms(**{name: sum(getattr(each, name) for each in terms) for name in names})
