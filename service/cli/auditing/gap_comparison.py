"""`numbering gaps --as-of A --compare B`: what became of gaps and counters between two moments."""

from collections.abc import AsyncGenerator
from typing import Final
from zoneinfo import ZoneInfo

import click
import msgspec

from projections.keeping.log_reading import read_head
from projections.keeping.one_moment import Connection
from projections.replay.local_time import local_time
from projections.reports.as_of import AsOf, position_as_of
from projections.reports.gap_changes import Counted, GapChange, GapChanges, gap_changes
from projections.reports.opened_series import opened_series
from projections.statements import statement
from schemas.api.reports import Gap, Moment, Terms
from schemas.values import DEFAULT_LOG, FirmId, Position
from service.cli.auditing.readers import reader
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import out, print_table, table

NO_END: Final = Position((1 << 63) - 1)
"""No log is so long: the head is meant."""


async def compare_moments(
    firm_id: FirmId | None, named: str | None, moments: tuple[AsOf, AsOf], zone: ZoneInfo | None
) -> None:
    """Write what changed, one series after another: for people with times of the zone, or as JSON where there is none.

    Raises CommandFault.
    """
    async with reader() as connection:
        before, after = await _ordered(connection, moments)
        if zone is None:
            await _print_json(_changes(connection, firm_id, named, before, after))
            return
        out().print(f"From {_moment(before, zone)} to {_moment(after, zone)}:", style="bold")
        count = 0
        async for found in _changes(connection, firm_id, named, before, after):
            count += 1
            _show(found, zone)
        if not count:
            out().print("nothing changed")


async def _ordered(connection: Connection, moments: tuple[AsOf, AsOf]) -> tuple[Moment, Moment]:
    """The earlier and the later of the moments, as positions of the log and their times."""
    head = await read_head(connection, DEFAULT_LOG)
    found: list[Moment] = []
    for each in moments:
        position = await position_as_of(connection, DEFAULT_LOG, head, each)
        time = await connection.fetchval(statement("log_time"), DEFAULT_LOG, position)
        found.append(Moment(position, time))
    before, after = sorted(found, key=lambda moment: moment.position)
    return before, after


async def _changes(
    connection: Connection, firm_id: FirmId | None, named: str | None, before: Moment, after: Moment
) -> AsyncGenerator[GapChanges]:
    """The series that are not the same at both moments, in the order in which they were opened."""
    series = await opened_series(connection, firm_id, named)
    if named is not None and not series:
        raise CommandFault(f"there is no series {named}")
    for series_id in series:
        found = await gap_changes(connection, series_id, before, after)
        if found is not None and (found.events or found.changed):
            yield found


async def _print_json(changes: AsyncGenerator[GapChanges]) -> None:
    """One JSON document, written as it is made: no more than one series is in memory."""
    click.echo('{"object":"list","data":[', nl=False)
    separator = "\n"
    async for found in changes:
        click.echo(separator + msgspec.json.encode(found).decode(), nl=False)
        separator = ",\n"
    click.echo("\n]}")


def _show(found: GapChanges, zone: ZoneInfo) -> None:
    console = out()
    console.print(f"\n{found.series_name}  ({found.series_id} of {found.firm_id}, {found.mode})", style="bold")
    grid = table("", "before", "after", right=("before", "after"))
    grid.add_row("next number", _number(found.before), _number(found.after))
    for name in Terms.__struct_fields__:
        then, now = getattr(found.before.equation, name), getattr(found.after.equation, name)
        if then != now:
            grid.add_row(name, str(then), str(now))
    print_table(grid)
    for gap in found.new:
        console.print(f"new gap {_gap(gap)}, by the event at position {gap.positions[1]}")
    for gap in found.closed:
        console.print(f"gap {_gap(gap)} is no more")
    for change in found.changed:
        console.print(f"gap {_gap(change.after)} has another {_names(change)}{_explained(change)}")
    events = table("position", "time", "event", "by", right=("position",))
    for event in found.events:
        events.add_row(str(event.position), local_time(event.at, zone), event.type, event.by)
    print_table(events)


def _number(counted: Counted) -> str:
    return "-" if counted.next_number is None else str(counted.next_number)


def _gap(gap: Gap) -> str:
    numbers = str(gap.first) if gap.first == gap.last else f"{gap.first}-{gap.last}"
    return f"{numbers} ({gap.reason})"


def _names(change: GapChange) -> str:
    """The fields that are not the same, in words."""
    names = Gap.__struct_fields__
    found = (name for name in names if getattr(change.before, name) != getattr(change.after, name))
    return ", ".join(name.replace("_", " ") for name in found)


def _explained(change: GapChange) -> str:
    if change.before.explanations == change.after.explanations:
        return ""
    last = change.after.explanations[-1]
    return f"; explained by the event at position {last.position}: {last.code}: {last.text}"


def _moment(moment: Moment, zone: ZoneInfo) -> str:
    return f"position {moment.position}, {local_time(moment.time, zone)}"
