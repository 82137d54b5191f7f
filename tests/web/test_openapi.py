"""The document is made of what the server does. Every other test of the API holds its replies against it."""

import json
import re
from typing import Any

import aiohttp
from jsonschema import Draft202012Validator

from service.web.application import ROUTES
from service.web.errors import TABLE
from service.web.health import OPEN_ROUTES
from service.web.openapi import openapi_document
from tests.support.client import AN_INVOICE, Api


async def document_of(api: Api) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"{api.base_url}/openapi.json") as response:
        assert response.status == 200
        found: dict[str, Any] = await response.json()
        return found


async def test_the_document_is_served_and_names_every_route(api: Api) -> None:
    document = await document_of(api)

    assert document["openapi"] == "3.1.0"
    served = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    assert served == {(route.path, route.method) for route in ROUTES} | {(route.path, "GET") for route in OPEN_ROUTES}


def test_its_schemas_are_schemas_and_every_reference_leads_somewhere() -> None:
    document = openapi_document(ROUTES, OPEN_ROUTES)
    schemas = document["components"]["schemas"]

    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert {name.removeprefix("#/components/schemas/") for name in references(document)} <= set(schemas)


def references(document: object) -> set[str]:
    return set(re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(document)))


def test_operations_have_names_of_their_own_and_a_summary() -> None:
    operations = [
        each for methods in openapi_document(ROUTES, OPEN_ROUTES)["paths"].values() for each in methods.values()
    ]

    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all(operation["summary"] for operation in operations)


def test_every_refusal_of_a_route_is_in_the_table() -> None:
    assert {cause for route in ROUTES for cause in route.refusals} <= set(TABLE)


def test_a_right_body_is_right_by_the_document_and_a_wrong_one_is_not() -> None:
    components = openapi_document(ROUTES, OPEN_ROUTES)["components"]
    validator = Draft202012Validator({"$ref": "#/components/schemas/CreateInvoiceBody", "components": components})

    def errors(**more: Any) -> int:
        return len(list(validator.iter_errors({**AN_INVOICE, **more})))  # pyright: ignore[reportUnknownMemberType] - stubs

    assert errors(is_draft=0, send_email=True) == 0
    assert errors(is_draft=2, force_chronology=1, document_type="x", items=[]) == 4
    assert errors(items=[{"quantity": 0, "price": 1}]) == 1


async def test_the_page_for_people_needs_nothing_from_elsewhere(api: Api) -> None:
    async with api.session.get(f"{api.base_url}/docs") as response:
        page = await response.text()

    assert (response.status, response.content_type) == (200, "text/html")
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors
    for route in ROUTES:
        assert f"{route.method} {route.path}" in page
    for code in ("series_locked_other_device", "chronology_violation", "idempotency_key_reused"):
        assert code in page
