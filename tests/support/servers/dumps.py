"""A database made from a file of pg_dump."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from service.embedded.postgres_binaries import find_binaries
from tests.support.servers.databases import database, with_database

OWNER = "numbering"
"""Owns what no role of the service owns in a dump: the superuser of the server it was made on."""
PUBLIC = " SCHEMA - public "
"""The entry of a dump that makes a schema every database has already."""


@asynccontextmanager
async def restored(
    admin: asyncpg.Connection, server_url: str, name: str, dump: Path, directory: Path
) -> AsyncGenerator[str]:
    """The address of a new database that holds `dump` and is dropped afterwards; `directory` is for our notes."""
    if not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = $1)", OWNER):
        await admin.execute(f"CREATE ROLE {OWNER}")
    async with database(admin, name, "template0"):
        await admin.execute(f"GRANT CREATE ON DATABASE {name} TO numbering_owner, numbering_projector")
        url = with_database(server_url, name)
        entries = directory / "entries"
        listed = await _pg_restore("--list", str(dump))
        entries.write_text("".join(line for line in listed.splitlines(keepends=True) if PUBLIC not in line), "utf-8")
        await _pg_restore("--exit-on-error", f"--use-list={entries}", f"--dbname={url}", str(dump))
        yield url


async def _pg_restore(*arguments: str) -> str:
    """What pg_restore printed; fails with its complaint if there is one."""
    binaries, _ = find_binaries(None)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(binaries / "pg_restore", *arguments, stdout=pipe, stderr=pipe)
    output, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return output.decode()
