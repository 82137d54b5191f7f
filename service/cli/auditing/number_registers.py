"""`numbering register` and `numbering explanations`: what became of every number, and what was said of gaps."""

from collections.abc import Sequence
from pathlib import Path

import click
import uvloop

from projections.keeping.one_moment import Connection
from projections.reports.as_of import AsOf
from projections.reports.number_register import RangesWanted, folded_number_register, kept_number_register
from projections.reports.opened_series import opened_series
from schemas.api.reports import NumberRangeRow, NumberRegister
from schemas.values import NUMBER_MAX, FirmId, Number, SeriesId
from service.cli.auditing.gap_reports import reports_of_one_moment
from service.cli.auditing.listing_files import (
    Wanted,
    around,
    listing_options,
    of_one_partition,
    wanted,
    write_file,
    write_json,
)
from service.cli.auditing.moment import as_of_option
from service.cli.auditing.readers import firm_filter, reader, series_filter
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import out as screen
from service.cli.screen.console import print_table, table
from service.listings.explanation_listing import explanation_listing, explanation_rows, explanations_of
from service.listings.formats import Format
from service.listings.register_listing import register_listing, register_rows


@click.command()
@firm_filter
@click.option("--series", metavar="SERIES", required=True, help="The series, by id or name.")
@as_of_option
@listing_options
def register(
    *,
    firm: FirmId | None,
    series: str,
    as_of: AsOf | None,
    shown_as: str | None,
    language: str,
    dialect: str,
    mode: str | None,
    out: Path | None,
) -> None:
    """List what became of every number of a series, as ranges of numbers with one fate."""
    uvloop.run(_register(firm, series, as_of, wanted(shown_as, language, dialect, mode, out)))


@click.command()
@firm_filter
@series_filter
@as_of_option
@listing_options
def explanations(
    *,
    firm: FirmId | None,
    series: str | None,
    as_of: AsOf | None,
    shown_as: str | None,
    language: str,
    dialect: str,
    mode: str | None,
    out: Path | None,
) -> None:
    """List every explanation of a gap, in the order in which they were given."""
    uvloop.run(_explanations(firm, series, as_of, wanted(shown_as, language, dialect, mode, out)))


async def _register(firm: FirmId | None, named: str, as_of: AsOf | None, asked: Wanted) -> None:
    async with reader() as connection:
        found = [await _whole(connection, each, as_of) for each in await opened_series(connection, firm, named)]
        registers = of_one_partition([each for each in found if each is not None], asked)
        if not registers:
            raise CommandFault(f"there is no series {named}")
        if asked.shown_as is Format.JSON:
            write_json(registers, asked)
        elif asked.shown_as is None:
            _show(registers)
        elif len(registers) > 1:
            raise CommandFault(f"several series are named {named}: give the id of one")
        else:
            surroundings = await around(connection, registers[0], asked)
            rows = register_rows(registers[0].data, surroundings)
            write_file(register_listing(registers[0], surroundings), rows, asked)


async def _whole(connection: Connection, series_id: SeriesId, as_of: AsOf | None) -> NumberRegister | None:
    """The register with all its ranges; none if there was no such series then."""
    whole = RangesWanted(series_id=series_id, per_page=NUMBER_MAX, pieces_max=NUMBER_MAX)
    kept = await kept_number_register(connection, whole) if as_of is None else None
    return await folded_number_register(connection, whole, as_of) if kept is None else kept


async def _explanations(firm: FirmId | None, named: str | None, as_of: AsOf | None, asked: Wanted) -> None:
    async with reader() as connection:
        reports = of_one_partition(await reports_of_one_moment(connection, firm, named, as_of), asked)
        if asked.shown_as is Format.JSON:
            write_json([each for report in reports for each in explanations_of(report)], asked)
        elif asked.shown_as is None:
            grid = table("series", "numbers", "code", "text", "by", "event")
            for report in reports:
                for each in explanations_of(report):
                    said = f"{each.first}-{each.last}", each.code, each.text, each.explained_by, str(each.position)
                    grid.add_row(report.series_name, *said)
            print_table(grid)
        else:
            surroundings = await around(connection, reports[0], asked)
            write_file(explanation_listing(reports, surroundings), explanation_rows(reports, surroundings), asked)


def _show(registers: Sequence[NumberRegister]) -> None:
    for each in registers:
        screen().print(f"{each.series_name}  ({each.series_id} of {each.firm_id}, {each.mode})", style="bold")
        grid = table("from", "to", "count", "fate", "device", "document", right=("count",))
        for row in each.data:
            grid.add_row(*_row(row))
        print_table(grid)
        screen().print(each.equation.words())


def _row(row: NumberRangeRow) -> tuple[str, ...]:
    count = str(Number(row.last - row.first + 1))
    return row.printed_first, row.printed_last, count, row.fate, row.device_id or "-", row.invoice_id or "-"
