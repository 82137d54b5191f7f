"""`numbering audit export`: writes a bundle, which an auditor takes away (service/evidence/README.md section 9)."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import click
import msgspec
import uvloop

from projections.keeping.one_moment import Connection
from projections.replay.replay import HistoryBrokenError
from projections.reports.as_of import AsOf
from schemas.values import DEFAULT_LOG, FirmId, IsoDate, Mode
from service.cli.auditing.moment import read_as_of, time_of
from service.cli.auditing.readers import reader
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import err, print_json, progress
from service.cli.starting.present import present_settings
from service.clock import now
from service.configuration.settings import Settings
from service.evidence.bundling.asked import Asked, NoBundleError, Reads, Scope
from service.evidence.bundling.bundle import bundle
from service.evidence.bundling.scope import scope_of
from service.evidence.sealing.tree import EvidenceBrokenError
from service.evidence.witnessing.known_witnesses import witness_keys_of
from service.whole_file import file_of_pieces

SHOWN: Final = (
    *("firm_id", "mode", "series", "from", "to", "position", "as_of", "size"),
    *("events", "notes", "documents", "has_bodies"),
)
"""The fields of the manifest that the command prints."""

day = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--firm", required=True, help="The firm's id.")
@click.option("--mode", type=click.Choice([each.value for each in Mode]), default="live", show_default=True)
@click.option("--series", multiple=True, help="Only this series, by id or name; may be repeated. Leaves drafts out.")
@click.option("--from", "begins", type=day, help="The first day of the period, which the file then names.")
@click.option("--to", "ends", type=day, help="The last day; nothing later is in the file, by NUMBERING_TIME_ZONE.")
@click.option(
    "--as-of", metavar="POSITION|DAY|TIME", callback=read_as_of, help="Nothing later is in the file.  [default: now]"
)
@click.option("--bodies", "has_bodies", is_flag=True, help="With what the documents say: personal data.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
def export(
    *,
    firm: str,
    mode: str,
    series: tuple[str, ...],
    begins: datetime | None,
    ends: datetime | None,
    as_of: AsOf | None,
    has_bodies: bool,
    out: Path,
) -> None:
    """Write every event of a firm, with what proves them, to a ZIP file that verifies without us.

    Other firms' events are in it as hashes alone. The file holds its own instructions and verifiers.
    """
    if ends is not None and as_of is not None:
        raise click.BadParameter("--to and --as-of both say where the file ends; give one of them")
    if begins is not None and ends is not None and ends < begins:
        raise click.BadParameter("it is before --from", param_hint="--to")
    asked = Asked(
        firm_id=FirmId(firm),
        mode=Mode(mode),
        series=series or None,
        as_of=as_of if ends is None else time_of(ends.date().isoformat()),
        begins=_iso(begins),
        ends=_iso(ends),
        has_bodies=has_bodies,
    )
    print_json(uvloop.run(_export(asked, out, present_settings())))


async def _export(asked: Asked, target: Path, settings: Settings) -> dict[str, Any]:
    """Write the file; what the command prints. Raises CommandFault."""
    witnesses = witness_keys_of(settings.evidence_witnesses_file)
    async with reader() as connection:
        reads = _always(connection)
        try:
            scope = await scope_of(reads, DEFAULT_LOG, asked)
            if scope.position < scope.head and asked.as_of is None:
                err().print(
                    f"the log is at {scope.head}, and {scope.position} events of it are sealed: the file ends there"
                )
            await _write(reads, scope, witnesses, target)
        except NoBundleError as error:
            raise CommandFault(str(error)) from error
        except (EvidenceBrokenError, HistoryBrokenError) as error:
            why = f"the database contradicts what was signed, so no file was made: {error}"
            raise CommandFault(why) from error
        except FileExistsError as error:
            raise CommandFault(f"{target} is there already; remove it, or choose another --out") from error
    return _described(target)


async def _write(reads: Reads, scope: Scope, witnesses: Sequence[str], target: Path) -> None:
    try:
        with progress() as bar, file_of_pieces(target) as file:
            task = bar.add_task("writing the events", total=scope.position)
            pieces = bundle(reads, scope, witnesses, now(), lambda position: bar.update(task, completed=position))
            async for piece in pieces:
                file.write(piece)
    except FileExistsError:
        raise
    except OSError as error:
        raise CommandFault(f"cannot write {target}: {error.strerror}") from error


def _always(connection: Connection) -> Reads:
    """This one connection, whenever one is asked for."""

    @asynccontextmanager
    async def reads() -> AsyncGenerator[Connection]:
        yield connection

    return reads


def _described(target: Path) -> dict[str, Any]:
    with ZipFile(target) as file:
        manifest: dict[str, Any] = msgspec.json.decode(file.read("manifest.json"))
    return {"file": str(target), "bytes": target.stat().st_size} | {name: manifest[name] for name in SHOWN}


def _iso(moment: datetime | None) -> IsoDate | None:
    return None if moment is None else IsoDate(moment.date().isoformat())
