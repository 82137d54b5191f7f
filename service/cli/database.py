"""`numbering migrate`."""

from pathlib import Path

import click
import msgspec
import uvloop

from projections.keeping.restored import give_back
from service.access.key_file import KeyFileUnwritableError, ensure
from service.cli.screen.console import out, print_json
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.starting.present import database_url, present_settings
from service.log.migrating.migrate import migrate as run_migrations
from service.log.migrating.migration_plan import MigrationPlan, Step
from service.log.migrating.migration_plan import plan as planned


@click.command()
@click.option("--plan", "is_plan", is_flag=True, help="Say what would be done, migration by migration; change nothing.")
@click.option("--json", "is_json", is_flag=True, help="With --plan: for programs.")
def migrate(*, is_plan: bool, is_json: bool) -> None:
    """Prepare the database, or bring it up to date, and create the key file if there is none.

    Roles and privileges that are missing are made again first, as in a copy that was restored into an empty cluster.
    """
    if is_json and not is_plan:
        raise click.UsageError("--json belongs to --plan")
    settings = present_settings()
    url = database_url(settings)
    with explaining_postgres(url):
        if is_plan:
            return _show(uvloop.run(planned(url)), is_json=is_json)
        names = uvloop.run(prepare(url))
    return print_json({"migrated": names} | _keys(settings.keys_path))


def _keys(path: Path) -> dict[str, str | None]:
    """The key file, made if there is none; and why not, where it cannot be made.

    The database is prepared without it, and production may give the file to the processes that need it alone.
    """
    try:
        return {"keys_file": str(ensure(path).path)}
    except KeyFileUnwritableError as error:
        return {"keys_file": None, "because": f"{error}; `serve`, `requests` and `relay` do not start without one"}


async def prepare(url: str) -> list[str]:
    """Bring the log and the owners of the projections up to date; the migrations that ran. Raises as `migrate`."""
    names = await run_migrations(url)
    await give_back(url)
    return names


def _show(plan: MigrationPlan, *, is_json: bool) -> None:
    if is_json:
        return print_json(msgspec.to_builtins(plan))
    lines = [_places(plan)]
    for step in plan.pending:
        lines += ["", f"{step.name}: {step.says}", *(f"    {line}" for line in _details(step))]
    lines += [f"To put right: {repair}." for repair in plan.repairs]
    if plan.is_running:
        lines.append("Another `numbering migrate` is at work on this database: this plan may be old already.")
    lines += [f"Not seen: {what}." for what in plan.unseen]
    if plan.refused is not None:
        lines.append(f"`numbering migrate` of this release would refuse: {plan.refused}.")
    return out().print("\n".join(lines))


def _places(plan: MigrationPlan) -> str:
    if plan.schema is None:
        return f"This release has schema {plan.schema_of_this_release:04}; that of the database is not known."
    if plan.schema == 0:
        after = f"{plan.schema_of_this_release:04}"
        return f"This database is not prepared. {len(plan.pending)} migrations make schema {after}:"
    here = f"The database has schema {plan.schema:04}, this release {plan.schema_of_this_release:04}"
    if plan.newer:
        return f"{here}: a newer release ran {', '.join(plan.newer)}."
    return f"{here}: {len(plan.pending)} to run." if plan.pending else f"{here}: nothing to run."


def _details(step: Step) -> list[str]:
    waits = f"others wait for {', '.join(step.locks)}" if step.locks else "nobody waits for it"
    lines = [f"Locks: {waits}{f'; {step.takes}' if step.takes else ''}."]
    lines.append(f"Older releases: {step.older_releases}.")
    if step.new_events:
        names = ", ".join(step.new_events)
        lines.append(f"New events: {names}. A process of an older release that meets one stops answering.")
    return lines
