"""The document that generators read, and clients that they make of it once for all tests."""

import json
from pathlib import Path

import pytest

from service.api.catalogue import ROUTES
from service.api.openapi.document import openapi_document
from service.web.health import OPEN_ROUTES
from tests.support.generated.tools import LANGUAGES, python_tools, run


@pytest.fixture(scope="session")
def document_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OpenAPI document as a file."""
    file = tmp_path_factory.mktemp("document") / "openapi.json"
    file.write_text(json.dumps(openapi_document(ROUTES, OPEN_ROUTES)))
    return file


@pytest.fixture(scope="session")
def openapi_generator(document_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one client of openapi-generator for each language, all made by one Java process."""
    bin_folder, made = python_tools(), tmp_path_factory.mktemp("openapi-generator")
    for name in LANGUAGES:
        settings = {"generatorName": name, "inputSpec": str(document_file), "outputDir": str(made / name)}
        (made / f"{name}.json").write_text(json.dumps(settings))
    asked = [str(made / f"{name}.json") for name in LANGUAGES]
    log = run([bin_folder / "openapi-generator-cli", "batch", "--fail-fast", *asked])
    (made / "log").write_text(log)
    return made
