"""The sizes and the words that the house style allows."""

import re
from pathlib import Path

import pytest

from tests.source.code import PACKAGES, ROOT, TEXT_SUFFIXES, functions, imported, name_of, python_files, tracked

LINES_MAX = 400
WHOLE = {"LICENSE", "service/evidence/verifying/verify.html", "service/evidence/verifying/verify.py"}
"""An auditor takes each verifier away as one file, and reads it from its beginning to its end."""

FUNCTION_LINES_MAX = 40
TOP = {"pyproject.toml", "README.md", "service", "projections", "schemas", "tests", "deploy", "LICENSE", "uv.lock"}
BANNED_STEMS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
IMPURE = {"asyncio", "os", "time", "random", "uuid", "secrets", "logging"}
UNFINISHED = re.compile(r"\b" + "TO" + r"DO\b|\bFIX" + r"ME\b|\bX" + r"XX\b")
BANNER = re.compile(r"^\s*(#|--|//)\s*[-=#*~]{4,}", re.MULTILINE)
ENVIRONMENT_READERS = {
    "service/configuration/settings.py",
    "service/embedded/process.py",  # passes its own environment on to the servers that it starts
}


def texts() -> list[Path]:
    return [path for path in tracked() if path.suffix in TEXT_SUFFIXES]


def test_the_top_level_is_what_the_house_style_names() -> None:
    found = {name_of(path).split("/")[0] for path in tracked()}
    assert {name for name in found if not name.startswith(".")} - TOP == set()


def test_no_file_has_more_lines_than_it_may() -> None:
    sizes = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in texts() if path.suffix != ".md"}
    assert {name: size for name, size in sizes.items() if size > LINES_MAX and name not in WHOLE} == {}


def test_no_function_has_more_lines_than_it_may() -> None:
    sizes = {
        f"{name_of(path)}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in python_files(*PACKAGES, "tests", "deploy")
        for function in functions(path)
    }
    assert {name: size for name, size in sizes.items() if size > FUNCTION_LINES_MAX} == {}


def test_no_file_is_named_after_nothing() -> None:
    assert [name_of(path) for path in tracked() if path.stem in BANNED_STEMS] == []


def test_nothing_is_left_for_later() -> None:
    assert [name_of(path) for path in texts() if UNFINISHED.search(path.read_text("utf-8"))] == []


def test_there_are_no_banners() -> None:
    code = [path for path in texts() if path.suffix in {".py", ".sql", ".sh"}]
    assert [name_of(path) for path in code if BANNER.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("folder", ["schemas", "service/core"])
def test_the_contract_and_the_core_know_no_clock_no_chance_and_no_io(folder: str) -> None:
    impure = {
        name_of(path): imported(path) & IMPURE
        for path in python_files(folder.split("/", maxsplit=1)[0])
        if name_of(path).startswith(f"{folder}/")
    }
    assert impure
    assert {name: found for name, found in impure.items() if found} == {}


def test_only_the_settings_read_the_environment() -> None:
    reads = re.compile(r"\benviron\b|\bgetenv\b")
    readers = {name_of(path) for path in python_files(*PACKAGES) if reads.search(path.read_text("utf-8"))}
    assert readers - ENVIRONMENT_READERS == set()


def test_every_ignore_names_what_it_ignores() -> None:
    bare = re.compile(r"#\s*type:\s*ignore(?!\[)|#\s*noqa(?!:)|#\s*pyright:\s*ignore(?!\[)")
    assert [name_of(path) for path in python_files(*PACKAGES, "tests") if bare.search(path.read_text("utf-8"))] == []


def test_the_repository_names_no_place_of_its_makers() -> None:
    own = {"tests/source/test_size_and_words.py"}
    home = re.compile(r"/root/|/home/\w+/|/work/\w")
    found = [name_of(path) for path in texts() if home.search(path.read_text("utf-8"))]
    assert [name for name in found if name not in own] == []
    assert ROOT.is_dir()
