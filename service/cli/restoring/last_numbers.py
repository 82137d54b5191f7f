"""The list of last printed numbers that `numbering advance` takes: one series and one number in a line."""

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from schemas.values import NUMBER_MAX, Number
from service.cli.screen.commands import CommandFault

WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
HEADING: Final = ("series", "last_number")


class LastNumber(Struct, frozen=True):
    """The last number that is known to be printed in the series with this id or name; `place` is for error messages."""

    series: str
    number: Number
    place: str


def read_last_numbers(path: Path) -> list[LastNumber]:
    """The lines of the file. Raises CommandFault, which names the line that cannot be meant."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFault(f"{path} cannot be read as UTF-8 text: {error}") from error
    rows = enumerate(csv.reader(text.splitlines()), start=1)
    found = [_last_number(path, line, row) for line, row in rows if any(row) and not (line == 1 and _is_heading(row))]
    if not found:
        raise CommandFault(f"{path} names no series; each line must be SERIES,LAST_NUMBER")
    _refuse_repeats(found)
    return found


def _last_number(path: Path, line: int, row: list[str]) -> LastNumber:
    place = f"{path}, line {line}"
    cells = [cell.strip() for cell in row]
    if len(cells) != 2 or not cells[0]:
        raise CommandFault(f"{place}: a line must be SERIES,LAST_NUMBER, such as FACT,1042")
    if not WHOLE_NUMBER.fullmatch(cells[1]) or not 1 <= int(cells[1]) <= NUMBER_MAX:
        raise CommandFault(f"{place}: {cells[1]!r} is not a number from 1 to {NUMBER_MAX}; write the bare number")
    return LastNumber(cells[0], Number(int(cells[1])), place)


def _is_heading(row: list[str]) -> bool:
    return tuple(cell.strip().lower() for cell in row) == HEADING


def _refuse_repeats(found: Iterable[LastNumber]) -> None:
    places: dict[str, str] = {}
    for each in found:
        if each.series in places:
            raise CommandFault(f"{each.place}: series {each.series} is named before, in {places[each.series]}")
        places[each.series] = each.place
