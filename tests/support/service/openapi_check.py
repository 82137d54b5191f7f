"""Compares replies with the OpenAPI document of the service that sent them."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator, ValidationError


class Document:
    """The document of one running service."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._validators: dict[str, Draft202012Validator] = {}

    def check(self, method: str, path: str, status: int, body: dict[str, Any]) -> None:
        """Fail unless this reply is documented and fits its schema; errors on unknown paths are checked too."""
        operation = self._operation(method, path)
        if operation is None:
            self._validate("Failure", {"$ref": "#/components/schemas/Failure"}, body)
            return
        documented = operation["responses"]
        assert str(status) in documented, f"{method} {path}: {status} is not documented: {body}"
        content = documented[str(status)]["content"]["application/json"]
        self._validate(str(content["schema"]["$ref"]), content["schema"], body)
        if status >= 400:
            code = body["error"]["code"]
            assert code in content["examples"], f"{method} {path}: {code} is not documented"

    def _validate(self, name: str, schema: Mapping[str, Any], body: dict[str, Any]) -> None:
        if name not in self._validators:
            self._validators[name] = Draft202012Validator({**schema, "components": self._document["components"]})
        error: ValidationError | None = next(self._validators[name].iter_errors(body), None)  # pyright: ignore[reportUnknownMemberType] - partly typed stubs
        assert error is None, f"{name} at {error.json_path}: {error.message}"

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, operations in self._patterns:
            if pattern.fullmatch(path.rstrip("/")):
                found: dict[str, Any] | None = operations.get(method.lower())
                return found
        return None

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        """Paths without parameters come first, as they do in the server."""
        paths = sorted(self._document["paths"].items(), key=lambda item: item[0].count("{"))
        return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operations) for path, operations in paths]
