"""The HTML page for people, made from the OpenAPI document."""

from typing import Any

from service.api.catalogue import ROUTES
from service.api.openapi.document import openapi_document
from service.api.openapi.page import docs_page
from service.web.health import OPEN_ROUTES


def a_document() -> dict[str, Any]:
    return openapi_document(ROUTES, OPEN_ROUTES)


def test_text_of_the_document_is_never_markup() -> None:
    document = a_document()
    document["info"]["title"] = 'A <script>"title"</script>'
    document["paths"]["/v1/invoice-series"]["get"]["summary"] = '"><i>a summary</i>'
    document["components"]["schemas"]["Lock"]["description"] = "`<i>` and <b>prose</b>"

    page = docs_page(document)

    assert "<script" not in page
    assert "<i>" not in page
    assert "<code>&lt;i&gt;</code> and &lt;b&gt;prose&lt;/b&gt;" in page


def test_values_are_written_as_json_writes_them() -> None:
    page = docs_page(a_document())

    assert "Default: <code>true</code>." in page
    assert "Default: <code>RON</code>." in page
    assert "integer, from 1, to 100, default 50" in page
    assert "True" not in page


def test_every_object_and_operation_is_on_the_page_once() -> None:
    document = a_document()
    page = docs_page(document)

    operations = {operation["operationId"] for methods in document["paths"].values() for operation in methods.values()}
    objects = {name for name in document["components"]["schemas"] if not name.startswith("Success_")}
    assert [name for name in operations | objects if page.count(f'<section id="{name}">') != 1] == []
