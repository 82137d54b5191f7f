"""What code, SQL, tests and pages cite is in the repository, and a test names each decision of the contract."""

import ast
import re
import tokenize
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from posixpath import normpath
from typing import Final

import pytest

from tests.source.code import ROOT, name_of, python_files, tracked, tree_of

CONTRACT: Final = "schemas/CONTRACT.md"
NOT_READ: Final = {
    "LICENSE",
    "uv.lock",
    "deploy/examples/javascript/package-lock.json",
    "tests/source/test_citations.py",
}
PAGES: Final[Mapping[str, str]] = {"CONTRACT.md": CONTRACT, "DESIGN.md": "service/DESIGN.md"}
"""Pages with numbered sections, by the name under which they are cited."""

GIVEN_LATER: Final = frozenset({95, 96, *range(98, 110)})
"""Numbers of decisions that are kept for rules which are not built yet."""

URL: Final = re.compile(r"https?://\S+")
PAGE: Final = re.compile(r"[\w./-]*\w\.md\b")
HEADING: Final = re.compile(r"^#{2,4} (\d+(?:\.\d+)*)\.? ", re.MULTILINE)
ANCHOR: Final = re.compile(r"\*\*D(\d{1,3}a?)\*\*")
INDEX_CELL: Final = re.compile(r"\| D(\d{1,3}a?) \| (\d+(?:\.\d+)*) \|")

_NUMBER: Final = r"\d+(?:\.\d+)*"
_BREAK: Final = r"\s+(?:(?:#|--|//|\*)\s*)?"
"""White space, or the end of one line of a comment and the beginning of the next."""

SECTIONS: Final = re.compile(
    rf"(?<!RFC \d{{4}} )\bsections?{_BREAK}({_NUMBER}(?:(?:, | and | to ){_NUMBER})*)", re.IGNORECASE
)
DECISIONS: Final = re.compile(r"(?<![\w%#+])D(?!394\b|406\b)(\d{1,3})(a?)(?: to D(\d{1,3}))?\b(?!\.\d)")
"""D394 and D406 are declarations of Romania."""

WITHOUT_THE_WORD: Final = re.compile(rf"\b(?:{'|'.join(map(re.escape, PAGES))}) (?:§|\d)")


def texts() -> Iterator[tuple[str, str]]:
    """Every tracked text by its name, without the addresses in it."""
    for path in tracked():
        if name_of(path) not in NOT_READ:
            text = _text(path)
            if text is not None:
                yield name_of(path), text


@cache
def _text(path: Path) -> str | None:
    """The text of a file without the addresses in it; None if the file is no text."""
    try:
        return URL.sub("", path.read_text("utf-8"))
    except UnicodeDecodeError:
        return None


def sections_of(text: str) -> set[str]:
    """The numbers of the headings of a page."""
    return set(HEADING.findall(text))


def sections_cited(name: str, text: str) -> Iterator[tuple[str, str]]:
    """The page and the number of each section that a text cites.

    The page is the one that was named last before the section, in the same sentence or just before it. Without a name,
    a page with sections means itself, and every other text means the contract.
    """
    own = next((page for page, path in PAGES.items() if path == name), "CONTRACT.md")
    for found in SECTIONS.finditer(text):
        before = PAGE.findall(text, max(0, found.start() - 60), found.start())
        named = [base for each in before if (base := Path(each).name) in PAGES]
        for number in re.findall(_NUMBER, found[1]):
            yield (named[-1] if named else own), number


def decisions_cited(text: str) -> set[str]:
    """The decisions that a text names, including all between the ends of a range."""
    found = set[str]()
    for first, letter, last in DECISIONS.findall(text):
        found.add(first + letter)
        found.update(str(number) for number in range(int(first), int(last or first) + 1) if last)
    return found


def remarks(path: Path) -> Iterator[str]:
    """The docstrings and the comments of a Python file, without its other strings."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    with tokenize.open(path) as lines:
        yield from (each.string for each in tokenize.generate_tokens(lines.readline) if each.type == tokenize.COMMENT)


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / PAGES[name]).read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_every_section_that_is_cited_exists(name: str) -> None:
    existing = sections_of(page(name))
    cited = [(where, number) for where, text in texts() for of, number in sections_cited(where, text) if of == name]
    assert cited
    assert [f"{where}: {name} section {number}" for where, number in cited if number not in existing] == []


def test_every_decision_that_is_cited_exists() -> None:
    existing = set(ANCHOR.findall(page("CONTRACT.md")))
    missing = {name: decisions_cited(text) - existing for name, text in texts()}
    assert {name: found for name, found in missing.items() if found} == {}


def test_a_section_is_cited_with_the_word() -> None:
    assert {name: found for name, text in texts() if (found := WITHOUT_THE_WORD.findall(text))} == {}


def test_every_page_that_is_named_is_in_the_repository() -> None:
    pages = {name_of(path) for path in tracked() if path.suffix == ".md"}
    base_names = {Path(each).name for each in pages}
    for name, text in texts():
        for cited in PAGE.findall(text):
            beside = normpath(Path(name).parent / cited)
            assert {cited, beside} & pages or cited in base_names, f"{name} names {cited}"


def test_every_decision_is_explained_once_and_listed_where_it_is() -> None:
    text = page("CONTRACT.md")
    explained: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        if heading := HEADING.match(line):
            section = heading[1]
        for decision in ANCHOR.findall(line):
            assert decision not in explained, f"D{decision} is explained in {explained[decision]} and in {section}"
            explained[decision] = section
    assert dict(INDEX_CELL.findall(text)) == explained
    numbers = sorted(int(decision) for decision in explained if decision.isdigit())
    assert sorted({*numbers, *GIVEN_LATER}) == list(range(1, max(numbers[-1], *GIVEN_LATER) + 1))


def test_every_decision_is_named_by_a_test() -> None:
    tests = [path for path in python_files("tests") if path.name.startswith("test_") and name_of(path) not in NOT_READ]
    named = {decision for path in tests for said in remarks(path) for decision in decisions_cited(said)}
    assert sorted(set(ANCHOR.findall(page("CONTRACT.md"))) - named, key=_in_order) == []


def _in_order(decision: str) -> tuple[int, str]:
    return int(decision.rstrip("a")), decision
