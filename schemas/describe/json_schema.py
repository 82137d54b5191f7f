"""JSON Schemas, made from the structs that the service reads and writes, as they are on the wire."""

import inspect
import re
from collections.abc import Iterable
from typing import Any, Final, get_origin

import msgspec
from msgspec import Struct
from msgspec import inspect as shape

from schemas.describe.field_words import field_words

Schema = dict[str, Any]

_PATH: Final = "#/components/schemas/"


def body_schemas(kinds: Iterable[type[Struct]]) -> tuple[list[Schema], dict[str, Schema]]:
    """A reference for each of these bodies or queries, and the components they need."""
    return _schemas(list(kinds), is_reply=False)


def reply_schemas(kinds: Iterable[Any]) -> tuple[list[Schema], dict[str, Schema]]:
    """The same for replies, where every field is present, also a field with a default."""
    return _schemas(list(kinds), is_reply=True)


def _schemas(kinds: list[Any], *, is_reply: bool) -> tuple[list[Schema], dict[str, Schema]]:
    references, components = msgspec.json.schema_components(kinds, ref_template=_PATH + "{name}")
    _describe_fields(components, structs_in(shape.multi_type_info(kinds)))
    found = {_short(name): _wire(schema, is_reply=is_reply) for name, schema in components.items()}
    return [_wire(reference, is_reply=is_reply) for reference in references], found


def structs_in(node: object) -> set[type[Struct]]:
    """Every struct that occurs in what `msgspec.inspect` says of types; a generic one without its parameters."""
    if isinstance(node, shape.StructType):
        return {get_origin(node.cls) or node.cls}.union(*(structs_in(field.type) for field in node.fields))
    if isinstance(node, shape.Type):
        return structs_in([getattr(node, name) for name in node.__struct_fields__])
    if isinstance(node, list | tuple):
        return set[type[Struct]]().union(*(structs_in(each) for each in node))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - untyped in msgspec
    return set()


def _describe_fields(components: dict[str, Schema], structs: set[type[Struct]]) -> None:
    """Give each component and property its words. In a name, that of a parameter follows that of a generic struct."""
    by_name = {struct.__name__: field_words(struct) for struct in structs}
    for name, schema in components.items():
        schema["description"] = inspect.cleandoc(schema.get("description", ""))
        words = by_name.get(_short(name).partition("_")[0], {})
        for field, about in schema.get("properties", {}).items():
            if field in words:
                about["description"] = words[field] + (_ALSO_0_AND_1 if "x-flag" in str(about) else "")
            elif field == "object":
                about["description"] = "The kind of this object."


_ALSO_0_AND_1: Final = " 0 and 1 are accepted too."


def _short(name: str) -> str:
    """`Success_ListOf_InvoiceSeries` for msgspec's name of a generic struct."""
    return re.sub(r"\W+|__+", "_", re.sub(r"([a-z]+\.)+", "", name)).strip("_")


def _wire(node: Any, *, is_reply: bool) -> Any:
    """The schema in the words of the wire: decimals are JSON numbers, names are short, every choice has its type."""
    if isinstance(node, list):
        return [_wire(each, is_reply=is_reply) for each in node]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(node, dict):
        return node
    found: Schema = {key: _wire(value, is_reply=is_reply) for key, value in node.items()}  # pyright: ignore[reportUnknownVariableType] - JSON
    found.pop("x-flag", None)
    if "$ref" in found:
        found["$ref"] = _PATH + _short(str(found["$ref"]).removeprefix(_PATH).replace("~1", "/"))
    if found.get("format") == "decimal":
        del found["format"]
        found["type"] = "number"
    if "prefixItems" in found:
        _as_array(found)
    if is_reply and found.get("type") == "object" and "properties" in found:
        _require_defaulted(found)
    return found


def _as_array(found: Schema) -> None:
    """An array of one type instead of a tuple, which most generators of code cannot read."""
    first, *others = found.pop("prefixItems")
    assert all(each == first for each in others), "the places of a tuple of ours have one type"
    found["items"] = first


def _require_defaulted(found: Schema) -> None:
    properties: dict[str, Schema] = found["properties"]
    required = [name for name, each in properties.items() if "default" in each or name in found["required"]]
    found["properties"] = {
        name: {key: value for key, value in each.items() if key != "default"} for name, each in properties.items()
    }
    found["required"] = required
