"""`numbering migrate`."""

import click
import uvloop

from service.access.key_file import ensure
from service.cli.screen.console import print_json
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.starting.present import database_url, present_settings
from service.log.migrate import migrate as run_migrations


@click.command()
def migrate() -> None:
    """Prepare the database, or bring it up to date, and create the key file if there is none."""
    settings = present_settings()
    url = database_url(settings)
    with explaining_postgres(url):
        names = uvloop.run(run_migrations(url))
    print_json({"migrated": names, "keys_file": str(ensure(settings.keys_path).path)})
