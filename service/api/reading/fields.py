"""Makes a struct of `schemas.api` from a JSON tree, and finds every wrong field, not only the first one.

The rules are the annotations of the struct. The OpenAPI document is made from the same annotations.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

from msgspec import Struct
from msgspec import inspect as shape

from service.api.reading.field_values import hints_of, read_value
from service.api.reading.json_text import Tree
from service.api.reading.quick_fields import DoubtError, quick_reader
from service.api.refusals.field_faults import FieldFault, invalid, missing

Body = TypeVar("Body", bound=Struct)


def read_fields(kind: type[Body], tree: Mapping[str, Tree]) -> Body | list[FieldFault]:
    """The body made from `tree`, or its faults in the order of the fields."""
    try:
        return cast("Body", quick_reader(kind)(tree))
    except DoubtError:
        return read_explaining(kind, tree)


def read_explaining(kind: type[Body], tree: Mapping[str, Tree]) -> Body | list[FieldFault]:
    """As `read_fields`, without the quick way. This function says what is right, and why something is wrong."""
    reader = _FieldReader()
    body = reader.struct(shape_of(kind), "", tree)
    return body if isinstance(body, kind) else reader.faults


@cache
def shape_of(kind: type[Struct]) -> shape.StructType:
    """The types of a struct's fields, as msgspec describes them."""
    found = shape.type_info(kind)
    assert isinstance(found, shape.StructType)
    return found


class _FieldReader:
    """One pass over one body; a wrong field is noted in `faults` and left out of the result."""

    def __init__(self) -> None:
        self.faults: list[FieldFault] = []

    def struct(self, kind: shape.StructType, path: str, tree: Mapping[str, Tree]) -> Struct | None:
        values: dict[str, Any] = {}
        for field in kind.fields:
            name = f"{path}.{field.encode_name}" if path else field.encode_name
            if field.encode_name in tree:
                values[field.name] = self.value(field.type, name, tree[field.encode_name])
            elif field.required:
                self.faults.append(missing(name))
        return None if self.faults else kind.cls(**values)

    def value(self, kind: shape.Type, path: str, given: Tree, hints: Mapping[str, Any] | None = None) -> Any:
        """The value of the field if it is right; otherwise a fault is noted."""
        match kind:
            case shape.Metadata():
                return self.value(kind.type, path, given, hints_of(kind))
            case shape.UnionType():
                return None if given is None else self.value(kind.types[0], path, given, hints)
            case shape.StructType():
                if isinstance(given, dict):
                    return self.struct(kind, path, given)
                self._refuse(path, "an object")
                return None
            case shape.ListType():
                return self._list(kind, path, given)
            case _:
                found = read_value(kind, path, given, hints or {})
                if isinstance(found, FieldFault):
                    self.faults.append(found)
                return found

    def _list(self, kind: shape.ListType, path: str, given: Tree) -> list[Any] | None:
        least, most = kind.min_length or 0, kind.max_length or 0
        if not isinstance(given, list) or not least <= len(given) <= most:
            self._refuse(path, f"an array of {least} to {most} entries")
            return None
        return [self.value(kind.item_type, f"{path}.{place}", entry) for place, entry in enumerate(given)]

    def _refuse(self, path: str, must_be: str) -> None:
        self.faults.append(invalid(path, must_be))
