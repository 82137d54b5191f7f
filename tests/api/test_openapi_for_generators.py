"""The document as generators of clients need it: described, plain, stable, and no word about what cannot happen."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from service.api.catalogue import ROUTES
from service.api.openapi.document import openapi_document
from service.api.openapi.examples import REQUESTS
from service.api.openapi.plain_schemas import plain
from service.web.health import OPEN_ROUTES
from tests.api.fuzz_rules import flags_of, widen

DOCUMENT = openapi_document(ROUTES, OPEN_ROUTES)
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
VALIDATION = "validation_error"

NAMES = """
check_liveness check_readiness create_invoice delete_invoice describe_api describe_series describe_series_alias
describe_series_by_put erase_invoice explain_gap explain_number export_bundle list_audit_reads list_documents
list_explanations list_gaps list_numbers list_reservations list_series list_series_alias lock_series make_primary
make_primary_alias open_series open_series_alias ping prove_number read_d394 read_history read_invoice read_metrics
read_reservation read_series read_series_alias read_version release_reservation reserve_numbers reverse_invoice
unlock_series unvoid_invoice update_invoice update_invoice_by_put void_invoice
"""
"""The names of calls in the programs of others. A new call adds a name; none is ever changed."""


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema of the components, those of fields included."""
    if isinstance(node, list):
        for each in node:  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from schemas(each)
    if isinstance(node, dict):
        yield node  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - JSON
        for key, value in node.items():  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from schemas(list(value.values()) if key == "properties" else value)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - JSON


ALL_SCHEMAS = list(schemas(list(DOCUMENT["components"]["schemas"].values())))


