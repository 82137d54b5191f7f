"""The guides: every tracked Markdown file, and the fenced blocks in it."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.source.code import ROOT, tracked

SHOWN = {"", "text", "console", "json"}
"""The languages of blocks that no test runs: `text` or none for output, `console` for commands that take long."""

_FENCED = re.compile(r"^( *)```([^\s`]*)[^\n]*\n(.*?)^\1```\s*$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block; `number` counts the blocks of its language in its guide, from 1."""

    guide: str
    language: str
    number: int
    text: str


def guides() -> list[Path]:
    """Every Markdown file of the project."""
    return [path for path in tracked() if path.suffix == ".md"]


@cache
def blocks(guide: str) -> tuple[Block, ...]:
    """The fenced blocks of a guide, as they are pasted."""
    found: list[Block] = []
    for indent, language, text in _FENCED.findall((ROOT / guide).read_text("utf-8")):
        number = 1 + sum(each.language == language for each in found)
        found.append(Block(guide, language, number, re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)))
    return tuple(found)


def block(guide: str, language: str, number: int = 1) -> str:
    """The text of one block. A block counts as run if a test calls this with constants for it."""
    [found] = [each for each in blocks(guide) if (each.language, each.number) == (language, number)]
    return found.text


def prose(path: Path) -> str:
    """A guide without its fenced blocks."""
    return _FENCED.sub("", path.read_text("utf-8"))


def titles(path: Path) -> set[str]:
    """The anchors that GitHub makes for the headings of a guide."""
    headings = re.findall(r"^#+ +(.+?)\s*$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
