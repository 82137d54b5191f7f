"""The SQL of the projections: one statement in each file, beside the code that runs it."""

from functools import cache
from pathlib import Path
from typing import Final

_FILES: Final = {path.stem: path for path in Path(__file__).parent.rglob("*.sql")}
"""The files by name; no two files have the same name."""


@cache
def statement(name: str) -> str:
    """The text of the file NAME.sql. Raises KeyError if there is none."""
    return _FILES[name].read_text("utf-8")
