"""`numbering d394`: the ranges of numbers that the Romanian declaration D394 asks for (CONTRACT.md D117)."""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Any, Final

import click
import uvloop
from msgspec import Struct

from projections.reports.as_of import AsOf
from projections.reports.romania.folded_ranges import folded_d394_report
from projections.reports.romania.kept_ranges import kept_d394_report
from projections.reports.romania.number_facts import RangesDeclared
from projections.reports.romania.reporting_period import ReportingPeriod
from schemas.api.d394 import D394Report
from schemas.values import NUMBER_MAX, FirmId, Mode
from service.cli.auditing.moment import read_as_of
from service.cli.auditing.readers import reader
from service.cli.firms import firm_option
from service.cli.romania.take_away import TakenAway, take_away_options
from service.cli.screen.console import err
from service.cli.starting.present import present_settings
from service.listings.d394_fragment import d394_fragment
from service.listings.d394_listing import d394_listing, d394_listing_rows
from service.listings.listing import Surroundings

NAMED: Final = re.compile(r"[2-8]\d{3}-(0[1-9]|1[0-2]|Q[1-4])", re.ASCII)

PERIOD_WORDS: Final = "a month, such as 2026-11, or a quarter, such as 2026-Q4"

FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(8999, 12, 31)

day = click.DateTime(["%Y-%m-%d"])


class Days(Struct, frozen=True):
    """The period as an operator names it."""

    period: str | None
    start: datetime | None
    end: datetime | None


def _grouped(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of a period as `days`."""

    @wraps(command)
    def called(**given: Any) -> None:
        days = Days(given.pop("period"), given.pop("start"), given.pop("end"))
        command(days=days, **given)

    return called


@click.command()
@firm_option
@click.option("--mode", type=click.Choice([each.value for each in Mode]), default=Mode.LIVE.value, show_default=True)
@click.option("--period", metavar="PERIOD", help="A month, such as 2026-11, or a quarter, such as 2026-Q4.")
@click.option("--from", "start", type=day, metavar="DAY", help="Instead of a period: the first day.")
@click.option("--to", "end", type=day, metavar="DAY", help="The last day.")
@click.option(
    "--range-size",
    type=click.IntRange(1, NUMBER_MAX),
    help="How many numbers the numbering decision plans for a year.  [default: those that were taken]",
)
@click.option("--as-of", metavar="POSITION|DAY|TIME", callback=read_as_of, help="What was known then.")
@take_away_options("json", "csv", "xlsx", "pdf", "xml")
@_grouped
def d394(*, firm: FirmId, mode: str, days: Days, range_size: int | None, as_of: AsOf | None, taken: TakenAway) -> None:
    """Print the ranges and invoices that the Romanian declaration D394 asks for.

    XML is a fragment with the names of the declaration: it is put into the firm's declaration, and cannot be filed as
    it is. Without a period it is the last month that is over. Days are those of NUMBERING_TIME_ZONE.
    """
    wanted = RangesDeclared(firm_id=firm, mode=Mode(mode), period=_period(days), range_size=range_size)
    report, around = uvloop.run(_report(wanted, as_of, taken))
    for warning in report.warnings:
        err().print(f"series {warning.series_name}: {warning.message}", style="yellow")
    if taken.form == "json":
        taken.write_json(report)
    elif taken.form == "xml":
        taken.write(d394_fragment(report, taken.language))
    else:
        taken.write_listing(d394_listing(report, around), d394_listing_rows(report, around))


def _period(given: Days) -> ReportingPeriod:
    """The period. Raises BadParameter."""
    zone = present_settings().zone
    if given.period is not None:
        if given.start or given.end:
            raise click.BadParameter("give it, or --from and --to", param_hint="--period")
        if NAMED.fullmatch(given.period) is None:
            raise click.BadParameter(f"it is {PERIOD_WORDS}", param_hint="--period")
        return ReportingPeriod.named(given.period, zone)
    if given.start is None and given.end is None:
        return ReportingPeriod.last_month(datetime.now(zone).date(), zone)
    if given.start is None or given.end is None:
        raise click.BadParameter("give both, or neither", param_hint="--from, --to")
    start, end = given.start.date(), given.end.date()
    if not FIRST_DAY <= start <= end <= LAST_DAY:
        raise click.BadParameter(f"it is the first day or a later one, from {FIRST_DAY} on", param_hint="--to")
    return ReportingPeriod(start, end, zone)


async def _report(wanted: RangesDeclared, as_of: AsOf | None, taken: TakenAway) -> tuple[D394Report, Surroundings]:
    async with reader() as connection:
        kept = await kept_d394_report(connection, wanted) if as_of is None else None
        report = await folded_d394_report(connection, wanted, as_of) if kept is None else kept
        return report, await taken.surroundings(connection, wanted.firm_id, report.time_zone)
