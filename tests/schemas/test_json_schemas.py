"""The contract for other languages: the schema files fit the structs; golden events and AsyncAPI document are valid."""

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from jsonschema.protocols import Validator

from schemas.describe.asyncapi import asyncapi_document
from schemas.describe.files import FOLDER, event_tags, schema_files
from schemas.record import decode_record, event_tag, is_canonical, schema_id
from schemas.values import DEFAULT_LOG
from service.nats.relay.cloud_event import subject_root

GOLDEN = Path(__file__).parent.parent / "golden"
EVENTS = sorted((GOLDEN / "events").glob("*.json"))


def asyncapi_schema() -> dict[str, Any]:
    """The official schema of AsyncAPI 3.0.0; see asyncapi-3.0.0.NOTICE."""
    found: dict[str, Any] = json.loads(gzip.decompress((GOLDEN / "asyncapi-3.0.0.json.gz").read_bytes()))
    return found


def check(validator: Validator, found: Any) -> None:
    """Raises jsonschema.ValidationError if it is not valid."""
    validator.validate(found)  # pyright: ignore[reportUnknownMemberType] - untyped arguments


def test_the_files_are_what_the_structs_say() -> None:
    written = {str(file.relative_to(FOLDER)): file.read_bytes() for file in FOLDER.rglob("*.json")}

    assert written == schema_files(), "run: python -m schemas.describe.files"


@pytest.mark.parametrize("path", sorted(schema_files()))
def test_a_file_is_a_json_schema(path: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_files()[path]))


@pytest.mark.parametrize("file", EVENTS, ids=lambda file: file.stem)
def test_a_golden_event_is_valid_and_decodes(file: Path) -> None:
    body = file.read_bytes().strip()
    record = decode_record(body)
    tag = event_tag(record.event)
    schema = json.loads((FOLDER / "events" / f"{tag.replace('/', '-')}.json").read_bytes())

    check(jsonschema.Draft202012Validator(schema), json.loads(body))
    assert schema["$id"] == schema_id(tag)
    assert is_canonical(body, record)


def test_every_event_has_a_golden_sample() -> None:
    assert {event_tag(decode_record(file.read_bytes()).event) for file in EVENTS} >= set(event_tags()), (
        "run: python -m tests.support.domain.golden"
    )


def test_the_asyncapi_document_is_valid() -> None:
    document = asyncapi_document("0.1.0")

    check(jsonschema.Draft7Validator(asyncapi_schema()), document)


def test_the_validation_would_notice_a_wrong_document() -> None:
    document = asyncapi_document("0.1.0")
    document["operations"]["reserve"]["action"] = "answer"

    with pytest.raises(jsonschema.ValidationError):
        check(jsonschema.Draft7Validator(asyncapi_schema()), document)


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi_document("0.1.0")

    for reference in references(document):
        node: Any = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def references(node: Any) -> list[str]:
    """Every `$ref`."""
    if isinstance(node, list):
        return [each for child in node for each in references(child)]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(node, dict):
        return []
    own = [str(node["$ref"])] if "$ref" in node else []  # pyright: ignore[reportUnknownArgumentType] - JSON
    return own + [each for child in node.values() for each in references(child)]  # pyright: ignore[reportUnknownVariableType] - JSON


def test_the_document_names_the_subjects_that_are_used() -> None:
    address = asyncapi_document("0.1.0")["channels"]["events"]["address"]

    assert address.startswith(subject_root(DEFAULT_LOG) + ".")
