"""Python clients that generators make of our document: they work against the running service."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from service.api.catalogue import ROUTES
from service.web.health import OPEN_ROUTES
from tests.generated.expected import expected
from tests.support.generated.tools import PROGRAMS, python_tools, run
from tests.support.service.client import Api

IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, sys.argv[1] + "."):
    importlib.import_module(module.name)
"""


async def day_of(program: str, packages: Path, api: Api) -> dict[str, Any]:
    """What a till saw, whose client is in `packages`."""
    python = python_tools() / "python"
    command = [str(python), str(PROGRAMS / "python" / program), api.base_url, api.firm.live_key, api.firm.device_a]
    output = await asyncio.to_thread(run, command, packages, environment={"PYTHONPATH": str(packages)})
    found: dict[str, Any] = json.loads(output)
    return found


async def test_openapi_python_client_makes_every_operation_without_a_warning_and_its_till_works(
    api: Api, document_file: Path, tmp_path: Path
) -> None:
    tools = python_tools()
    made = tmp_path / "numbering_client"
    options = ["--path", str(document_file), "--output-path", str(made), "--meta", "none", "--fail-on-warning"]
    await asyncio.to_thread(
        run,
        [tools / "openapi-python-client", "generate", *options],
        environment={"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},  # it wants to find ruff
    )

    operations = {file.stem for file in made.glob("api/*/*.py")} - {"__init__"}
    assert operations == {route.name for route in ROUTES} | {route.operation for route in OPEN_ROUTES}
    await asyncio.to_thread(run, [tools / "python", "-c", IMPORT_ALL, "numbering_client"], tmp_path)
    assert await day_of("till_of_openapi_python_client.py", tmp_path, api) == expected("OPC/1")


async def test_the_python_client_of_openapi_generator_is_imported_and_its_till_works(
    api: Api, openapi_generator: Path
) -> None:
    packages = openapi_generator / "python"

    await asyncio.to_thread(run, [python_tools() / "python", "-c", IMPORT_ALL, "openapi_client"], packages)
    assert await day_of("till_of_openapi_generator.py", packages, api) == expected("OAG/1")
