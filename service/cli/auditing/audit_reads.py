"""`numbering audit reads`: what auditors read."""

import click
import uvloop

from projections.replay.local_time import local_time
from schemas.api.audit import AuditRead
from schemas.values import FirmId
from service.access.read_records import read_in
from service.cli.firms import firm_option
from service.cli.screen.console import out, print_json, print_table, table
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.starting.present import database_url, present_settings
from service.log.sessions import connected
from service.statements import statement


@click.command()
@firm_option
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=1_000, show_default=True, help="The most to show.")
@click.option("--json", "is_json", is_flag=True, help="For programs.")
def reads(*, firm: FirmId, limit: int, is_json: bool) -> None:
    """List what auditors of a firm read, in both modes, the latest first."""
    found = uvloop.run(_reads(firm, limit))
    if is_json:
        print_json({"object": "list", "data": found})
        return
    zone = present_settings().zone
    grid = table("time", "credential", "call", "resource", "filter", "status")
    for each in found:
        asked = (_pairs(each.resource), _pairs(each.filter), str(each.status or "-"))
        grid.add_row(local_time(each.at, zone), each.credential, f"{each.method} {each.route}", *asked)
    print_table(grid)
    if not found:
        out().print("no auditor of this firm read anything")


def _pairs(named: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in named.items())


async def _reads(firm_id: FirmId, limit: int) -> list[AuditRead]:
    url = database_url(present_settings())
    with explaining_postgres(url):
        async with connected(url, "numbering_owner", "numbering") as connection:
            rows = await connection.fetch(statement("access_audit_reads"), firm_id, None, None, limit)
    return [read_in(row) for row in rows]
