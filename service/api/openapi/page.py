"""The OpenAPI document as one HTML page. It has no scripts and loads nothing, so it can be read offline."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_BOUNDS: Final = (
    ("format", "as"),
    ("minimum", "from"),
    ("maximum", "to"),
    ("minLength", "length from"),
    ("maxLength", "length to"),
    ("minItems", "entries from"),
    ("maxItems", "entries to"),
    ("default", "default"),
)
"""Keywords of JSON Schema that bound a value, each with its words on the page."""

_WIDTHS: Final = frozenset({"int64", "double"})
"""Formats that say nothing to people."""

_Operation = tuple[str, str, Mapping[str, Any]]


def docs_page(document: Mapping[str, Any]) -> str:
    """The page for this document."""
    operations: list[_Operation] = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas: Mapping[str, Any] = document["components"]["schemas"]
    # A server makes the page once and most commands never make it, so the template is not kept.
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("page.html").render(
        info=document["info"],
        operations_by_tag={tag["name"]: _of_tag(operations, tag["name"]) for tag in document["tags"]},
        objects={name: schema for name, schema in schemas.items() if not name.startswith("Success_")},
        bounds=_BOUNDS,
        widths=_WIDTHS,
        indented=_indented,
        literal=_literal,
    )


def _of_tag(operations: list[_Operation], tag: str) -> list[_Operation]:
    return [each for each in operations if tag in each[2]["tags"]]


def _indented(value: object) -> str:
    """JSON on lines of its own. Jinja's filter `tojson` would write é and < as escapes."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _literal(value: object) -> str:
    """A value as JSON writes it (true, not True), but text without quotes."""
    return value if isinstance(value, str) else json.dumps(value)
