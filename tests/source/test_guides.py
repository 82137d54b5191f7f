"""The guides are right: tables, links and names fit the code, and every block is run or says that it is not."""

import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator

import click
import pytest

from schemas import events
from service.__main__ import numbering
from service.configuration.setting_values import PREFIX, TEST_PREFIX
from service.configuration.settings import Settings, describe
from tests.source.code import ROOT, name_of, python_files, tracked, tree_of
from tests.source.guides import SHOWN, Block, blocks, guides, prose, titles
from tests.source.tables import TABLES, filled, named_in

README_LINES_MAX = 150
GUIDES = [name_of(path) for path in guides()]
FOR_USERS = [guide for guide in GUIDES if guide.endswith("README.md") or guide.startswith("deploy/guide/")]
FOLDERS = ("service", "projections", "schemas", "tests", "deploy")
OTHER_PROGRAMS = {"cd", "cp", "curl", "docker", "export", "git", "mkdir", "nats", "nats-server", "node", "npm"} | {
    "kubectl",
    "openssl",
    "podman",
    "printf",
    "promtool",
    "psql",
    "umask",
}


def all_blocks() -> list[Block]:
    return [each for guide in GUIDES for each in blocks(guide)]


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= README_LINES_MAX


@pytest.mark.parametrize("guide", GUIDES)
def test_the_tables_are_what_the_code_says(guide: str) -> None:
    text = (ROOT / guide).read_text("utf-8")
    assert text == filled(text), "run: python -m tests.source.tables"


def test_every_table_is_in_a_guide() -> None:
    assert set(TABLES) == {name for path in guides() for name in named_in(path.read_text("utf-8"))}


@pytest.mark.parametrize("guide", GUIDES)
def test_every_link_leads_somewhere(guide: str) -> None:
    path = ROOT / guide
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if re.match(r"\w+:", link):
            continue
        place, _, title = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.exists(), f"{guide} links {link}, which does not exist"
        assert not title or title in titles(target), f"{guide} links {link}, and there is no such heading"


@pytest.mark.parametrize("guide", FOR_USERS)
def test_every_file_that_is_named_exists(guide: str) -> None:
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`", prose(ROOT / guide))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_every_variable_that_is_named_is_a_setting_or_one_of_the_tests(guide: str) -> None:
    named = set(re.findall(rf"\b{PREFIX}\w*[A-Z]\b", (ROOT / guide).read_text("utf-8")))
    for_tests = {name for name in named if name.startswith(TEST_PREFIX)}
    assert named - for_tests <= {name for line in describe(Settings()) for name in line.variables}
    code = "".join(path.read_text("utf-8") for path in python_files("tests"))
    assert [name for name in for_tests if name not in code] == []


def test_every_block_is_run_by_a_test_or_says_that_it_is_not() -> None:
    """A block is run where a test calls `block` for it, see tests/source/guides.py."""
    wanted = {each[:3] for each in all_blocks() if each.language not in SHOWN}
    run = set(calls_of_block())
    assert wanted - run == set(), "call block() for it in a test, or mark it as `text` or `console`"
    assert run - {each[:3] for each in all_blocks()} == set(), "a test runs a block that is no longer there"


def calls_of_block() -> Iterator[tuple[str, str, int]]:
    """The blocks that tests run."""
    for path in python_files("tests"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "block":
                guide, language, *number = (ast.literal_eval(argument) for argument in node.args)
                yield guide, language, number[0] if number else 1


@pytest.mark.parametrize("guide", FOR_USERS)
def test_every_block_stands_between_fences_and_names_its_language(guide: str) -> None:
    assert re.findall(r"\n\n( {4,}(?![-*\d]).+)", prose(ROOT / guide)) == []
    assert [each.text for each in blocks(guide) if not each.language] == []


@pytest.mark.parametrize("shown", [each for each in all_blocks() if each.language == "console"], ids=lambda b: b.guide)
def test_what_a_command_names_exists(shown: Block) -> None:
    for line in shown.text.splitlines():
        program, *words = shlex.split(re.sub(r"[()]|&&.*", "", line), comments=True)
        if program in OTHER_PROGRAMS:
            continue
        if program == ".venv/bin/numbering":
            assert_is_a_command(words)
        elif program == ".venv/bin/python" and words[0] == "-m":
            assert importlib.util.find_spec(words[1]), line
        elif program != ".venv/bin/python":
            assert ROOT / program in tracked(), line
        assert [word for word in words if is_a_path(word) and not (ROOT / word).exists()] == [], line


def is_a_path(word: str) -> bool:
    """Whether a word of a command is a file of the repository."""
    return word.partition("/")[0] in FOLDERS


def assert_is_a_command(words: list[str]) -> None:
    """Assert that these words after `numbering` are one of its commands, with options that it has."""
    command: click.Command = numbering
    while isinstance(command, click.Group):
        named = command.get_command(click.Context(command), words[0])
        assert named is not None, words
        command, words = named, words[1:]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known, words


def test_the_rule_for_a_new_field_is_the_one_of_the_code() -> None:
    [rule] = [part for part in (events.__doc__ or "").split("\n\n") if part.startswith("The rule for a new field")]
    assert rule in (ROOT / "tests/README.md").read_text("utf-8")
