"""`tests/bench`: runs benchmarks by name on their own servers and prints the figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec
import uvloop

from tests.benchmarks.http_requests import KINDS
from tests.benchmarks.http_service import LAYOUTS
from tests.benchmarks.place import FULL, QUICK, SLOW_DISK, Choice, Pace, Place, durable_parts, fresh
from tests.benchmarks.registry import BENCHMARKS, LONG
from tests.benchmarks.report import Report, text_of

_checkout = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, type=click.Choice([*BENCHMARKS, *LONG]))
@click.option(
    "--quick", "is_quick", is_flag=True, help="Short measurements, to see that it runs; do not trust the figures."
)
@click.option("--seconds", type=click.FloatRange(0.1), help="How long each measurement takes.")
@click.option("--rounds", type=click.IntRange(1), help="How many measurements the median is of.")
@click.option(
    "--level", "levels", multiple=True, type=click.IntRange(1), help="Measure this many in flight. Repeatable."
)
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(KINDS)), help="Of http, one. Repeatable.")
@click.option("--layout", "layouts", multiple=True, type=click.Choice(LAYOUTS), help="http, one: only this layout.")
@click.option("--against", type=_checkout, help="http, one: in turn with another checkout that has its own .venv.")
@click.option("--slow-disk", "is_slow", is_flag=True, help="Model a disk that takes 2 ms more to flush.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Also write the figures here.")
def main(
    names: Sequence[str],
    file: Path | None,
    seconds: float | None,
    rounds: int | None,
    against: Path | None,
    **options: Sequence[str],
) -> None:
    """Measure NAME, or everything that takes some minutes."""
    choice = Choice(tuple(options["kinds"]), tuple(options["layouts"]), against)
    pace = QUICK if options["is_quick"] else FULL
    pace = Pace(seconds or pace.seconds, rounds or pace.rounds, tuple(map(int, options["levels"])), choice)
    with durable_parts(SLOW_DISK if options["is_slow"] else {}) as servers:
        reports = uvloop.run(_measure(servers, names or list(BENCHMARKS), pace))
    if file is not None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(reports)) + b"\n")


async def _measure(servers: Place, names: Sequence[str], pace: Pace) -> Mapping[str, Report]:
    reports: dict[str, Report] = {}
    for name in names:
        async with fresh(servers) as place:
            reports[name] = await (BENCHMARKS | LONG)[name](place, pace)
        click.echo(text_of(reports[name]))
    return reports


if __name__ == "__main__":
    main()
