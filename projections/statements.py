"""The SQL of the projections, one statement a file under `projections/sql`."""

from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).with_name("sql")


@cache
def statement(name: str) -> str:
    """The text of `projections/sql/NAME.sql`; raises FileNotFoundError if there is none."""
    return (FOLDER / f"{name}.sql").read_text("utf-8")
