"""SQL is in .sql files, one statement each, every one used, none built from strings."""

import re
from pathlib import Path

import pytest

from tests.source.code import ROOT, name_of, python_files, strings, tracked

FOLDERS = ("service/sql", "projections/sql")
KEYWORDS = re.compile(
    r"^\s*(SELECT\s.+\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|TRUNCATE\s|CREATE\s+\w+\s|"
    r"ALTER\s+\w+\s|DROP\s+\w+\s|GRANT\s|REVOKE\s|WITH\s+\w+\s+AS\s)",
    re.DOTALL,
)


def statements(folder: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".sql" and path.parent == ROOT / folder]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_file_holds_one_statement_and_begins_by_saying_what_it_does(folder: str) -> None:
    for path in statements(folder):
        text = path.read_text("utf-8")
        assert text.startswith("-- "), f"{name_of(path)}: the first comment says what it returns, raises and locks"
        code = re.sub(r"--.*", "", text)
        code = re.sub(r"\bBEGIN ATOMIC\b.*\bEND\b", "", code, flags=re.DOTALL)
        code = re.sub(r"\$(\w*)\$.*?\$\1\$", "", code, flags=re.DOTALL)
        assert len([part for part in code.split(";") if part.strip()]) == 1, f"{name_of(path)}: one statement"


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_statement_is_used(folder: str) -> None:
    package = folder.split("/", maxsplit=1)[0]
    words = {text for path in python_files(package) for text in strings(path)}
    # Statements of one projection are found by its name and theirs; see projections/statements.py.
    parts = {word.rstrip("_").lstrip("_") for word in words}
    unused = [
        name_of(path)
        for path in statements(folder)
        if path.stem not in words and not _is_named_in_parts(path.stem, parts)
    ]
    assert unused == []


def _is_named_in_parts(stem: str, parts: set[str]) -> bool:
    pieces = stem.split("_")
    return any("_".join(pieces[:at]) in parts and "_".join(pieces[at:]) in parts for at in range(1, len(pieces)))


@pytest.mark.parametrize("package", ["service", "projections", "schemas"])
def test_no_python_file_holds_sql(package: str) -> None:
    found = {name_of(path): text for path in python_files(package) for text in strings(path) if KEYWORDS.match(text)}
    assert found == {}


def test_migrations_are_numbered_without_holes() -> None:
    names = [path.name for path in statements("service/sql/migrations")]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
