"""The AsyncAPI 3.0 document of CONTRACT.md sections 11.4 and 11.5, made from the structs that are sent."""

from collections.abc import Mapping
from typing import Any, Final

from schemas.api.envelope import Failure, Success
from schemas.api.operations import OPERATIONS, REQUEST_ROOT, Operation
from schemas.describe.files import event_tags
from schemas.describe.json_schema import Schema, body_schemas, reply_schemas
from schemas.record import Record, schema_id
from schemas.traceparent import PATTERN as TRACEPARENT
from schemas.traceparent import SENT_MAX

EVENT_ROOT: Final = "numbering.v1.events"

_MESSAGES: Final = "#/components/messages/"
_CHANNELS: Final = "#/channels/"
_PARAMETERS: Final[Schema] = {
    "mode": {"description": "The mode of the partition", "enum": ["live", "test"]},
    "firm": {"description": "The firm's id; each byte but letters, digits, _ and - is written as %XX"},
}
_EVENT_TEXTS: Final[Schema] = {
    name: {"type": "string", "description": description}
    for name, description in {
        "ce-id": "Position and checksum: no other event of the source has it",
        "ce-source": "/numbering/<installation>/logs/<log>: no other installation's events have it",
        "ce-subject": "The series' id, or the draft's",
        "ce-time": "When it was written, in UTC",
        "ce-sequence": "The position in 20 digits",
        "ce-partitionkey": "As `ce-subject`",
        "Nats-Msg-Id": "As `ce-id`",
        "Numbering-Mac": "The service's own proof that it published the message",
    }.items()
}
_EVENT_TRACES: Final[Schema] = {
    name: {"type": "string", "pattern": TRACEPARENT, "description": description}
    for name, description in {
        "traceparent": "Where a trace goes on (W3C Trace Context), if the request behind the event belonged to one",
        "ce-traceparent": "The span of that request; the same in every message of the event",
    }.items()
}
_FAILED: Final = (
    "The request was not done; `code` says why, as over HTTP. With one code it was done: `answer_too_large` says that "
    "the reply is larger than the NATS server carries, and the message says how to read it over HTTP"
)


def asyncapi_document(version: str) -> Schema:
    """The document of this release."""
    components = _components()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Invoice numbering",
            "version": version,
            "description": (
                "Every event of the log is a CloudEvent in a JetStream stream; its sequence is the position of the "
                "event. Requests come by the NATS services protocol and get the replies of the HTTP API."
            ),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "nats": {
                "host": "{host}",
                "protocol": "nats",
                "description": "The NATS servers of the installation",
                "variables": {"host": {"default": "127.0.0.1:4222"}},
            }
        },
        "channels": {"events": _event_channel()} | _request_channels(),
        "operations": {"publishEvents": _publishing()} | {each.name: _answering(each) for each in OPERATIONS},
        "components": components,
    }


def _components() -> Schema:
    envelopes: Any = Success
    _, events = body_schemas([Record])
    requests, request_schemas = body_schemas([each.body for each in OPERATIONS])
    replies, reply_components = reply_schemas([*(envelopes[each.reply] for each in OPERATIONS), Failure])
    messages: dict[str, Schema] = {
        kind.__name__: _event_message(tag, kind, events["Record"]) for tag, kind in event_tags().items()
    }
    for each, request, reply in zip(OPERATIONS, requests, replies, strict=False):
        messages[f"{each.name}Request"] = _message(each.summary, request, _REQUEST_HEADERS)
        messages[f"{each.name}Reply"] = _message(f"{each.name} was done", reply, _REPLY_HEADERS)
    messages["failure"] = _message(_FAILED, replies[-1], _FAILURE_HEADERS)
    return {"messages": messages, "schemas": _draft_7(events | request_schemas | reply_components)}


def _event_message(tag: str, kind: type, record: Schema) -> Schema:
    payload = dict(record) | {"title": tag}
    payload["properties"] = record["properties"] | {"event": {"$ref": f"#/components/schemas/{kind.__name__}"}}
    about: Schema = {"name": f"numbering.{tag}", "title": tag, "summary": kind.__doc__ or ""}
    return about | _message(about["summary"], payload, _event_headers(tag))


def _message(summary: str, payload: Schema, headers: Schema) -> Schema:
    return {"summary": summary, "contentType": "application/json", "headers": headers, "payload": payload}


