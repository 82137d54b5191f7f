"""TypeScript clients that generators make of our document: they pass the strict compiler and work."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.generated.expected import expected
from tests.support.generated.tools import PROGRAMS, node_tools, run
from tests.support.service.client import Api


@pytest.fixture(scope="session")
def typescript(document_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both clients and both tills, compiled."""
    tools = node_tools()
    place = tmp_path_factory.mktemp("typescript")
    (place / "node_modules").symlink_to(tools / "node_modules")
    for file in (PROGRAMS / "javascript").glob("*.ts*"):
        shutil.copy(file, place)
    shutil.copy(PROGRAMS / "javascript" / "tsconfig.json", place)
    bin_folder = tools / "node_modules" / ".bin"
    run([bin_folder / "openapi-typescript", document_file, "-o", "schema.d.ts"], place)
    run([bin_folder / "openapi-ts", "-i", document_file, "-o", "hey", "-c", "@hey-api/client-fetch"], place)
    run([bin_folder / "tsc", "--project", "."], place)
    return place


async def day_of(program: str, place: Path, api: Api) -> dict[str, Any]:
    """What a till saw."""
    command = ["node", f"made/{program}", api.base_url, api.firm.live_key, api.firm.device_a]
    found: dict[str, Any] = json.loads(await asyncio.to_thread(run, command, place))
    return found


async def test_the_till_with_types_of_openapi_typescript_works(api: Api, typescript: Path) -> None:
    assert await day_of("till_of_openapi_typescript.js", typescript, api) == expected("OTS/1")


async def test_the_till_with_the_client_of_hey_api_works(api: Api, typescript: Path) -> None:
    assert await day_of("till_of_hey_api.js", typescript, api) == expected("HEY/1")


def test_no_type_is_an_object_without_members(typescript: Path) -> None:
    """An object of which the document says nothing may hold anything; TypeScript would take `{}` for "nothing"."""
    text = (typescript / "schema.d.ts").read_text()

    assert [line for line in text.splitlines() if "Record<string, never>" in line and "export type" not in line] == []
