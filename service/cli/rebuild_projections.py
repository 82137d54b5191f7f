"""`numbering rebuild`: a projection made again from the log while the old copy answers."""

import click
import uvloop

from projections.keeping.every import ALL
from projections.keeping.rebuild import Rebuilt
from projections.keeping.runner import ProjectionRunner
from schemas.values import Position
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import print_table, progress, table
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.starting.present import database_url, present_settings

EVERY = "all"


@click.command()
@click.argument("name", type=click.Choice([*(projection.name for projection in ALL), EVERY]))
@click.option(
    "--force", "is_forced", is_flag=True, help="Swap even if the digests differ or the old copy cannot be read."
)
def rebuild(*, name: str, is_forced: bool) -> None:
    """Fill a new copy from the log, compare digests, and swap it in.

    The old copy answers until then, and is compared where it stands; then the new one goes on to the head that the log
    had when the command began. If the digests differ nothing is swapped, and the exit status is 1. A copy of an
    older definition is not compared.
    """
    names = [projection.name for projection in ALL] if name == EVERY else [name]
    url = database_url(present_settings())
    with explaining_postgres(url):
        rebuilt = uvloop.run(_rebuild(ProjectionRunner(url), names, is_forced=is_forced))
    grid = table("projection", "from", "to", "digest", "result", right=("from", "to"))
    for each in rebuilt:
        grid.add_row(each.name, str(each.compared_at), str(each.position), each.digest, _result(each))
    print_table(grid)
    if not all(each.is_swapped for each in rebuilt):
        raise CommandFault("the log does not reproduce what a projection held; --force swaps the new copy in")


async def _rebuild(runner: ProjectionRunner, names: list[str], *, is_forced: bool) -> list[Rebuilt]:
    rebuilt: list[Rebuilt] = []
    for name in names:
        with progress() as bar:
            task = bar.add_task(f"rebuilding {name}", total=None)

            def moved(reached: Position, target: Position) -> None:
                bar.update(task, completed=reached, total=target)  # noqa: B023 - called within this round only

            rebuilt.append(await runner.rebuild(name, moved, is_forced=is_forced))
    return rebuilt


def _result(rebuilt: Rebuilt) -> str:
    if rebuilt.live_digest is None:
        return "not compared: the old copy was of another definition; swapped in"
    if rebuilt.is_same and rebuilt.compared_at == 0 < rebuilt.position:
        return "the old copy was empty; swapped in"
    if rebuilt.is_same:
        return "same as before, swapped in"
    return "DIFFERS from the old copy, " + ("swapped in by force" if rebuilt.is_swapped else "left out")
