"""Bodies that are nearly right, as texts: for comparing two ways to read them."""

import json
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any, Final

from msgspec import Struct
from msgspec import inspect as shape

from schemas.api import bodies

KINDS: Final[Sequence[type[Struct]]] = [
    each for each in vars(bodies).values() if isinstance(each, type) and issubclass(each, Struct) and each is not Struct
]

_NUMBERS: Final = (
    *("0", "-0", "1", "2", "3", "5", "9", "10", "19", "21", "50", "51", "1000", "2147483647", "2147483648"),
    *("99999999", "100000000", "9007199254740993", "99999999999999999", "999999999999999999", "1000000000000000000"),
    *("9223372036854775807", "9223372036854775808", "18446744073709551616", "1" * 40, "-1", "-1000000000000"),
    *(
        "1000000000000",
        "1000000000001",
        "1.0",
        "19.0",
        "1.5",
        "1.50",
        "0.1",
        "0.000001",
        "1e2",
        "1E+2",
        "1e-2",
        "1e400",
    ),
    *("-1e400", "1e-400", "10.00", "0.0", "-0.0", "1" + "." + "3" * 28, "0." + "0" * 29 + "1", "0." + "0" * 30 + "1"),
    *("123456789012.34567890123456789", "1e99999999999999999999", "1e999999", "4.9406564584124654e-324"),
)
_WRONG_NUMBERS: Final = (
    "01",
    "1.",
    ".5",
    "-",
    "+1",
    "1e",
    "1e+",
    "NaN",
    "Infinity",
    "-Infinity",
    "0x10",
    "1_000",
    "--1",
)
_TEXTS: Final = (
    *(
        "",
        " ",
        "a",
        " a ",
        "A",
        "FACT",
        "FACT-{number}",
        "{year}/{number}",
        "{number}{number}",
        "{month}{number}",
        "x" * 255,
    ),
    *(
        "x" * 256,
        "x" * 64,
        "x" * 65,
        "b2b",
        "b2c",
        "fiscal",
        "proforma",
        "receipt",
        "RON",
        "EUR",
        "eur",
        "ABC",
        "JPY",
        "XAU",
    ),
    *(
        "2026-02-28",
        "2026-02-30",
        "2026-2-8",
        "20260228",
        "2026-W09-6",
        "2026-02-28T00:00:00",
        "0001-01-01",
        "٢٠٢٦-02-28",
    ),
    *(
        "12:30",
        "http://a:b",
        "ion@exemplu.ro",
        "nimic",
        "a\0b",
        "\0",
        "a\nb",
        "a\tb",
        "\x7f",
        "\x85",
        "\u2028",
        "\u202e",
    ),
    *(
        "Ștefan",
        "Țară",
        "日本",
        "😀",
        "\u200b",
        "\u00a0",
        "\u2800",
        "\u3164",
        "\ue000",
        "rsv_" + "0" * 32,
        "rsv_" + "G" * 32,
    ),
    *('"', "\\", "/", "{", "}", "[", "]", ",", ":", "1" * 17, "RO49AAAA1B31007593840000"),
)
_STRUCTURES: Final = (
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    "\\u0000",
    "\\ud83d",
    "\\ude00",
    "\\u00e9",
    " ",
    "\n",
    "\t",
)


def odd_body(chance: Random) -> tuple[type[Struct], bytes]:
    """A kind of body, and a text that may be one."""
    kind = chance.choice(KINDS)
    text = _written(chance, _value(chance, shape.type_info(kind), 0))
    if chance.random() < 0.25:
        text = _spoilt(chance, text)
    encoded = text.encode("utf-8", "surrogatepass")
    if chance.random() < 0.05:
        at = chance.randrange(len(encoded) + 1)
        encoded = encoded[:at] + bytes([chance.randrange(256)]) + encoded[at + 1 :]
    return kind, encoded


@cache
def _names() -> Sequence[str]:
    return sorted({name for kind in KINDS for name in kind.__struct_encode_fields__} | {"unknown", "id", "status"})


