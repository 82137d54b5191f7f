"""Whether two formats can print one text (CONTRACT.md D87), compared with a walk through both patterns at once."""

import re
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.number_formats import can_print_the_same, default_format, is_printable

MEETING = [
    ("INV-{number}", "INV-{number}"),
    ("F{number}", "F1{number}"),
    ("X-{year}-{number}", "X-2026-{number}"),
    ("{year}{number}", "{number}"),
    ("{year}/{number}", "2026/1{number}"),
    ("{number}/{year}", "1{number}/2026"),
    ("A{year}B{number}", "A2026B1{number}"),
    (default_format("FACT"), "FACT-{year}-{number}"),
    (default_format("FACT-2026"), "FACT-{year}-{year}-{number}"),
]
APART = [
    ("INV-{number}", "FACT-{number}"),
    ("Inv-{number}", "INV-{number}"),
    ("F{number}", "F-{number}"),
    ("F{number}A", "F{number}B"),
    ("X-{year}-{number}", "X-26-{number}"),
    ("X-{year}-{number}", "X-{number}"),
    ("A1-{number}", "A2-{number}"),
    ("1{number}2", "2{number}1"),
    ("X-{year}-{number}", "X-{number}-{year}"),
    ("{number}{year}x", "{number}{year}"),
    (default_format("FACT"), default_format("FACT-2026")),
]


@pytest.mark.parametrize(("one", "other"), MEETING)
def test_formats_meet_if_they_differ_in_digits_only(one: str, other: str) -> None:
    """CONTRACT.md D87."""
    assert can_print_the_same(one, other)
    assert can_print_the_same(other, one)


@pytest.mark.parametrize(("one", "other"), APART)
def test_formats_do_not_meet_if_any_other_character_differs(one: str, other: str) -> None:
    """CONTRACT.md D87."""
    assert not can_print_the_same(one, other)
    assert not can_print_the_same(other, one)


PIECES = st.lists(st.sampled_from(["1", "2", "A", "-", "{year}", "11", "2026"]), max_size=5)


def a_format(before: list[str], after: list[str]) -> str:
    return "".join([*before, "{number}", *after])


FORMATS = st.builds(a_format, PIECES, PIECES)


@settings(max_examples=1_000, deadline=None)
@given(FORMATS, FORMATS)
def test_formats_meet_exactly_if_one_text_fits_both(one: str, other: str) -> None:
    """CONTRACT.md D87."""
    text = a_text_of_both(one, other)
    assert can_print_the_same(one, other) is (text is not None)
    if text is not None:
        assert pattern(one).fullmatch(text)
        assert pattern(other).fullmatch(text)


@settings(max_examples=300, deadline=None)
@given(FORMATS, FORMATS, st.integers(1, 10**7), st.integers(2000, 2040))
def test_what_one_format_prints_and_the_other_reads_makes_them_meet(
    one: str, other: str, number: int, year: int
) -> None:
    """CONTRACT.md D87."""
    printed = one.replace("{year}", str(year)).replace("{number}", f"{number:05}")
    assert pattern(one).fullmatch(printed)
    assert can_print_the_same(one, other) or not pattern(other).fullmatch(printed)


@pytest.mark.parametrize(
    ("number_format", "is_right"),
    [
        ("F {number}~", True),
        ("x" * 52 + "{number}", True),
        ("x" * 53 + "{number}", False),
        ("a\n{number}", False),
        ("\x1b[1m{number}", False),
        ("\u202e{number}", False),
        ("\x7f{number}", False),
        ("ș{number}", False),
        ("\u00a0{number}", False),
    ],
)
def test_a_format_is_printable_ascii(number_format: str, *, is_right: bool) -> None:
    """CONTRACT.md D87."""
    assert is_printable(number_format) is is_right


def pattern(number_format: str) -> re.Pattern[str]:
    """The texts of a format, as a regular expression."""
    escaped = re.escape(number_format)
    return re.compile(
        escaped.replace(re.escape("{year}"), "[0-9]{4}").replace(re.escape("{number}"), "[0-9]{5,}"), re.ASCII
    )


def places(number_format: str) -> list[tuple[str, bool]]:
    """The characters that may stand at each place, and whether the place may be repeated."""
    found: list[tuple[str, bool]] = []
    for piece in re.findall(r"\{year\}|\{number\}|.", number_format):
        if piece == "{year}":
            found += [("0123456789", False)] * 4
        elif piece == "{number}":
            found += [("0123456789", False)] * 4 + [("0123456789", True)]
        else:
            found.append((piece, False))
    return found


def a_text_of_both(one: str, other: str) -> str | None:
    """The shortest text that fits both, by a walk through the pairs of places; None if there is none."""
    here, there = places(one), places(other)
    seen, waiting = {(0, 0)}, deque([(0, 0, "")])
    while waiting:
        left, right, text = waiting.popleft()
        if left == len(here) and right == len(there):
            return text
        for next_left, own in steps(here, left):
            for next_right, theirs in steps(there, right):
                shared = sorted(set(own) & set(theirs))
                if shared and (next_left, next_right) not in seen:
                    seen.add((next_left, next_right))
                    waiting.append((next_left, next_right, text + shared[0]))
    return None


def steps(pattern_places: list[tuple[str, bool]], place: int) -> list[tuple[int, str]]:
    """Where one more character leads from here, and which characters lead there."""
    found: list[tuple[int, str]] = []
    if place < len(pattern_places):
        found.append((place + 1, pattern_places[place][0]))
    if place and pattern_places[place - 1][1]:
        found.append((place, pattern_places[place - 1][0]))
    return found
