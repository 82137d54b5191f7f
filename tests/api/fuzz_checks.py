"""Our own checks, which schemathesis runs on every reply. Its process loads this file; see tests/api/test_fuzz.py."""

from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, HookContext, Response

from tests.api.fuzz_rules import widen

BEYOND_A_SCHEMA = (
    "of at most 30 digits",
    "must be first or a higher number",
    "or one up to 999 higher",
    "worth at most",
    "is longer than",
    "on drafts only",
    "but series",
    "has no primary",
    "must stay in the year",
    "how many RON one",
    "a day from 2000-01-01",
    "1 for RON",
    "are two names of one field",
    "is another name of info",
    "the code of a currency in ISO 4217",
    "with a printable character",
    "left out where start_date",
    "given together with",
    "at most a year after it",
    "client_data.name is required",
    "has no other data of its client",
    "must be an e-mail address",
    "must be left out",
    "must be start_date or a later day",
    "an object without NUL",
)
"""Rules that JSON Schema cannot express: what is deep in an object, digits, products, the length of a line, names that
must agree, what is a currency or can be printed, today, and rules about the present state. In Python `$` also matches
before a last line break, so what it makes for the pattern of an e-mail address may end in one."""


@schemathesis.hook  # pyright: ignore[reportUnknownMemberType] - partly typed
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Try what the service accepts, which is more than the document offers to generators of clients."""
    widen(raw_schema)


FILES = ("csv", "xlsx", "pdf", "xml")


@schemathesis.hook  # pyright: ignore[reportUnknownMemberType] - partly typed
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Ask for no file: the document tells of files in words only; tests/api/test_listings.py asks for them."""
    if case.query and case.query.get("format") in FILES:
        case.query["format"] = "json"


@schemathesis.check
def right_data_is_not_called_wrong(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """A request that follows the document is never refused as malformed; the state of its object may not allow it."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE or response.status_code != 400:
        return
    error = response.json()["error"]
    messages = list(error.get("errors", {"": error["message"]}).values())
    if error["type"] == "validation_error" and not all(
        any(words in message for words in BEYOND_A_SCHEMA) for message in messages
    ):
        raise AssertionError(f"the document allows this: {messages}")


@schemathesis.check
def every_code_is_documented(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """The code of a refusal is among the examples of its status."""
    if response.status_code < 400 or case.operation.method.upper() != case.method.upper():
        return
    code = response.json()["error"]["code"]
    documented = case.operation.definition.raw["responses"][str(response.status_code)]
    assert code in documented["content"]["application/json"]["examples"], f"{response.status_code} {code}"
