"""The SQL of the service, one statement a file, in a folder `sql` beside the code that runs it."""

from functools import cache
from pathlib import Path
from typing import Final

_FILES: Final = {path.stem: path for path in Path(__file__).parent.rglob("sql/*.sql")}
"""By name: no two statements share one."""


@cache
def statement(name: str) -> str:
    """The text of the file NAME.sql. Raises KeyError if there is none."""
    return _FILES[name].read_text("utf-8")
