"""SQL is in .sql files: one statement in each, every file used, no statement built from strings."""

import re
from pathlib import Path

import pytest

from tests.source.code import name_of, python_files, strings, tracked

PACKAGES = ("service", "projections")
MIGRATIONS = "service/log/sql/migrations"
KEYWORDS = re.compile(
    r"^\s*(SELECT\s.+\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|TRUNCATE\s|CREATE\s+\w+\s|"
    r"ALTER\s+\w+\s|DROP\s+\w+\s|GRANT\s|REVOKE\s|WITH\s+\w+\s+AS\s)",
    re.DOTALL,
)


def statements(package: str) -> list[Path]:
    files = [path for path in tracked() if path.suffix == ".sql" and name_of(path).startswith(f"{package}/")]
    return [path for path in files if not name_of(path).startswith(f"{MIGRATIONS}/")]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_file_holds_one_statement_and_begins_by_saying_what_it_does(package: str) -> None:
    for path in statements(package):
        text = path.read_text("utf-8")
        assert text.startswith("-- "), f"{name_of(path)}: the first comment says what it returns, raises and locks"
        code = re.sub(r"--.*", "", text)
        code = re.sub(r"\bBEGIN ATOMIC\b.*\bEND\b", "", code, flags=re.DOTALL)
        code = re.sub(r"\$(\w*)\$.*?\$\1\$", "", code, flags=re.DOTALL)
        assert len([part for part in code.split(";") if part.strip()]) == 1, f"{name_of(path)}: one statement"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_statement_is_used_and_has_a_name_of_its_own(package: str) -> None:
    words = {text for path in python_files(package) for text in strings(path)}
    stems = [path.stem for path in statements(package)]
    # The embedded PostgreSQL reads its one statement by the name of the file.
    assert [stem for stem in stems if stem not in words and f"{stem}.sql" not in words] == []
    assert len(stems) == len(set(stems))


@pytest.mark.parametrize("package", ["service", "projections", "schemas"])
def test_no_python_file_holds_sql(package: str) -> None:
    found = {name_of(path): text for path in python_files(package) for text in strings(path) if KEYWORDS.match(text)}
    assert found == {}


def test_migrations_are_numbered_without_holes() -> None:
    names = [path.name for path in tracked() if name_of(path).startswith(f"{MIGRATIONS}/")]
    assert names
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
