"""Names that a body has and its call does not honour: each must have the value that it has anyway (CONTRACT.md D94).

A name that the contract knows for a resource is honoured or refused. A caller that reads an object, changes a field and
sends all of it back names many fields that cannot be changed; with their present values they are no demand.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import Struct

from service.api.reading.json_text import Tree
from service.api.refusals.field_faults import FieldFault
from service.api.refusals.table import bad_fields

Shown = Mapping[str, Any]
"""Names with values as in JSON: numbers are int or Decimal."""


def shown(resource: Struct) -> dict[str, Any]:
    """The fields of a resource as clients see them."""
    found: dict[str, Any] = msgspec.to_builtins(resource, builtin_types=(Decimal,))
    return found


def names_of(*kinds: type[Struct]) -> frozenset[str]:
    """The names of the fields of these structs in JSON."""
    return frozenset(name for kind in kinds for name in kind.__struct_encode_fields__)


def refuse_other_values(given: Mapping[str, Tree], *expected: Shown, why: str) -> None:
    """Raise RefusedError if a name of `expected` is given with a value that none of `expected` has under it."""
    faults = list(other_values(given, expected, why))
    if faults:
        raise bad_fields(faults)


def other_values(
    given: Mapping[str, Tree], expected: Sequence[Shown], why: str, path: str = ""
) -> Iterator[FieldFault]:
    """The names of `expected` that are given with a value that none of `expected` has under it."""
    for name, value in given.items():
        allowed = [each[name] for each in expected if name in each]
        if allowed and not any(is_same(value, one) for one in allowed):
            yield FieldFault(f"{path}.{name}" if path else name, "invalid_field_value", f"{name} {why}")


def name_conflicts(
    given: Mapping[str, Tree], names: Iterable[Sequence[str]], path: str = "", *, is_null_a_value: bool = False
) -> Iterator[FieldFault]:
    """The fields that are given under two of their names with different values. `names` are those of each field."""
    for first, *others in names:
        for other in others:
            if first not in given or other not in given:
                continue
            values = given[first], given[other]
            if (is_null_a_value or None not in values) and not is_same(*values):
                where = f"{path}.{other}" if path else other
                words = f"{other} and {first} are two names of one field; send one, or the same value in both."
                yield FieldFault(where, "invalid_field_value", words)


def is_same(given: Tree, value: object) -> bool:
    """Whether the two say the same. Of objects, the names that both have count; a flag may be written 0 or 1."""
    match value:
        case bool():
            return given is value or (not isinstance(given, bool) and isinstance(given, int) and given == int(value))
        case dict():
            members = cast("dict[str, object]", value)
            return isinstance(given, dict) and all(
                is_same(given[name], members[name]) for name in given if name in members
            )
        case list():
            return isinstance(given, list) and _is_same_list(given, cast("list[object]", value))
        case _:
            return not isinstance(given, bool) and given == value


def _is_same_list(given: list[Tree], values: list[object]) -> bool:
    return len(given) == len(values) and all(is_same(one, other) for one, other in zip(given, values, strict=True))
