"""`numbering advance`: lets counters go on behind numbers that the log lost (CONTRACT.md D97)."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import click
import uvloop
from msgspec import Struct
from msgspec.structs import asdict

from schemas.commands import AdvanceSeries
from schemas.record import Record
from schemas.rejections import SeriesExhausted
from schemas.values import (
    DEFAULT_LOG,
    NUMBER_MAX,
    FirmId,
    Mode,
    Number,
    Position,
    SeriesId,
)
from service.cli.operator_commands import append, new_cause, operator_for, operator_log
from service.cli.restoring.last_numbers import LastNumber, read_last_numbers
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import err, print_json
from service.cli.screen.log_lines import write_log_lines
from service.cli.screen.printable_option import printable_option
from service.cli.starting.present import database_url, present_settings
from service.clock import now
from service.configuration.settings import Settings
from service.core.prepare import Prepared, prepare
from service.core.state.state import Series, State

OF_NO_FIRM: Final = operator_for(FirmId(""), Mode.LIVE)
"""Every record takes firm and mode from its series."""

TO: Final = "--to"


class Advance(Struct, frozen=True):
    """What becomes of one series; `lost_first` and `lost_last` are none if its counter stands there already."""

    series_id: SeriesId
    series_name: str
    firm_id: FirmId
    mode: Mode
    to: Number
    next_number: Number
    lost_first: Number | None
    lost_last: Number | None

    def words(self) -> str:
        """The same for people."""
        series = f"{self.series_name} ({self.series_id} of {self.firm_id}, {self.mode})"
        if self.lost_first is None:
            return f"{series}: nothing to do, the next number is {self.next_number} already"
        numbers = f"number {self.lost_first}" if self.lost_first == self.lost_last else self._range()
        return f"{series}: {numbers} lost, the next number is {self.next_number}"

    def _range(self) -> str:
        return f"numbers {self.lost_first} to {self.lost_last}"


@click.command()
@click.option("--series", metavar="SERIES", help="The series, by id or name.")
@click.option("--to", type=click.IntRange(1, NUMBER_MAX), help="The last number that was printed; the next follows it.")
@click.option(
    "--from-file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Many series: a CSV file with SERIES,LAST_NUMBER in each line.",
)
@click.option("--firm", metavar="FIRM", help="Only series of this firm, if several firms have a series of that name.")
@click.option("--reason", required=True, help="Why; it stands in every gap report for ever, so name no person.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Say what would be done, and do nothing.")
def advance(
    *, series: str | None, to: int | None, path: Path | None, firm: str | None, reason: str, is_dry: bool
) -> None:
    """Let counters go on behind numbers that the log lost, such as after a restore from an older copy.

    The numbers between become gaps with the fate `lost` and this reason; no document ever gets one of them. A counter
    never goes back. This works beside a running service, on a locked series, and on a halted log, which stays halted.
    """
    wanted, text = _wanted(series, to, path), printable_option(reason, "--reason")
    settings = present_settings()
    write_log_lines(settings)
    print_json(uvloop.run(_advance(settings, wanted, firm, text, is_dry=is_dry)))


def _wanted(series: str | None, to: int | None, path: Path | None) -> list[LastNumber]:
    """What the options name. Raises CommandFault and click.UsageError."""
    if path is not None and series is None and to is None:
        return read_last_numbers(path)
    if path is None and series is not None and to is not None:
        return [LastNumber(series, Number(to), TO)]
    raise click.UsageError("give --series and --to for one series, or --from-file for many")


async def _advance(
    settings: Settings, wanted: Sequence[LastNumber], firm: str | None, reason: str, *, is_dry: bool
) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        operator = await operator_log(database_url(settings), stack)
        async with operator.held() as held:
            state, records, advances = _decide(operator.state.layer(), wanted, firm, reason)
            if not is_dry:
                # At the end of the block this is committed: then these numbers are gaps for ever.
                await append(held, records)
    _tell(advances, held.halted_because, is_dry=is_dry)
    return _report(held.head if is_dry else state.position, advances, held.halted_because, is_dry=is_dry)


def _decide(
    state: State, wanted: Sequence[LastNumber], firm: str | None, reason: str
) -> tuple[State, list[Record], list[Advance]]:
    """The state, brought forward by all of it, the events, and what becomes of each series. Raises CommandFault."""
    records: list[Record] = []
    advances: list[Advance] = []
    for each in wanted:
        before = _series(state, each, firm)
        _refuse_going_back(before, each)
        command = AdvanceSeries(before.series_id, each.number, reason)
        prepared = prepare(state, command, new_cause(OF_NO_FIRM), now())
        if isinstance(prepared, SeriesExhausted):
            raise CommandFault(f"{each.place}: series {before.series_id} ends at {NUMBER_MAX}")
        assert isinstance(prepared, Prepared), "a series that was found is advanced"
        records.extend(prepared.records)
        advances.append(_advanced(before, state.series[before.series_id], each))
    return state, records, advances


def _series(state: State, wanted: LastNumber, firm: str | None) -> Series:
    """The series with this id or name. Raises CommandFault if there is none, or several."""
    found = [
        series
        for _, series in sorted(state.series.items())
        if wanted.series in {series.series_id, series.name} and firm in {None, series.firm_id}
    ]
    if not found:
        raise CommandFault(f"{wanted.place}: there is no series {wanted.series}; `numbering gaps` lists all")
    if len(found) > 1:
        ids = ", ".join(f"{each.series_id} of {each.firm_id}, {each.mode}, {each.document_type}" for each in found)
        raise CommandFault(f"{wanted.place}: several series are named {wanted.series}; use the id of one: {ids}")
    return found[0]


def _refuse_going_back(series: Series, wanted: LastNumber) -> None:
    """Refuse what cannot be meant. In a list, a series that lost nothing is no mistake."""
    if wanted.place == TO and wanted.number < series.next_number - 1:
        why = f"the next number of series {series.series_id} is {series.next_number} already"
        raise CommandFault(f"{wanted.place}: {why}; a counter never goes back to {wanted.number + 1}")


def _advanced(before: Series, after: Series, wanted: LastNumber) -> Advance:
    is_moved = after.next_number > before.next_number
    return Advance(
        series_id=after.series_id,
        series_name=after.name,
        firm_id=after.firm_id,
        mode=after.mode,
        to=wanted.number,
        next_number=after.next_number,
        lost_first=before.next_number if is_moved else None,
        lost_last=wanted.number if is_moved else None,
    )


def _tell(advances: Sequence[Advance], halted_because: str | None, *, is_dry: bool) -> None:
    for each in advances:
        err().print(f"{'would be done: ' if is_dry else ''}{each.words()}")
    if halted_because is not None:
        err().print(f"The log is halted ({halted_because}); it issues again after `numbering resume`")


def _report(
    position: Position, advances: Sequence[Advance], halted_because: str | None, *, is_dry: bool
) -> dict[str, Any]:
    return {
        "log": DEFAULT_LOG,
        "position": position,
        "is_dry_run": is_dry,
        "numbers_lost": sum((each.lost_last or 0) - each.lost_first + 1 for each in advances if each.lost_first),
        "halted_because": halted_because,
        "series": [asdict(each) for each in advances],
    }
