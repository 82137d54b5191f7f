"""Reads query parameters by the same rules as the fields of a body."""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from msgspec import Struct
from msgspec import inspect as shape

from service.api.reading.fields import read_fields, shape_of
from service.api.reading.json_text import Tree
from service.api.refusals.table import bad_fields

Query = TypeVar("Query", bound=Struct)

_SWITCHES: Final[Mapping[str, int | bool]] = {"0": 0, "1": 1, "false": False, "true": True}
_WHOLE: Final = re.compile(r"-?\d{1,20}", re.ASCII)


def read_query(given: Mapping[str, str], kind: type[Query]) -> Query:
    """The query parameters; unknown ones are ignored. Raises RefusedError with every wrong parameter."""
    tree: dict[str, Tree] = {}
    for field in shape_of(kind).fields:
        text = given.get(field.encode_name)
        if text is not None:
            tree[field.encode_name] = _tree(_bare(field.type), text)
    found = read_fields(kind, tree)
    if isinstance(found, list):
        raise bad_fields(found)
    return found


def _tree(kind: shape.Type, text: str) -> Tree:
    """The text as the JSON value that a body would have; the text itself if it cannot be one."""
    match kind:
        case shape.IntType() if _WHOLE.fullmatch(text) is not None:
            return int(text)
        case shape.BoolType():
            return _SWITCHES.get(text.lower(), text)
        case _:
            return text


def _bare(kind: shape.Type) -> shape.Type:
    match kind:
        case shape.Metadata():
            return _bare(kind.type)
        case shape.UnionType():
            return _bare(kind.types[0])
        case _:
            return kind