def _event_headers(tag: str) -> Schema:
    constants = {
        "ce-specversion": "1.0",
        "ce-type": f"numbering.{tag}",
        "ce-dataschema": schema_id(tag),
        "ce-datacontenttype": "application/json",
        "content-type": "application/json",
    }
    found: Schema = {name: {"type": "string", "const": value} for name, value in constants.items()}
    found |= _EVENT_TEXTS
    return {"type": "object", "properties": found | _EVENT_TRACES, "required": list(found)}


def _event_channel() -> Schema:
    names = sorted({tag.partition("/")[0] for tag in event_tags()})
    return {
        "address": f"{EVENT_ROOT}.{{mode}}.{{firm}}.{{series}}.{{event}}",
        "description": (
            "JetStream stream NUMBERING_1: the sequence is the position, without holes, and no message is there twice. "
            "`previous` in a body is the position of the event before it in the same series or draft; with it a "
            "filtered consumer can notice a hole."
        ),
        "parameters": _PARAMETERS
        | {
            "series": {"description": "The series' id, or the draft's"},
            "event": {"description": "The event's name, without its version", "enum": names},
        },
        "messages": {kind.__name__: {"$ref": _MESSAGES + kind.__name__} for kind in event_tags().values()},
    }


def _publishing() -> Schema:
    return {
        "action": "send",
        "channel": {"$ref": _CHANNELS + "events"},
        "summary": "Every event of the log, in order",
        "messages": [{"$ref": f"{_CHANNELS}events/messages/{kind.__name__}"} for kind in event_tags().values()],
    }


def _request_channels() -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for each in OPERATIONS:
        found[each.name] = {
            "address": f"{REQUEST_ROOT}.{{mode}}.{{firm}}.{each.name}",
            "description": f"The same request as {each.method} {each.path}; the two share their idempotency keys",
            "parameters": _PARAMETERS,
            "messages": {"request": {"$ref": f"{_MESSAGES}{each.name}Request"}},
        }
        found[f"{each.name}Replies"] = {
            "address": None,
            "description": (
                "The inbox that the request names. A request that names none is ignored, and so is one that names a "
                "subject beginning with `$` or `numbering.`: the service sends no reply there"
            ),
            "messages": {
                "reply": {"$ref": f"{_MESSAGES}{each.name}Reply"},
                "failure": {"$ref": f"{_MESSAGES}failure"},
            },
        }
    return found


def _answering(operation: Operation) -> Schema:
    replies = f"{operation.name}Replies"
    return {
        "action": "receive",
        "channel": {"$ref": _CHANNELS + operation.name},
        "summary": operation.summary,
        "messages": [{"$ref": f"{_CHANNELS}{operation.name}/messages/request"}],
        "reply": {
            "channel": {"$ref": _CHANNELS + replies},
            "messages": [{"$ref": f"{_CHANNELS}{replies}/messages/{name}"} for name in ("reply", "failure")],
        },
        "bindings": {"nats": {"queue": "q", "bindingVersion": "0.1.0"}},
    }


def _draft_7(node: Any) -> Any:
    """The schemas in the dialect of AsyncAPI (draft 7), which has another word for the items of a tuple."""
    if isinstance(node, list):
        return [_draft_7(each) for each in node]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(node, dict):
        return node
    found: Schema = {key: _draft_7(value) for key, value in node.items()}  # pyright: ignore[reportUnknownVariableType] - JSON
    discriminator = found.get("discriminator")
    if isinstance(discriminator, Mapping):
        del found["discriminator"]  # AsyncAPI gives this word of OpenAPI another meaning; anyOf says enough
    return found


_REQUEST_HEADERS: Final[Schema] = {
    "type": "object",
    "properties": {
        "Authorization": {"type": "string", "description": "Bearer <API key or session token>"},
        "Idempotency-Key": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "description": "A request that is sent again with the same key is done once and gets the same reply",
        },
        "traceparent": {
            "type": "string",
            "maxLength": SENT_MAX,
            "description": "The trace that the request belongs to (W3C Trace Context); its events will name it",
        },
    },
    "required": ["Authorization"],
}
_REPLY_HEADERS: Final[Schema] = {
    "type": "object",
    "properties": {"Idempotent-Replayed": {"type": "string", "const": "true"}},
}
_FAILURE_HEADERS: Final[Schema] = {
    "type": "object",
    "properties": {
        "Nats-Service-Error": {"type": "string", "description": "Code and message"},
        "Nats-Service-Error-Code": {"type": "string", "description": "The HTTP status"},
    },
    "required": ["Nats-Service-Error", "Nats-Service-Error-Code"],
}