class _Object(list[tuple[str, Any]]):
    """The pairs of an object: an object as text may have a name twice."""

    __slots__ = ()


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def _value(chance: Random, kind: shape.Type, depth: int) -> Any:
    """A value that often is of this type."""
    if chance.random() < 0.08 or depth > 6:
        return _anything(chance, depth)
    match kind:
        case shape.Metadata():
            return _value(chance, kind.type, depth)
        case shape.UnionType():
            return None if chance.random() < 0.1 else _value(chance, kind.types[0], depth)
        case shape.StructType():
            return _object(chance, kind, depth)
        case shape.ListType():
            return [_value(chance, kind.item_type, depth + 1) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
        case shape.BoolType():
            return chance.choice((True, False, _Number("0"), _Number("1")))
        case shape.IntType():
            return _Number(chance.choice(_NUMBERS if chance.random() < 0.2 else _NUMBERS[:15]))
        case shape.DecimalType():
            return _Number(chance.choice(_NUMBERS))
        case shape.LiteralType():
            choice = chance.choice(kind.values)
            return choice if isinstance(choice, str) else _Number(choice)
        case shape.EnumType():
            return str(chance.choice(list(kind.cls)).value)
        case shape.DateType():
            return "2026-02-28" if chance.random() < 0.7 else chance.choice(_TEXTS)
        case shape.StrType():
            return chance.choice(("Hârtie A4", "FACT", "RON", "x", "{year}-{number}", chance.choice(_TEXTS)))
        case _:
            return _anything(chance, depth)


def _object(chance: Random, kind: shape.StructType, depth: int) -> _Object:
    share = chance.choice((0.1, 0.3, 0.9))
    pairs = _Object(
        (field.encode_name, _value(chance, field.type, depth + 1))
        for field in kind.fields
        if field.required or chance.random() < share
    )
    if chance.random() < 0.1:
        pairs.append((chance.choice(_names()), _anything(chance, depth)))
    if chance.random() < 0.05 and pairs:
        pairs.append(chance.choice(pairs))
    if chance.random() < 0.05 and pairs:
        pairs.pop(chance.randrange(len(pairs)))
    chance.shuffle(pairs)
    return pairs


def _anything(chance: Random, depth: int) -> Any:
    kind = chance.randrange(8 if depth < 6 else 6)
    if kind == 6:
        return [_anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 7:
        return _Object((chance.choice(_names()), _anything(chance, depth + 1)) for _ in range(chance.randrange(4)))
    return (None, True, False, _Number(chance.choice(_NUMBERS)), chance.choice(_TEXTS), _deep(chance))[kind]


def _deep(chance: Random) -> Any:
    """Arrays in arrays, to where the limit is, or beyond."""
    value: Any = chance.choice((None, [], "x"))
    for _ in range(chance.choice((0, 1, 5, 25, 31, 32, 33, 40))):
        value = [value] if chance.random() < 0.5 else _Object([("n", value)])
    return value


def _written(chance: Random, value: Any) -> str:
    match value:
        case _Number():
            return chance.choice(_WRONG_NUMBERS) if chance.random() < 0.01 else str(value)
        case _Object():
            pairs = [f"{_string(chance, name)}{_space(chance)}:{_written(chance, each)}" for name, each in value]
            return "{" + _space(chance) + ("," + _space(chance)).join(pairs) + "}"
        case [*values]:
            return _written_array(chance, values)
        case str():
            return _string(chance, value)
        case _:
            return json.dumps(value)


def _written_array(chance: Random, values: list[Any]) -> str:
    return "[" + ",".join(_written(chance, each) for each in values) + _space(chance) + "]"


def _string(chance: Random, text: str) -> str:
    return json.dumps(text, ensure_ascii=chance.random() < 0.4)


def _space(chance: Random) -> str:
    return chance.choice(("", "", "", " ", "\n", "\t", "\r\n", "  ")) if chance.random() < 0.5 else ""


def _spoilt(chance: Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    match chance.randrange(4):
        case 0:
            return text[:at]
        case 1:
            return text[:at] + text[at + 1 :]
        case 2:
            return text[:at] + chance.choice(_STRUCTURES) + text[at:]
        case _:
            return text[:at] + chance.choice((*_NUMBERS, *_WRONG_NUMBERS)) + text[at:]
