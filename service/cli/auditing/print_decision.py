"""`numbering decision`: the decision on numbering of a firm for one year, to be printed and signed."""

from datetime import datetime
from pathlib import Path
from typing import Final

import click
import uvloop

from projections.reports.as_of import AsOf
from projections.reports.romania.numbering_decision import DecisionRows, DecisionWanted, decision_rows
from schemas.api.decision import NumberingDecision
from schemas.values import NUMBER_MAX, FirmId, IsoDate, Mode
from service.cli.auditing.decision_details import DecisionDetails, read_details
from service.cli.auditing.moment import read_as_of
from service.cli.auditing.readers import reader
from service.cli.firms import firm_option
from service.cli.screen.console import print_json
from service.cli.screen.printable_option import printable_option
from service.cli.starting.present import present_settings

RANGE_SIZE: Final = 10_000
"""How many numbers a series is planned to need in a year, where nothing else is said."""


@click.command()
@firm_option
@click.option("--mode", type=click.Choice([each.value for each in Mode]), default=Mode.LIVE.value, show_default=True)
@click.option("--year", type=click.IntRange(2000, 8999), required=True, help="The year that it is for.")
@click.option("--range-size", type=click.IntRange(1, NUMBER_MAX), default=RANGE_SIZE, show_default=True)
@click.option("--number", help="The number of the decision.  [default: a blank]")
@click.option("--date", "dated", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Its date.  [default: a blank]")
@click.option(
    "--details",
    type=click.Path(path_type=Path),
    help="A JSON file with the firm's name, the persons and the work points; kept nowhere.  [default: blanks]",
)
@click.option("--as-of", metavar="POSITION|DAY|TIME", callback=read_as_of, help="With the series as they were then.")
def decision(
    *,
    firm: FirmId,
    mode: str,
    year: int,
    range_size: int,
    number: str | None,
    dated: datetime | None,
    details: Path | None,
    as_of: AsOf | None,
) -> None:
    """Print the firm's decision on numbering for a year: series, first and planned last numbers, persons.

    The service knows the series and their numbers. What it does not know is given in the file --details, or left blank.
    """
    said = None if number is None else printable_option(number, "--number")
    date = None if dated is None else IsoDate(dated.date().isoformat())
    given = read_details(details)
    wanted = DecisionWanted(
        firm_id=firm,
        mode=Mode(mode),
        year=year,
        zone=present_settings().zone,
        range_size=given.every_series.range_size or range_size,
        range_sizes=given.sizes(),
    )
    print_json(_decision(wanted, uvloop.run(_rows(wanted, as_of)), given, (said, date)))


def _decision(
    wanted: DecisionWanted, found: DecisionRows, given: DecisionDetails, said: tuple[str | None, IsoDate | None]
) -> NumberingDecision:
    """The decision; `said` are its number and date."""
    return NumberingDecision(
        firm_id=wanted.firm_id,
        mode=wanted.mode,
        year=wanted.year,
        time_zone=str(wanted.zone.key),
        as_of=found.as_of,
        range_size=wanted.range_size,
        number=said[0],
        date=said[1],
        entity=given.entity,
        signed_by=given.signed_by,
        managed_by=given.managed_by,
        data=given.filled(found.rows),
    )


async def _rows(wanted: DecisionWanted, as_of: AsOf | None) -> DecisionRows:
    async with reader() as connection:
        return await decision_rows(connection, wanted, as_of)
