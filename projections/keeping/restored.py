"""Projections in a database that was restored without roles: they get their owner and their readers back."""

from projections.keeping import copies
from projections.keeping.connections import connected
from projections.keeping.every import ALL
from projections.statements import statement


async def give_back(database_url: str) -> list[str]:
    """Give every projection that belongs to another user to the projector; the names of those. The roles exist.

    Raises asyncpg's errors: InsufficientPrivilegeError for a user that is not the owner.
    """
    async with connected(database_url, has_role=False) as connection:
        by_name = {copy.schema: copy for copy in map(copies.live, ALL)}
        found = [row["schema"] for row in await connection.fetch(statement("schemas_of_others"), list(by_name))]
        for schema in found:
            async with connection.transaction():
                await copies.take_over(connection, by_name[schema])
        return found
