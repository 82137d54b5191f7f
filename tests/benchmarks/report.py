"""The figures of a benchmark, as a table for people and as JSON for programs."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

Cell = int | float | str


class Report(Struct, frozen=True):
    """One table. Every row has the same columns in the same order; `notes` say what the figures mean."""

    title: str
    rows: Sequence[Mapping[str, Cell]]
    notes: Sequence[str] = ()


def text_of(report: Report) -> str:
    """The report as aligned text, with numbers on the right."""
    headings = list(report.rows[0])
    lines = [headings, *([_shown(row[heading]) for heading in headings] for row in report.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    table = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    notes = [f"  {note}" for note in report.notes]
    return "\n".join([report.title, "", *table, "", *notes, ""])


def _shown(cell: Cell) -> str:
    match cell:
        case str():
            return cell
        case int():
            return f"{cell:,}"
        case float():
            return f"{cell:,.1f}" if cell >= 10 else f"{cell:.2f}"
