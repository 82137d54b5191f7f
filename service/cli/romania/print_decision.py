"""`numbering decision`: the decision on numbering of a firm for one year, to be printed and signed."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click
import uvloop
from msgspec import Struct

from projections.reports.as_of import AsOf
from projections.reports.romania.numbering_decision import DecisionRows, DecisionWanted, decision_rows
from schemas.api.decision import NumberingDecision
from schemas.values import NUMBER_MAX, FirmId, IsoDate, Mode
from service.cli.auditing.moment import read_as_of
from service.cli.auditing.readers import reader
from service.cli.firms import firm_option
from service.cli.romania.decision_details import DecisionDetails, read_details
from service.cli.romania.take_away import TakenAway, take_away_options
from service.cli.screen.printable_option import printable_option
from service.cli.starting.present import present_settings
from service.listings.decision_listing import decision_listing, decision_listing_rows
from service.listings.listing import Surroundings

RANGE_SIZE: Final = 10_000
"""How many numbers a series is planned to need in a year, where nothing else is said."""


class Heading(Struct, frozen=True):
    """The number and the date of the decision."""

    number: str | None
    date: IsoDate | None


def _headed(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the number and the date as `heading`."""

    @wraps(command)
    def called(**given: Any) -> None:
        number, dated = given.pop("number"), given.pop("dated")
        said = None if number is None else printable_option(number, "--number")
        command(heading=Heading(said, None if dated is None else IsoDate(dated.date().isoformat())), **given)

    return called


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
@take_away_options("json", "csv", "xlsx", "pdf")
@_headed
def decision(
    *,
    firm: FirmId,
    mode: str,
    year: int,
    range_size: int,
    heading: Heading,
    details: Path | None,
    as_of: AsOf | None,
    taken: TakenAway,
) -> None:
    """Print the firm's decision on numbering for a year: series, first and planned last numbers, persons.

    The service knows the series and their numbers. What it does not know is given in the file --details, or left blank.
    """
    given = read_details(details)
    wanted = DecisionWanted(
        firm_id=firm,
        mode=Mode(mode),
        year=year,
        zone=present_settings().zone,
        range_size=given.every_series.range_size or range_size,
        range_sizes=given.sizes(),
    )
    found, around = uvloop.run(_rows(wanted, as_of, taken))
    made = _decision(wanted, found, given, heading)
    if taken.form == "json":
        taken.write_json(made)
    else:
        taken.write_listing(decision_listing(made, around), decision_listing_rows(made, around))


def _decision(
    wanted: DecisionWanted, found: DecisionRows, given: DecisionDetails, heading: Heading
) -> NumberingDecision:
    return NumberingDecision(
        firm_id=wanted.firm_id,
        mode=wanted.mode,
        year=wanted.year,
        time_zone=str(wanted.zone.key),
        as_of=found.as_of,
        range_size=wanted.range_size,
        number=heading.number,
        date=heading.date,
        entity=given.entity,
        signed_by=given.signed_by,
        managed_by=given.managed_by,
        data=given.filled(found.rows),
    )


async def _rows(wanted: DecisionWanted, as_of: AsOf | None, taken: TakenAway) -> tuple[DecisionRows, Surroundings]:
    async with reader() as connection:
        found = await decision_rows(connection, wanted, as_of)
        return found, await taken.surroundings(connection, wanted.firm_id, str(wanted.zone.key))
