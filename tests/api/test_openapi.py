"""The document is made from the routes of the server. Every other test of the API checks its replies against it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import aiohttp
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from service.api.catalogue import ROUTES
from service.api.openapi.document import openapi_document
from service.api.openapi.examples import REQUESTS
from service.api.reading.fields import read_fields
from service.api.reading.json_text import read_json
from service.api.refusals.table import TABLE
from service.web.health import OPEN_ROUTES
from tests.support.service.client import AN_INVOICE, Api


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


def test_it_is_a_document_of_openapi_3_1() -> None:
    validate(openapi_document(ROUTES, OPEN_ROUTES))


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every JSON body of a request or a response in the document, with its place."""
    for path, methods in openapi_document(ROUTES, OPEN_ROUTES)["paths"].items():
        for method, operation in methods.items():
            places = {"request": operation.get("requestBody", {})} | operation["responses"]
            for place, found in places.items():
                if "application/json" in found.get("content", {}):
                    yield f"{method} {path} {place}", found["content"]["application/json"]


def test_every_body_has_an_example_and_every_example_is_right() -> None:
    components = openapi_document(ROUTES, OPEN_ROUTES)["components"]
    for place, content in contents():
        examples = [each["value"] for each in content.get("examples", {}).values()] or [content["example"]]
        validator = Draft202012Validator({**content["schema"], "components": components})
        for example in examples:
            wrong = [error.message for error in validator.iter_errors(example)]  # pyright: ignore[reportUnknownMemberType] - stubs
            assert wrong == [], place


def test_a_request_s_examples_are_bodies_the_service_takes() -> None:
    for kind, examples in REQUESTS.items():
        for example in examples.values():
            tree = read_json(json.dumps(example).encode())
            assert isinstance(tree, dict)
            assert isinstance(read_fields(kind, tree), kind)


def test_an_example_of_a_refusal_is_what_the_service_says() -> None:
    for place, content in contents():
        for example in content.get("examples", {}).values():
            error = example["value"].get("error") if isinstance(example["value"], dict) else None
            if error is not None:
                assert error["status"] == int(place.rpartition(" ")[2])
                assert "{" not in error["message"]


def test_only_paths_with_a_credential_are_secured() -> None:
    document = openapi_document(ROUTES, OPEN_ROUTES)

    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    opened = {path for path, methods in document["paths"].items() if methods.get("get", {}).get("security") == []}
    assert opened == {route.path for route in OPEN_ROUTES}
    for route in ROUTES:
        assert {"400", "401", "408", "429", "500", "503"} <= set(
            document["paths"][route.path][route.method.lower()]["responses"]
        )


def test_its_schemas_are_schemas_every_reference_leads_somewhere_and_no_component_is_idle() -> None:
    document = openapi_document(ROUTES, OPEN_ROUTES)
    schemas = document["components"]["schemas"]

    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    headers = document["components"]["headers"]
    named = {f"#/components/schemas/{name}" for name in schemas} | {f"#/components/headers/{name}" for name in headers}
    assert references(document) == named


def references(document: object) -> set[str]:
    return set(re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(document)))


def test_every_refusal_of_a_route_is_in_the_table() -> None:
    assert {cause for route in ROUTES for cause in route.refusals} <= set(TABLE)


def test_a_right_body_is_right_by_the_document_and_a_wrong_one_is_not() -> None:
    components = openapi_document(ROUTES, OPEN_ROUTES)["components"]
    validator = Draft202012Validator({"$ref": "#/components/schemas/CreateInvoiceBody", "components": components})

    def errors(**more: Any) -> int:
        return len(list(validator.iter_errors({**AN_INVOICE, **more})))  # pyright: ignore[reportUnknownMemberType] - stubs

    assert errors(is_draft=False, send_email=True) == 0
    assert errors(is_draft=2, force_chronology=1, document_type="x", items=[]) == 4
    assert errors(items=[{"description": "x", "quantity": 0, "price": 1}]) == 1


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
        assert f'<b class="m {route.method}">{route.method}</b><code>{route.path}</code>' in page
    for code in ("series_locked_other_device", "chronology_violation", "idempotency_key_reused"):
        assert code in page
