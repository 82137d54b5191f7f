"""Query parameters read by the same rules as the fields of a body."""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from msgspec import Struct
from msgspec import inspect as shape

from service.web.errors import bad_fields
from service.web.fields import read_fields, shape_of
from service.web.json_text import Tree

Query = TypeVar("Query", bound=Struct)

_WHOLE: Final = re.compile(r"-?\d{1,20}", re.ASCII)


def read_query(given: Mapping[str, str], kind: type[Query]) -> Query:
    """The parameters; those we do not know are ignored. Raises RefusedError with all that is wrong."""
    tree: dict[str, Tree] = {}
    for field in shape_of(kind).fields:
        text = given.get(field.encode_name)
        if text is not None:
            is_number = _is_whole(field.type) and _WHOLE.fullmatch(text) is not None
            tree[field.encode_name] = int(text) if is_number else text
    found = read_fields(kind, tree)
    if isinstance(found, list):
        raise bad_fields(found)
    return found


def _is_whole(kind: shape.Type) -> bool:
    match kind:
        case shape.Metadata():
            return _is_whole(kind.type)
        case shape.UnionType():
            return _is_whole(kind.types[0])
        case _:
            return isinstance(kind, shape.IntType)
