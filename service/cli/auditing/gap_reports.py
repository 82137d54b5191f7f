"""`numbering gaps`: every number no document carries, why, and the accounting equation."""

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import uvloop

from projections.keeping.one_moment import Connection
from projections.replay.local_time import local_time
from projections.reports.as_of import AsOf, AtPosition
from projections.reports.gap_report import folded_gap_reports, kept_gap_reports
from projections.reports.opened_series import opened_series
from schemas.api.reports import Gap, GapReport
from schemas.values import FirmId
from service.cli.auditing.gap_comparison import NO_END, compare_moments
from service.cli.auditing.listing_files import (
    Wanted,
    around,
    listing_options,
    of_one_partition,
    wanted,
    write_file,
    write_json,
)
from service.cli.auditing.moment import as_of_option, read_as_of
from service.cli.auditing.readers import firm_filter, reader, series_filter
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import out as screen
from service.cli.screen.console import print_json, print_table, table
from service.cli.starting.present import present_settings
from service.listings.formats import Format
from service.listings.gap_listing import gap_listing, gap_rows, gap_totals


@click.command()
@firm_filter
@series_filter
@as_of_option
@click.option(
    "--compare",
    metavar="POSITION|DAY|TIME",
    callback=read_as_of,
    help="Only what changed between this moment and --as-of, and which events changed it.",
)
@click.option("--json", "is_json", is_flag=True, help="For programs.")
@listing_options
def gaps(  # noqa: PLR0913 - a function of click has an argument for each option
    *,
    firm: FirmId | None,
    series: str | None,
    as_of: AsOf | None,
    compare: AsOf | None,
    is_json: bool,
    shown_as: str | None,
    language: str,
    dialect: str,
    mode: str | None,
    out: Path | None,
) -> None:
    """List every gap with its reason, and the accounting equation of each series."""
    if compare is not None:
        if shown_as is not None or out is not None:
            raise click.UsageError("--compare is shown as text or with --json; leave --format and --out away")
        moments = (AtPosition(NO_END) if as_of is None else as_of, compare)
        return uvloop.run(compare_moments(firm, series, moments, None if is_json else present_settings().zone))
    asked = wanted(shown_as, language, dialect, mode, out)
    reports = uvloop.run(_reports(firm, series, as_of, asked))
    _give(reports, asked, is_json=is_json)
    if not all(report.equation.is_balanced for report in reports):
        raise CommandFault("the accounting equation does not hold")
    return None


def _give(reports: Sequence[GapReport], asked: Wanted, *, is_json: bool) -> None:
    """Show the reports; those that were wanted as a file are written already."""
    if asked.shown_as is not None:
        return
    if is_json:
        print_json({"object": "list", "data": reports})
        return
    zone = present_settings().zone
    for report in reports:
        show(report, zone)
    if not reports:
        screen().print("no series")


def show(report: GapReport, zone: ZoneInfo) -> None:
    """Write one report for people, with the times of this zone."""
    console = screen()
    moment = f"as of position {report.as_of.position}, {local_time(report.as_of.time, zone)}"
    console.print(
        f"{report.series_name}  ({report.series_id} of {report.firm_id}, {report.mode})  {moment}", style="bold"
    )
    if report.data:
        grid = table(
            "numbers",
            "count",
            "reason",
            "explanation",
            "device",
            "reserved",
            "ended",
            "by",
            "positions",
            right=("count",),
        )
        for gap in sorted(report.data, key=lambda each: each.is_explained):  # what nobody explained comes first
            grid.add_row(*_row(gap, zone))
        print_table(grid)
    else:
        console.print("no gaps")
    console.print(f"{report.equation.words()}\n", style="green" if report.equation.is_balanced else "bold red")


def _row(gap: Gap, zone: ZoneInfo) -> tuple[str, ...]:
    numbers = str(gap.first) if gap.first == gap.last else f"{gap.first}-{gap.last}"
    times = (local_time(gap.reserved_at, zone), local_time(gap.ended_at, zone))
    positions = ", ".join(map(str, gap.positions))
    reason = str(gap.reason) if gap.reason_text is None else f"{gap.reason}: {gap.reason_text}"
    return (numbers, str(gap.count), reason, _explained(gap), gap.device_id or "-", *times, gap.ended_by, positions)


def _explained(gap: Gap) -> str:
    """The explanation that counts, and how many there were before it."""
    if not gap.explanations:
        return "none"
    last = gap.explanations[-1]
    of = "" if (last.first, last.last) == (gap.first, gap.last) else f" ({last.first}-{last.last})"
    before = f" (changed {len(gap.explanations) - 1} times)" if len(gap.explanations) > 1 else ""
    return f"{last.code}: {last.text}{of}{before}"


async def _reports(
    firm_id: FirmId | None, series: str | None, as_of: AsOf | None, asked: Wanted
) -> Sequence[GapReport]:
    """The reports; as a file they are written here."""
    async with reader() as connection:
        if series is not None and not await opened_series(connection, firm_id, series):
            raise CommandFault(f"there is no series {series}")
        reports = of_one_partition(await reports_of_one_moment(connection, firm_id, series, as_of), asked)
        if asked.shown_as is Format.JSON:
            write_json(reports, asked)
        elif asked.shown_as is not None:
            surroundings = await around(connection, reports[0], asked)
            rows, totals = gap_rows(reports, surroundings), gap_totals(reports, surroundings)
            write_file(gap_listing(reports, surroundings), rows, asked, totals)
        return reports


async def reports_of_one_moment(
    connection: Connection, firm_id: FirmId | None, series: str | None, as_of: AsOf | None
) -> list[GapReport]:
    """The gap reports of these series, all of one moment: from the projections, or where they cannot tell, the log."""
    kept = await kept_gap_reports(connection, firm_id, series) if as_of is None else None
    return await folded_gap_reports(connection, firm_id, series, as_of) if kept is None else kept
