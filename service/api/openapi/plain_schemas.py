"""Schemas as every generator of code can read them: JSON Schema has more words than most generators know."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from schemas.describe.json_schema import Schema

_CITATION: Final = re.compile(r" \((?:CONTRACT|DESIGN)\.md[^)]*\)")
"""Where a rule comes from, which is of use only beside the source."""

_TYPES: Final[Mapping[type, str]] = {str: "string", bool: "boolean", int: "integer"}
_FORMATS: Final[Mapping[str, str]] = {"integer": "int64", "number": "double"}
"""Without a format some generators take 32 bits, in which neither the largest number nor an amount is exact."""


def plain_components(components: Mapping[str, Schema]) -> dict[str, Schema]:
    """Each of these components as `plain` makes it."""
    return {name: plain(schema) for name, schema in components.items()}


def plain(node: Any) -> Any:
    """The schema with a type for every choice, a width for every number, and no title or null default."""
    if isinstance(node, list):
        return [plain(each) for each in node]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(node, dict):
        return node
    given: Schema = node  # pyright: ignore[reportUnknownVariableType] - JSON
    # The names of fields are no keywords, so a field may be called `type`.
    found: Schema = {
        key: plain_components(value) if key == "properties" else plain(value) for key, value in given.items()
    }
    found.pop("title", None)
    if "description" in found:
        found["description"] = _CITATION.sub("", found["description"])
    if found.get("default", "") is None:
        del found["default"]
    _type_choices(found)
    kind = found.get("type", "")
    if kind in _FORMATS:
        found["format"] = _FORMATS[kind]
    if kind == "object" and "properties" not in found and "additionalProperties" not in found:
        found["additionalProperties"] = True  # else some generators read "no member is allowed"
    return found


def _type_choices(found: Schema) -> None:
    """Give a choice the type of its values. A choice of booleans is any boolean: no generator knows less than both."""
    choices = found.get("enum")
    if isinstance(choices, list) and choices:
        found["type"] = _TYPES[type(choices[0])]  # pyright: ignore[reportUnknownArgumentType] - JSON
        if found["type"] == "boolean":
            del found["enum"]


def defaults_in_words(components: Mapping[str, Schema]) -> None:
    """Say the defaults of fields in their descriptions only.

    A field with the keyword `default` is one that TypeScript's generator makes every caller send.
    """
    for schema in components.values():
        for field in schema.get("properties", {}).values():
            if "default" in field:
                value = field.pop("default")
                text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
                field["description"] = f"{field['description']} Default: `{text}`."


def used_components(paths: Schema, components: Mapping[str, Schema]) -> dict[str, Schema]:
    """The components that these paths need, in the order of their names."""
    found: set[str] = set()
    waiting = _references(paths)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= _references(components[name])
    return {name: components[name] for name in sorted(found)}


def _references(node: Any) -> set[str]:
    text = msgspec.json.encode(node).decode()
    return set(re.findall(r'"#/components/schemas/([^"]+)"', text))
