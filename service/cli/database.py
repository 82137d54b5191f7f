"""`numbering migrate`."""

import click
import uvloop

from projections.keeping.restored import give_back
from service.access.key_file import ensure
from service.cli.screen.console import print_json
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.starting.present import database_url, present_settings
from service.log.migrate import migrate as run_migrations


@click.command()
def migrate() -> None:
    """Prepare the database, or bring it up to date, and create the key file if there is none.

    Roles and privileges that are missing are made again first, as in a copy that was restored into an empty cluster.
    """
    settings = present_settings()
    url = database_url(settings)
    with explaining_postgres(url):
        names = uvloop.run(prepare(url))
    print_json({"migrated": names, "keys_file": str(ensure(settings.keys_path).path)})


async def prepare(url: str) -> list[str]:
    """Bring the log and the owners of the projections up to date; the migrations that ran. Raises as `migrate`."""
    names = await run_migrations(url)
    await give_back(url)
    return names
