"""Reads JSON from strangers: strict syntax, exact numbers, bounded depth and count, no name twice, whole characters.

The decoder of the standard library decides, because it gives every object as pairs and every number as text. msgspec
reads four times as fast; what it read is used where a count proves that nothing strict was missed. A test compares the
two. jiter is as fast, but has other limits and words.
"""

import json
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

DEPTH_MAX: Final = 32
"""How deep arrays and objects may nest; the API itself needs 4 levels."""

VALUES_MAX: Final = 30_000
"""The most values in one text; the largest invoice has 13,000. All other requests wait while a text is read."""

_INT_DIGITS_MAX: Final = 18
"""Every whole number of this length, its sign included, fits in 64 bits."""

_LONG_NUMBER: Final = b"0" * 17
_DIGITS_AS_0: Final = bytes.maketrans(b"123456789", b"000000000")
_DOUBT: Final = object()
_NESTED: Final = frozenset({dict, list})

Tree = dict[str, "Tree"] | list["Tree"] | str | int | Decimal | bool | None


class BadJsonError(Exception):
    """The text is not JSON that we accept; the message tells the caller why."""


def read_json(text: bytes) -> Tree:
    """The value in `text`; numbers with a point or an exponent become Decimal. Raises BadJsonError."""
    _check_size(text)
    tree = _quick(text)
    return read_explaining(text) if tree is _DOUBT else tree


def read_explaining(text: bytes) -> Tree:
    """As `read_json` without the quick way. This function says what is right, and why something is wrong."""
    try:
        tree: Tree = _decoder.decode(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadJsonError(f"it is not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")
        raise BadJsonError(f"{what} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise BadJsonError(f"arrays and objects nest deeper than {DEPTH_MAX}") from error
    _check(tree, has_escapes=b"\\u" in text)
    return tree


def canonical_json(tree: Tree) -> bytes:
    """The same bytes for the same value (CONTRACT.md D90).

    The order of names, the white space and the written form of a number make no difference: 1.5, 1.50 and 15e-1 give
    the same bytes, and so do 2 and 2.0. The number 1, the text "1" and true are three values.
    """
    return _encoder.encode(_plain(tree))


def canonical_as_written(tree: Tree) -> bytes:
    """What `canonical_json` gave before D90: a number keeps its written form. The log holds digests of these bytes."""
    return _encoder.encode(tree)


def holds_nul(tree: Tree) -> bool:
    """Whether a name or a text in the tree has the character NUL, which PostgreSQL cannot store."""
    if isinstance(tree, str):
        return "\0" in tree
    names = any("\0" in name for name in tree) if isinstance(tree, dict) else False
    return names or any(holds_nul(child) for child in _children(tree))


def _quick(text: bytes) -> Any:
    """What msgspec reads, or _DOUBT. A name that is given twice is lost, so that more colons than names are left."""
    if _LONG_NUMBER in text.translate(_DIGITS_AS_0):
        return _DOUBT
    try:
        tree = _quick_decoder.decode(text)
    except (ValueError, ArithmeticError, RecursionError):
        return _DOUBT
    return tree if _names_in(tree) == text.count(b":") else _DOUBT


def _names_in(tree: Tree) -> int:
    """How many names the objects in the tree have; -1 if it is deeper than DEPTH_MAX."""
    names, level = 0, [tree]
    for _ in range(DEPTH_MAX):
        below: list[Tree] = []
        for each in level:
            if isinstance(each, dict):
                names += len(each)
                below += [child for child in each.values() if type(child) in _NESTED]
            elif isinstance(each, list):
                below += [child for child in each if type(child) in _NESTED]
        if not below:
            return names
        level = below
    return -1


def _check_size(text: bytes) -> None:
    """Count the values before any is made. Outside strings, each value but the first follows a comma, `[` or `{`."""
    if len(text) <= VALUES_MAX or _values_at_most(text) <= VALUES_MAX:
        return
    # The parser stops at a backslash outside a string, so a wrong count of the text after it does no harm.
    outside = text.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2]
    if _values_at_most(b"".join(outside)) > VALUES_MAX:
        raise BadJsonError(f"it holds more than {VALUES_MAX} values")


def _values_at_most(text: bytes) -> int:
    return 1 + sum(text.count(each) for each in (b",", b"[", b"{"))


def _check(tree: Tree, *, has_escapes: bool) -> None:
    """Refuse deep nesting, without recursion, and half surrogate pairs, which only an escape can write."""
    level: list[Tree] = [tree]
    for _ in range(DEPTH_MAX + 1):
        if has_escapes:
            for value in level:
                _check_characters(value)
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise BadJsonError(f"arrays and objects nest deeper than {DEPTH_MAX}")


def _children(value: Tree) -> Iterable[Tree]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _check_characters(value: Tree) -> None:
    texts = value.keys() if isinstance(value, dict) else (value,) if isinstance(value, str) else ()
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise BadJsonError("a string holds half of a surrogate pair") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJsonError(f"the name {_first_repeated(pairs)[:50]!r} is given twice in one object")
    return found


def _first_repeated(pairs: list[tuple[str, Any]]) -> str:
    seen = set[str]()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    raise AssertionError("fewer names than pairs")


def _plain(tree: Tree) -> Tree:
    """The same value, each number in the one form that its value has: an int if it is whole and short."""
    match tree:
        case Decimal():
            return _plain_number(tree)
        case int() if abs(tree) >= 10**_INT_DIGITS_MAX:
            return _plain_number(Decimal(tree))
        case dict():
            return {name: _plain(child) for name, child in tree.items()}
        case list():
            return [_plain(child) for child in tree]
        case _:
            return tree


def _plain_number(number: Decimal) -> int | Decimal:
    """The digits without zeros at their end. Decimal.normalize would round; int of 1e999999 would fill the memory."""
    if not number:
        return 0
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int), "JSON has no infinities"
    text = "".join(map(str, digits))
    bare = text.rstrip("0")
    exponent += len(text) - len(bare)
    if exponent >= 0 and number.adjusted() < _INT_DIGITS_MAX:
        return int(f"{'-' if sign else ''}{bare}{'0' * exponent}")
    return Decimal(f"{'-' if sign else ''}{bare}E{exponent}")


def _integer(text: str) -> int | Decimal:
    """A long integer becomes a Decimal, which is read in linear time; no field of the API accepts one that long."""
    return int(text) if len(text) <= _INT_DIGITS_MAX else _decimal(text)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise BadJsonError("a number is too large") from error


def _constant(text: str) -> None:
    raise BadJsonError(f"{text} is not JSON")


_decoder: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_decimal, parse_int=_integer, parse_constant=_constant
)
_quick_decoder: Final = msgspec.json.Decoder(float_hook=Decimal)
_encoder: Final = msgspec.json.Encoder(order="sorted", decimal_format="number")
