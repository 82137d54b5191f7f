"""The quick ways to read JSON and fields give what the explaining ways give: the same value, or the same refusal.

`python -m tests.api.test_quick_reading 1000000 7` compares a million bodies of seed 7.
"""

import sys
from collections import Counter
from random import Random
from typing import Any, Final, cast

from service.api.reading import fields, json_text
from service.api.reading.json_text import BadJsonError
from service.api.reading.quick_fields import DoubtError, quick_reader
from tests.support.service.odd_bodies import KINDS, odd_body

COUNT: Final = 6_000


def test_the_quick_readers_agree_with_those_that_explain() -> None:
    counts = compare(COUNT, 1)
    # A comparison of two that both refuse everything, or of a quick way that is never taken, would show nothing.
    assert counts["quick"] > COUNT / 10
    assert counts["doubted, and right"] > 0
    assert counts["refused"] > COUNT / 10
    assert counts["no JSON"] > COUNT / 20


def compare(count: int, seed: int) -> Counter[str]:
    """Read `count` bodies in both ways. Returns how many bodies each way took."""
    chance, counts = Random(seed), Counter[str]()  # noqa: S311 - a test that can be repeated
    for _ in range(count):
        kind, text = odd_body(chance)
        quick, explained = _tree(json_text.read_json, text), _tree(json_text.read_explaining, text)
        assert _exactly(quick) == _exactly(explained), text
        match explained:
            case BadJsonError():
                counts["no JSON"] += 1
            case dict():
                tree = cast("dict[str, Any]", explained)
                for each in (kind, chance.choice(KINDS)):
                    right = fields.read_explaining(each, tree)
                    assert _exactly(fields.read_fields(each, tree)) == _exactly(right), (each, text)
                counts[_way(kind, tree)] += 1
            case _:
                counts["no object"] += 1
    return counts


def _way(kind: Any, tree: Any) -> str:
    try:
        quick_reader(kind)(tree)
    except DoubtError:
        return "refused" if isinstance(fields.read_explaining(kind, tree), list) else "doubted, and right"
    return "quick"


def _tree(read: Any, text: bytes) -> Any:
    try:
        return read(text)
    except BadJsonError as error:
        return error


def _exactly(value: Any) -> str:
    """The value with its types and the written form of its numbers: 1, 1.0 and true are equal, and not the same."""
    return repr(value)


if __name__ == "__main__":
    print(compare(int(sys.argv[1]), int(sys.argv[2])))
