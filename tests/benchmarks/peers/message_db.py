"""message-db, the event store for PostgreSQL that npm has: a number is the position of a message in its stream.

Its SQL comes from npm when the benchmark runs, and is the published one or is not used.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import asyncpg

from tests.benchmarks.place import sql

PACKAGE: Final = "@eventide/message-db"
VERSION: Final = "1.3.1"
SHA256: Final = "d7938e108d950e29da1974e3acad05bcf680045d0961f6a12039fb002140840d"
STREAM: Final = "series-hot"
CONNECTIONS_MAX: Final = 90
FETCH_SECONDS_MAX: Final = 60.0

# As its install.sh has them; views, privileges and the extension that PostgreSQL no longer needs are left out.
_FILES: Final = (
    *("roles/message-store", "schema/message-store", "tables/messages", "types/message"),
    *("functions/hash-64", "functions/acquire-lock", "functions/category", "functions/is-category", "functions/id"),
    *("functions/cardinal-id", "functions/stream-version", "functions/write-message"),
    *("indexes/messages-id", "indexes/messages-stream", "indexes/messages-category"),
)
_SEARCH: Final = {"search_path": "message_store, public"}
_DATA: Final = json.dumps({"device": "device"})


class CannotFetchError(Exception):
    """The package is not to be had here; nothing was installed."""


async def install(database_url: str) -> None:
    """Make its table and functions in this database. Raises CannotFetchError."""
    scripts = _scripts()
    connection = await asyncpg.connect(database_url, server_settings=_SEARCH)
    try:
        for script in scripts:
            await connection.execute(script)
    finally:
        await connection.close()


@asynccontextmanager
async def clients(database_url: str, count: int) -> AsyncGenerator[list[Callable[[], Awaitable[int]]]]:
    """At most CONNECTIONS_MAX clients; each call writes a message and returns its position, counted from 1."""
    async with AsyncExitStack() as stack:
        found: list[Callable[[], Awaitable[int]]] = []
        for _ in range(min(count, CONNECTIONS_MAX)):
            connection = await asyncpg.connect(database_url, server_settings=_SEARCH)
            stack.push_async_callback(connection.close)
            found.append(await _client(connection))
        yield found


async def _client(connection: asyncpg.Connection) -> Callable[[], Awaitable[int]]:
    write = await connection.prepare(sql("message_db_write"))

    async def reserve() -> int:
        return int(await write.fetchval(str(uuid.uuid4()), STREAM, _DATA)) + 1

    return reserve


def _scripts() -> list[str]:
    npm = shutil.which("npm")
    if npm is None:
        raise CannotFetchError("there is no npm here")
    with TemporaryDirectory() as name:
        directory = Path(name)
        command = [npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"]
        try:
            subprocess.run(command, cwd=directory, check=True, capture_output=True, timeout=FETCH_SECONDS_MAX)
        except (subprocess.SubprocessError, OSError) as error:
            raise CannotFetchError(f"npm could not fetch {PACKAGE}") from error
        (archive,) = directory.glob("*.tgz")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
            raise CannotFetchError(f"what npm fetched is not {PACKAGE} {VERSION} as it was published")
        with tarfile.open(archive) as files:
            return [_text(files, f"package/database/{each}.sql") for each in _FILES]


def _text(files: tarfile.TarFile, name: str) -> str:
    found = files.extractfile(name)
    assert found is not None, f"{name} is a file"
    return found.read().decode()
