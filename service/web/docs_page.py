"""The OpenAPI document as one page of HTML without scripts or anything from elsewhere, so it is readable offline."""

from collections.abc import Iterator, Mapping
from html import escape
from string import Template
from typing import Any, Final

from schemas.json_schema import Schema

_PAGE: Final = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>$title</title>
<meta name="viewport" content="width=device-width">
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h2{border-top:1px solid #ccc;padding-top:1rem}code{background:#f3f3f3;padding:.1rem .3rem}
table{border-collapse:collapse;width:100%}
td,th{border:1px solid #ddd;padding:.3rem .5rem;text-align:left;vertical-align:top}
</style></head><body>
<h1>$title</h1><p>$about The machine-readable document is <a href="/openapi.json">/openapi.json</a>.</p>
<ul>$index</ul>
$operations
<h2 id="objects">Objects</h2>
$objects
</body></html>
""")


def docs_page(document: Mapping[str, Any]) -> str:
    """The page of this document."""
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    index = (f'<li><a href="#{o["operationId"]}">{m} {escape(p)}</a>: {escape(o["summary"])}' for m, p, o in operations)
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    return _PAGE.substitute(
        title=escape(document["info"]["title"]),
        about=escape(document["info"]["description"]),
        index="\n".join(index),
        operations="\n".join(_operation(method, path, operation) for method, path, operation in operations),
        objects="\n".join(_object(name, schema) for name, schema in schemas.items()),
    )


def _operation(method: str, path: str, operation: Schema) -> str:
    parts = [f'<h2 id="{operation["operationId"]}"><code>{method} {escape(path)}</code></h2>']
    parts.append(f"<p>{escape(operation['summary'])}.</p>")
    if operation.get("parameters"):
        rows = ([each["name"], each["in"], _kind(each["schema"])] for each in operation["parameters"])
        parts.append(_table(("parameter", "in", "value"), rows))
    if body := operation.get("requestBody"):
        parts.append(f"<p>Body: {_kind(body['content']['application/json']['schema'])}</p>")
    parts.append(_table(("status", "code", "what it says"), _responses(operation["responses"])))
    return "\n".join(parts)


def _responses(responses: Mapping[str, Schema]) -> Iterator[list[str]]:
    for status, response in responses.items():
        content = response["content"].get("application/json")
        if content is None:
            yield [status, "", "text"]
        elif "examples" not in content:
            yield [status, "", _kind(content["schema"])]
        else:
            for code, example in content["examples"].items():
                yield [status, f"<code>{code}</code>", escape(example["value"]["error"]["message"])]


def _object(name: str, schema: Schema) -> str:
    required = set(schema.get("required", []))
    head = f'<h3 id="{name}">{name}</h3><p>{escape(schema.get("description", ""))}</p>'
    if "properties" not in schema:
        return f"{head}<p>{_kind(schema)}</p>"
    rows = (
        [f"<code>{escape(field)}</code>", "yes" if field in required else "", _kind(each)]
        for field, each in schema["properties"].items()
    )
    return head + _table(("field", "required", "value"), rows)


def _table(heads: tuple[str, ...], rows: Iterator[list[str]]) -> str:
    head = "".join(f"<th>{each}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _kind(schema: Schema) -> str:
    """What a value may be, in a few words."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    if schema.get("type") == "array" and schema.get("items"):
        return f"array of {_kind(schema['items'])}"
    facts = [f"{words} {schema[key]}" for key, words in _BOUNDS if key in schema]
    return escape(", ".join([str(schema.get("type", "anything")), *facts]))


_BOUNDS: Final = (
    ("format", "as"),
    ("minimum", "from"),
    ("maximum", "to"),
    ("minLength", "at least"),
    ("maxLength", "at most"),
    ("maxItems", "at most"),
    ("default", "default"),
)
