"""Which numbers an operator means: as a document shows one, or by series and number."""

import re
from collections.abc import Sequence

import asyncpg
from msgspec import Struct

from projections.reports.opened_series import opens
from projections.statements import statement
from schemas.events import SeriesOpened
from schemas.number_formats import NUMBER_DIGITS_MIN, YEAR_DIGITS, padded
from schemas.record import Record, decode_record
from schemas.values import NUMBER_MAX, FirmId, Mode, Number, NumberRange, SeriesId
from service.cli.screen.commands import CommandFault


class Named(Struct, frozen=True):
    """Numbers of one series; `printed` is what the operator wrote, if it was what a document shows."""

    series_id: SeriesId
    series_name: str
    firm_id: FirmId
    mode: Mode
    numbers: NumberRange
    printed: str | None


async def find_numbers(
    connection: asyncpg.Connection,
    firm_id: FirmId | None,
    series: str | None,
    text: str | None,
    numbers: NumberRange | None,
) -> Named:
    """The numbers that are meant: a range of a series, a number of a series, or a number as a document shows it.

    Raises CommandFault if none is, or several are, and asyncpg's errors.
    """
    rows = await connection.fetch(statement("log_series_opened"), firm_id)
    opened = [record for row in rows if opens(record := decode_record(row["record"]), series)]
    if series is not None and not opened:
        raise CommandFault(f"there is no series {series}; `numbering gaps` lists all")
    if numbers is None and series is not None and text is not None and text.isascii() and text.isdigit():
        numbers = _one(int(text))
    if numbers is not None:
        return _named(_only(opened, f"series {series}"), numbers)
    assert text is not None, "a number or a range was named"
    fitting = [(record, number) for record in opened if (number := _number_in(record, text)) is not None]
    if not fitting:
        raise CommandFault(f"no series prints {text}; name the --series and the number without its format")
    record = _only([record for record, _ in fitting], text)
    return _named(record, _one(next(number for of, number in fitting if of is record)), text)


def _only(found: Sequence[Record], what: str) -> Record:
    """The one series. Raises CommandFault that names all if they are several."""
    if len(found) > 1:
        listed = ", ".join(f"{each.stream} ({each.series_name} of {each.firm_id}, {each.mode})" for each in found)
        raise CommandFault(f"{what} may be of several series: {listed}; name one with --series ID")
    return found[0]


def _named(record: Record, numbers: NumberRange, printed: str | None = None) -> Named:
    assert record.series_name is not None, "a series has a name"
    return Named(record.stream, record.series_name, record.firm_id, record.mode, numbers, printed)


def _one(number: int) -> NumberRange:
    """Raises CommandFault if no number can be so."""
    if not 1 <= number <= NUMBER_MAX:
        raise CommandFault(f"{number} is no number: numbers are 1 to {NUMBER_MAX}")
    return NumberRange(Number(number), Number(number))


def _number_in(record: Record, text: str) -> int | None:
    """The number that the text shows in the format of this series; none if the series cannot print it."""
    event = record.event
    assert isinstance(event, SeriesOpened), "only opened series are asked"
    pattern = re.escape(event.format)
    pattern = pattern.replace(re.escape("{year}"), rf"[0-9]{{{YEAR_DIGITS}}}")
    pattern = pattern.replace(re.escape("{number}"), rf"([0-9]{{{NUMBER_DIGITS_MIN},16}})")
    found = re.fullmatch(pattern, text)
    if found is None or padded(Number(int(found[1]))) != found[1]:
        return None
    return int(found[1]) or None
