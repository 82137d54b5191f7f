"""What the format of a series prints and can print, and whether two formats meet (CONTRACT.md D17, D18, D87, D117).

`{year}` stands for four digits and `{number}` for five digits or more. Any digits count, as if every year and every
number would come: a format says nothing about which of them the series will reach.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct

FORMAT_MAX: Final = 60
"""The most characters of a format, its placeholders included."""

YEAR_DIGITS: Final = 4
NUMBER_DIGITS_MIN: Final = 5

_DIGIT: Final = "{digit}"
_DIGITS: Final = frozenset("0123456789")

_Places = tuple[str, ...]
"""What stands at each place of a text: one character, or _DIGIT for any digit."""


def default_format(name: str) -> str:
    """The format of a series that was opened without one."""
    return f"{name}-{{year}}-{{number}}"


def padded(number: int) -> str:
    """The number with five digits or more, filled with zeros on the left."""
    return f"{number:0{NUMBER_DIGITS_MIN}d}"


def printed_number(number_format: str, number: int) -> str:
    """A number that no document carries, in the format of its series.

    `{year}` stays as it is: it stands for the year of the document's date, and there is no document (CONTRACT.md D113).
    """
    return number_format.replace("{number}", padded(number))


def can_print_the_same(one: str, other: str) -> bool:
    """Whether some text fits both formats. Each of them must hold `{number}` once.

    A text of a given length has one reading in each format, because only `{number}` has no fixed length. So lengths are
    tried, from the shortest text that both can print, up to the length from which nothing new is compared.
    """
    before_one, after_one = _around_the_number(one)
    before_other, after_other = _around_the_number(other)
    if not _agree(before_one, before_other) or not _agree(after_one[::-1], after_other[::-1]):
        return False
    around_one, around_other = len(before_one) + len(after_one), len(before_other) + len(after_other)
    shortest = max(around_one, around_other) + NUMBER_DIGITS_MIN
    longest = max(len(before_one), len(before_other)) + max(len(after_one), len(after_other))
    return any(
        _agree(
            (*before_one, *(_DIGIT,) * (length - around_one), *after_one),
            (*before_other, *(_DIGIT,) * (length - around_other), *after_other),
        )
        for length in range(shortest, max(shortest, longest) + 1)
    )


D394_TEXT_MAX: Final = 20
"""The most characters that the Romanian declaration D394 has for the text of a series, and for a number."""


class D394Fault(Struct, frozen=True):
    """Why D394 cannot hold what a format prints."""

    code: Literal["d394_text_after_number", "d394_series_text_too_long"]
    message: str


def d394_faults(number_format: str) -> Iterator[D394Fault]:
    """Why D394 cannot hold what the format prints; nothing if it can."""
    before, after = text_around(number_format, "0" * YEAR_DIGITS)
    if after:
        message = "D394 has no place for what is printed behind the number; let {number} be the last of the format."
        yield D394Fault("d394_text_after_number", message)
    if len(before) > D394_TEXT_MAX:
        message = (
            f"{len(before)} characters are printed before the number, but D394 has a place for {D394_TEXT_MAX}; "
            "choose a shorter format."
        )
        yield D394Fault("d394_series_text_too_long", message)


def text_around(number_format: str, year: str) -> tuple[str, str]:
    """What is printed before and behind the number of a document of this year."""
    before, _, after = number_format.replace("{year}", year).partition("{number}")
    return before, after


def printed_parts(number_format: str, full_number: str) -> tuple[str, str, str]:
    """What a number that this format printed shows before the number, as the number, and behind it."""
    before, after = text_around(number_format, "0" * YEAR_DIGITS)
    end = len(full_number) - len(after)
    return full_number[: len(before)], full_number[len(before) : end], full_number[end:]


def is_printable(number_format: str) -> bool:
    """Whether the format has 1 to 60 characters, all of them printable ASCII (CONTRACT.md D87)."""
    return len(number_format) <= FORMAT_MAX and number_format.isascii() and number_format.isprintable()


@lru_cache(maxsize=4096)
def _around_the_number(number_format: str) -> tuple[_Places, _Places]:
    """What stands before and after the number."""
    before, _, after = number_format.partition("{number}")
    return _places(before), _places(after)


def _places(text: str) -> _Places:
    first, *others = text.split("{year}")
    found = [*first]
    for other in others:
        found += [_DIGIT] * YEAR_DIGITS
        found += other
    return tuple(found)


def _agree(one: _Places, other: _Places) -> bool:
    """Whether one text can have both at its places, as far as the shorter one goes."""
    return all(
        here == there or (here == _DIGIT and there in _DIGITS) or (there == _DIGIT and here in _DIGITS)
        for here, there in zip(one, other, strict=False)
    )
