"""Two linters of OpenAPI find nothing to say of our document."""

import json
from pathlib import Path

from tests.support.generated.tools import PROGRAMS, node_tools, run


def test_redocly_finds_no_error(document_file: Path) -> None:
    """Its warnings are about paths such as /{id}/lock beside /reservations/{token}, which the public API has."""
    linter = node_tools() / "node_modules" / ".bin" / "redocly"
    options = ["--extends", "recommended", "--skip-rule", "no-ambiguous-paths", "--format", "json"]
    output = run(
        [linter, "lint", *options, document_file],
        environment={"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
    )

    found = json.loads(output[output.index("{") : output.rindex("}") + 1])
    assert found["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}, found["problems"]


def test_spectral_finds_nothing(document_file: Path) -> None:
    linter = node_tools() / "node_modules" / ".bin" / "spectral"
    rules = PROGRAMS / "javascript" / "spectral.yaml"

    run([linter, "lint", "--ruleset", rules, "--fail-severity", "hint", document_file])
