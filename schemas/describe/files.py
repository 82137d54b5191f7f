"""Every event and message as a JSON Schema file: `python -m schemas.describe.files` writes `schemas/json/`.

A test checks that the files fit the structs. The `$id` of an event's schema is the `ce-dataschema` of its messages.
"""

import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from schemas.api.envelope import Failure, Success
from schemas.api.operations import OPERATIONS
from schemas.describe.json_schema import Schema, body_schemas, reply_schemas
from schemas.events import Event
from schemas.record import Record, schema_id

FOLDER: Final = Path(__file__).parents[1] / "json"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_COMPONENTS: Final = "#/components/schemas/"
_DEFINITIONS: Final = "#/$defs/"


def schema_files() -> dict[str, bytes]:
    """Every file by its path under `schemas/json/`."""
    schemas = event_schemas() | _request_schemas() | _reply_schemas()
    return {path: _text(schema) for path, schema in schemas.items()}


def event_tags() -> Mapping[str, type]:
    """Every event type by its tag."""
    return {str(kind.__struct_config__.tag): kind for kind in typing.get_args(Event)}


def event_schemas() -> dict[str, Schema]:
    """The schema of the message of each event: the record with this event in it."""
    _, components = body_schemas([Record])
    found: dict[str, Schema] = {}
    for tag, kind in event_tags().items():
        record: Schema = dict(components["Record"])
        properties = record["properties"] | {"event": {"$ref": _COMPONENTS + kind.__name__}}
        about = {"title": tag, "description": kind.__doc__ or ""}
        found[f"events/{tag.replace('/', '-')}.json"] = _standing_alone(
            schema_id(tag), record | {"properties": properties} | about, components
        )
    return found


def _request_schemas() -> dict[str, Schema]:
    references, components = body_schemas([each.body for each in OPERATIONS])
    return {
        f"requests/{each.name}.json": _standing_alone(
            f"urn:numbering:requests:{each.name}", _resolved(reference, components), components
        )
        for each, reference in zip(OPERATIONS, references, strict=True)
    }


def _reply_schemas() -> dict[str, Schema]:
    envelopes: Any = Success
    names = [*(each.name for each in OPERATIONS), "failure"]
    references, components = reply_schemas([*(envelopes[each.reply] for each in OPERATIONS), Failure])
    return {
        f"replies/{name}.json": _standing_alone(
            f"urn:numbering:replies:{name}", _resolved(reference, components), components
        )
        for name, reference in zip(names, references, strict=True)
    }


def _resolved(reference: Schema, components: Mapping[str, Schema]) -> Schema:
    return components[str(reference["$ref"]).removeprefix(_COMPONENTS)]


def _standing_alone(identity: str, schema: Schema, components: Mapping[str, Schema]) -> Schema:
    """The schema with all that it refers to, so that one file is enough."""
    needed: dict[str, Schema] = {}
    _collect(schema, components, needed)
    found: Schema = {"$schema": DIALECT, "$id": identity} | _moved(schema)
    return found | ({"$defs": {name: _moved(needed[name]) for name in sorted(needed)}} if needed else {})


def _collect(node: object, components: Mapping[str, Schema], needed: dict[str, Schema]) -> None:
    for name in references_in(node):
        if name not in needed:
            needed[name] = components[name]
            _collect(components[name], components, needed)


def references_in(node: Any) -> list[str]:
    """The names of the components that this schema refers to."""
    if isinstance(node, list):
        return [name for each in node for name in references_in(each)]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(node, dict):
        return []
    own = [str(node["$ref"]).removeprefix(_COMPONENTS)] if "$ref" in node else []  # pyright: ignore[reportUnknownArgumentType] - JSON
    return own + [name for each in node.values() for name in references_in(each)]  # pyright: ignore[reportUnknownVariableType] - JSON


def _moved(node: Any) -> Any:
    """The schema, with its references pointing into the same file."""
    if isinstance(node, list):
        return [_moved(each) for each in node]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(node, dict):
        return node
    found: Schema = {key: _moved(value) for key, value in node.items()}  # pyright: ignore[reportUnknownVariableType] - JSON
    if "$ref" in found:
        found["$ref"] = _DEFINITIONS + str(found["$ref"]).removeprefix(_COMPONENTS)
    if "discriminator" in found:
        del found["discriminator"]  # only OpenAPI knows this word
    return found


def _text(schema: Schema) -> bytes:
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def main() -> None:
    """Write every file, and delete files that are no longer generated."""
    files = schema_files()
    for old in FOLDER.rglob("*.json"):
        if str(old.relative_to(FOLDER)) not in files:
            old.unlink()
    for path, text in files.items():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_bytes(text)


if __name__ == "__main__":
    main()