def examples(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The error of every refusal that the operation lists."""
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            for example in response["content"]["application/json"]["examples"].values():
                yield example["value"]["error"]


def test_the_names_of_operations_never_change() -> None:
    assert sorted(operation["operationId"] for _, operation in OPERATIONS) == NAMES.split(), (
        "add the name of a new call to NAMES; a name that is there never changes"
    )


def test_every_operation_parameter_and_property_is_described() -> None:
    silent = [place for place, operation in OPERATIONS if not operation["description"] or not operation["summary"]]
    for place, operation in OPERATIONS:
        silent += [f"{place} {each['name']}" for each in operation.get("parameters", []) if not each["description"]]
    for name, schema in DOCUMENT["components"]["schemas"].items():
        silent += [] if schema.get("description") else [name]
        silent += [f"{name}.{field}" for field, of in schema.get("properties", {}).items() if not of.get("description")]
    silent += [tag["name"] for tag in DOCUMENT["tags"] if not tag["description"]]

    assert silent == []


def test_every_tag_of_an_operation_is_declared() -> None:
    assert {tag for _, operation in OPERATIONS for tag in operation["tags"]} == {
        tag["name"] for tag in DOCUMENT["tags"]
    }


def test_no_description_cites_what_a_client_does_not_have() -> None:
    assert "CONTRACT.md" not in json.dumps(DOCUMENT)
    assert "DESIGN.md" not in json.dumps(DOCUMENT)


def test_a_choice_has_a_type_and_is_none_of_booleans() -> None:
    choices = [schema for schema in ALL_SCHEMAS if "enum" in schema]

    assert choices
    assert [schema for schema in choices if schema.get("type") not in {"string", "integer"}] == []


def test_every_number_has_a_width_that_holds_it() -> None:
    widths = {
        schema["type"]: schema.get("format") for schema in ALL_SCHEMAS if schema.get("type") in {"integer", "number"}
    }

    assert widths == {"integer": "int64", "number": "double"}


def test_no_schema_has_a_keyword_that_generators_stumble_over() -> None:
    """Tuples, rules between fields, and defaults of fields, which TypeScript makes every caller send."""
    stumbling = {"prefixItems", "allOf", "oneOf", "not", "if", "then", "default", "const", "unevaluatedProperties"}

    assert [schema for schema in ALL_SCHEMAS if stumbling & set(schema)] == []
    assert [schema for schema in ALL_SCHEMAS if schema.get("type") == "array" and not schema.get("items")] == []


def test_an_object_without_known_members_may_have_any() -> None:
    bare = [schema for schema in ALL_SCHEMAS if schema.get("type") == "object" and "properties" not in schema]
    empty = DOCUMENT["components"]["schemas"].get("NothingBody")

    assert bare
    assert [schema for schema in bare if not schema.get("additionalProperties")] == []
    assert empty is None


def test_a_body_is_one_component_and_required_only_if_it_has_a_required_field() -> None:
    for place, operation in OPERATIONS:
        if "requestBody" in operation:
            [(kind, content)] = operation["requestBody"]["content"].items()
            assert (kind, list(content["schema"])) == ("application/json", ["$ref"]), place
            of = DOCUMENT["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            assert operation["requestBody"]["required"] is bool(of.get("required")), place


def test_every_call_that_reads_fields_has_a_body_and_no_other_has() -> None:
    reads = {f"{route.method} {route.path}" for route in ROUTES if route.has_body}

    assert {place for place, operation in OPERATIONS if "requestBody" in operation} == reads


@pytest.mark.parametrize(("place", "operation"), OPERATIONS, ids=[place for place, _ in OPERATIONS])
def test_an_operation_lists_no_fault_of_a_field_that_it_does_not_have(place: str, operation: dict[str, Any]) -> None:
    # An update may name a series of another type than its draft has.
    own = {"document_type"} | {parameter["name"] for parameter in operation.get("parameters", [])}
    if "requestBody" in operation:
        reference: str = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        own |= set(DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]["properties"])

    for error in examples(operation):
        named = [error["param"]] if "param" in error else []
        if error["type"] == VALIDATION:
            named += error.get("errors", {})
        assert {name.partition(".")[0] for name in named} <= own, (place, error)
        assert "body" not in error["message"].lower() or "requestBody" in operation, (place, error)


@pytest.mark.parametrize(("place", "operation"), OPERATIONS, ids=[place for place, _ in OPERATIONS])
def test_a_response_lists_its_headers(place: str, operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        headers = set(response["headers"])
        assert {"X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= headers
        assert ("WWW-Authenticate" in headers) is (status == "401")
        assert ("Idempotent-Replayed" in headers) is (place.startswith("POST") and int(status) < 300)
        waits = any("retry_after" in error for error in examples(operation) if error["status"] == int(status))
        assert ("Retry-After" in headers) is waits, (place, status)


def test_what_the_service_accepts_beyond_the_document_is_told_in_words() -> None:
    """0 and 1 for the switches of the public API (CONTRACT.md D39), and no body as null or [] (D1)."""
    wide = json.loads(json.dumps(DOCUMENT))
    widen(wide)
    validator = Draft202012Validator(
        {"$ref": "#/components/schemas/CreateInvoiceBody", "components": wide["components"]}
    )

    for body in ({"client_id": "c", "is_draft": 1}, {"client_id": "c", "is_draft": True}):
        right = {**body, "items": [{"description": "x", "quantity": 1, "price": 1, "save_as_product": 0}]}
        assert list(validator.iter_errors(right)) == []  # pyright: ignore[reportUnknownMemberType] - stubs
    for kind in REQUESTS:
        for name in flags_of(kind):
            field = DOCUMENT["components"]["schemas"][kind.__name__]["properties"][name]
            assert "0 and 1 are accepted too." in field["description"]
    assert "null or []" in DOCUMENT["info"]["description"].replace("\n", " ")


def test_a_field_may_have_the_name_of_a_keyword() -> None:
    schema = {"type": "object", "properties": {"type": {"enum": [1]}, "default": {"default": None, "type": "integer"}}}

    assert plain(schema)["properties"] == {
        "type": {"type": "integer", "format": "int64", "enum": [1]},
        "default": {"type": "integer", "format": "int64"},
    }
