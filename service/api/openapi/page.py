"""The OpenAPI document as one page of HTML without scripts or anything from elsewhere, so it is readable offline."""

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

from schemas.describe.json_schema import Schema

_PAGE: Final = Template(Path(__file__).with_suffix(".html").read_text("utf-8"))
_TAGS: Final = ("Series", "Reservations", "Invoices", "Accounting", "Aliases", "Service")


def docs_page(document: Mapping[str, Any]) -> str:
    """The page of this document. HEAD is left out: it is GET without the body."""
    operations = [
        (method.upper(), path, operation)
        for tag in _TAGS
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "head" and tag in operation["tags"]
    ]
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    shown = {name: schema for name, schema in schemas.items() if not name.startswith("Success_")}
    return _PAGE.substitute(
        title=escape(document["info"]["title"]),
        version=escape(document["info"]["version"]),
        about="".join(f"<p>{_prose(each)}</p>" for each in document["info"]["description"].strip().split("\n\n")),
        index="\n".join(_index(operations)),
        object_index="\n".join(f'<a href="#{name}">{name}</a>' for name in shown),
        operations="\n".join(_operation(method, path, operation) for method, path, operation in operations),
        objects="\n".join(_object(name, schema) for name, schema in shown.items()),
    )


def _index(operations: Iterable[tuple[str, str, Schema]]) -> Iterator[str]:
    tag = ""
    for method, path, operation in operations:
        if operation["tags"][0] != tag:
            tag = operation["tags"][0]
            yield f"<h3>{tag}</h3>"
        name = escape(path.removeprefix("/v1") or path)
        title = escape(operation["summary"])
        yield f'<a href="#{operation["operationId"]}" title="{title}"><b class="m {method}">{method}</b>{name}</a>'


def _operation(method: str, path: str, operation: Schema) -> str:
    title = f'<b class="m {method}">{method}</b><code>{escape(path)}</code>'
    parts = [f'<section id="{operation["operationId"]}"><h2>{title}</h2><p>{escape(operation["summary"])}.</p>']
    if operation.get("parameters"):
        rows = ([_code(each["name"]), each["in"], _parameter(each)] for each in operation["parameters"])
        parts.append(_table(("parameter", "in", "value"), rows))
    if body := operation.get("requestBody"):
        content = body["content"]["application/json"]
        parts.append(f"<h4>Request</h4><p>Body: {_kind(content['schema'])}</p>")
        parts += [_example(name, each["value"]) for name, each in content["examples"].items()]
    parts.append("<h4>Reply</h4>")
    parts += _successes(operation["responses"])
    parts.append("<h4>Refusals</h4>")
    parts.append(_table(("status", "code", "what it says"), _refusals(operation["responses"])))
    return "\n".join([*parts, "</section>"])


def _parameter(given: Schema) -> str:
    words = given.get("description") or given["schema"].get("description") or ""
    return _kind(given["schema"]) + (f": {_prose(words)}" if words else "")


def _successes(responses: Mapping[str, Schema]) -> Iterator[str]:
    for status, response in responses.items():
        if int(status) < 400:
            content = response["content"].get("application/json")
            if content is None:
                yield f"<p>{status}: text</p>"
            else:
                yield f"<p>{status}: {_kind(content['schema'])}</p>"
                yield f"<details><summary>example</summary>{_json(content['example'])}</details>"


def _refusals(responses: Mapping[str, Schema]) -> Iterator[list[str]]:
    for status, response in responses.items():
        for example in response["content"].get("application/json", {}).get("examples", {}).values():
            error = example["value"]["error"]
            yield [status, _code(error["code"]), escape(error["message"])]


def _object(name: str, schema: Schema) -> str:
    required = set(schema.get("required", []))
    head = f'<section id="{name}"><h2>{name}</h2><p>{_prose(schema.get("description", ""))}</p>'
    if not schema.get("properties"):
        return f"{head}<p>{_kind(schema)}</p></section>"
    rows = (
        [_code(field), "yes" if field in required else "", _kind(each)] for field, each in schema["properties"].items()
    )
    return f"{head}{_table(('field', 'required', 'value'), rows)}</section>"


def _example(name: str, value: object) -> str:
    return f"<details><summary>{escape(name)}</summary>{_json(value)}</details>"


def _json(value: object) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False), quote=False)}</pre>"


def _table(heads: tuple[str, ...], rows: Iterable[list[str]]) -> str:
    head = "".join(f"<th>{each}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _prose(text: str) -> str:
    """Escaped text in which what stands between backticks is code."""
    parts = escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def _kind(schema: Schema) -> str:
    """What a value may be, in a few words."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        if name.startswith("Success_"):
            name = name.removeprefix("Success_")
            inner = name.removeprefix("ListOf_").removeprefix("list_")
            return f'<a href="#{inner}">{name.replace("_", " ")}</a> in the envelope'
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(_code(str(each)) for each in schema["enum"])
    if schema.get("type") == "array" and schema.get("items"):
        return f"array of {_kind(schema['items'])}"
    facts = [f"{words} {schema[key]}" for key, words in _BOUNDS if key in schema]
    return escape(", ".join([str(schema.get("type", "anything")), *facts]))


_BOUNDS: Final = (
    ("const", "always"),
    ("format", "as"),
    ("minimum", "from"),
    ("maximum", "to"),
    ("minLength", "length from"),
    ("maxLength", "length to"),
    ("minItems", "entries from"),
    ("maxItems", "entries to"),
    ("default", "default"),
)
