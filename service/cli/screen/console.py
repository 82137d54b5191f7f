"""What commands write: results to standard output, progress and errors to standard error, colour on a terminal only."""

from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from service.printable import harmless

PIPE_COLUMNS: Final = 10_000
"""A pipe has no width: nothing is wrapped or cut for it."""


class _HarmlessConsole(Console):
    """Shows what would steer the terminal instead of letting it: texts come from clients, servers and messages too."""

    def render_str(self, text: str, **options: Any) -> Text:
        """The text, harmless."""
        return super().render_str(harmless(text), **options)


def _console(*, is_error: bool) -> Console:
    console = _HarmlessConsole(stderr=is_error, highlight=False, markup=False, emoji=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = PIPE_COLUMNS
    return console


def out() -> Console:
    """Standard output, as it is now."""
    return _console(is_error=False)


def err() -> Console:
    """Standard error, as it is now."""
    return _console(is_error=True)


def print_json(value: object) -> None:
    """One JSON document on standard output, for programs and for people."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    out().print(text)


def table(*headings: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table without rules; the columns named in `right` are aligned to the right."""
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        grid.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return grid


def print_table(grid: Table) -> None:
    """The table on standard output, without the blanks that fill its last column."""
    console = out()
    with console.capture() as captured:
        console.print(grid)
    for line in captured.get().splitlines():
        console.file.write(line.rstrip() + "\n")


def progress() -> Progress:
    """A bar on standard error, gone when the work is done; nothing on a pipe."""
    console = err()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
