"""A database for each test: a clone of one that was migrated once."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from service.log.migrating.migrate import migrate


def with_database(url: str, name: str) -> str:
    """The same server and user, another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@asynccontextmanager
async def migrated_template(admin: asyncpg.Connection, url: str) -> AsyncGenerator[str]:
    """The name of a database with the present schema and no data; no session may stay connected to it."""
    async with database(admin, f"template_{secrets.token_hex(4)}", "template0") as name:
        await migrate(with_database(url, name))
        yield name


@asynccontextmanager
async def database(admin: asyncpg.Connection, name: str, template: str) -> AsyncGenerator[str]:
    """A database cloned from `template`; it is dropped afterwards, and sessions that still use it are ended.

    Names cannot be parameters of these statements; ours are letters, digits and underscores.
    """
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        if template != "template0":
            # A clone has the schemas and their grants, but not those on the database itself (migration 0001).
            await admin.execute(f"GRANT CREATE ON DATABASE {name} TO numbering_owner, numbering_projector")
        yield name
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
