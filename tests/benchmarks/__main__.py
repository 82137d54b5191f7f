"""`tests/bench`: runs benchmarks by name on their own servers and prints the figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec
import uvloop

from tests.benchmarks.place import FULL, QUICK, Pace, Place, durable_parts, fresh
from tests.benchmarks.registry import BENCHMARKS
from tests.benchmarks.report import Report, text_of


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option(
    "--quick", "is_quick", is_flag=True, help="Short measurements, to see that it runs; do not trust the figures."
)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Also write the figures here.")
def main(names: Sequence[str], file: Path | None, *, is_quick: bool) -> None:
    """Measure NAME, or everything."""
    pace = QUICK if is_quick else FULL
    with durable_parts() as servers:
        reports = uvloop.run(_measure(servers, names or list(BENCHMARKS), pace))
    if file is not None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(reports)) + b"\n")


async def _measure(servers: Place, names: Sequence[str], pace: Pace) -> Mapping[str, Report]:
    reports: dict[str, Report] = {}
    for name in names:
        async with fresh(servers) as place:
            reports[name] = await BENCHMARKS[name](place, pace)
        click.echo(text_of(reports[name]))
    return reports


if __name__ == "__main__":
    main()
