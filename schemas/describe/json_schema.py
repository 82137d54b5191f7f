"""JSON Schemas, made from the structs that the service reads and writes, as they are on the wire."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct

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
    found = {_short(name): _wire(schema, is_reply=is_reply) for name, schema in components.items()}
    return [_wire(reference, is_reply=is_reply) for reference in references], found


def _short(name: str) -> str:
    """The short name of a struct: `Success_ListOf_InvoiceSeries` for a generic one."""
    return re.sub(r"\W+|__+", "_", re.sub(r"([a-z]+\.)+", "", name)).strip("_")


def _wire(node: Any, *, is_reply: bool) -> Any:
    """The schema as it is on the wire: decimals are JSON numbers, flags may be 0 and 1, names are short."""
    if isinstance(node, list):
        return [_wire(each, is_reply=is_reply) for each in node]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(node, dict):
        return node
    found: Schema = {key: _wire(value, is_reply=is_reply) for key, value in node.items()}  # pyright: ignore[reportUnknownVariableType] - JSON
    if "$ref" in found:
        found["$ref"] = _PATH + _short(str(found["$ref"]).removeprefix(_PATH).replace("~1", "/"))
    if found.get("format") == "decimal":
        del found["format"]
        found["type"] = "number"
    if found.pop("x-flag", False):
        del found["type"]
        found["enum"] = [0, 1, False, True]
    if is_reply and found.get("type") == "object" and "properties" in found:
        _require_defaulted(found)
    return found


def _require_defaulted(found: Schema) -> None:
    properties: dict[str, Schema] = found["properties"]
    required = [name for name, each in properties.items() if "default" in each or name in found["required"]]
    found["properties"] = {
        name: {key: value for key, value in each.items() if key != "default"} for name, each in properties.items()
    }
    found["required"] = required
