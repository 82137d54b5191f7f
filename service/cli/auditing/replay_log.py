"""`numbering replay`: events from the first one, in words, and the state they come to."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click
import uvloop

from projections.replay.kept_tables import Scope
from projections.replay.local_time import local_time
from projections.replay.words import words
from projections.reports.as_of import AsOf
from projections.reports.opened_series import opens
from schemas.api.reports import Moment, Terms
from schemas.record import Record
from schemas.values import FirmId, SeriesId
from service.cli.auditing.event_sources import BundleSource, log_records, open_bundle, stream_records
from service.cli.auditing.moment import read_as_of
from service.cli.auditing.readers import firm_filter
from service.cli.auditing.replayed import Partition, Replayed, difference
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import out, print_json, print_table, table
from service.cli.starting.present import present_settings

UTC: Final = ZoneInfo("UTC")


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--stream", "is_stream", is_flag=True, help="Read the NATS stream, not the log.")
@firm_filter
@click.option("--series", multiple=True, metavar="SERIES", help="Only this series, by id or name; may be repeated.")
@click.option("--as-of", metavar="POSITION|DAY|TIME", callback=read_as_of, help="Read no further.  [default: the end]")
@click.option("--digests", "has_digests", is_flag=True, help="Also the digests, as always for FILE and --stream.")
@click.option("--quiet", "is_quiet", is_flag=True, help="Only the state it comes to.")
@click.option("--json", "is_json", is_flag=True, help="For programs: the state and the digests.")
def replay(
    *,
    file: Path | None,
    is_stream: bool,
    firm: str | None,
    series: tuple[str, ...],
    as_of: AsOf | None,
    has_digests: bool,
    is_quiet: bool,
    is_json: bool,
) -> None:
    """Read the log from its first event, say what happened, and end with the state it reached and the equation.

    Or read the bundle FILE, which needs no database, or the NATS stream. Every event is checked: it must follow from
    those before it, and the equation must hold after it. Digests are the same wherever the events come from; the
    reports in a bundle must be those that its events make, byte for byte. Times are those of NUMBERING_TIME_ZONE; with
    --quiet they are UTC, so that what two machines say of one log is the same bytes.
    """
    if file is not None and is_stream:
        raise click.UsageError("give a file or --stream")
    bundle = None if file is None else open_bundle(file)
    if bundle is not None:
        records = bundle.records(as_of)
    else:
        records = stream_records(present_settings(), as_of) if is_stream else log_records(as_of)
    shown = _Shown(FirmId(firm) if firm is not None else None, series, UTC if is_quiet else present_settings().zone)
    replayed = uvloop.run(_replay(records, shown, is_telling=not (is_quiet or is_json)))
    differences = [] if bundle is None or as_of is not None else _differences(bundle, replayed)
    partitions: list[Partition] = []
    if has_digests or is_json or is_stream or bundle is not None:
        scoped = bundle is not None and bundle.series is not None
        partitions = replayed.partitions(shown.firm, shown.series if series or scoped else None)
    if is_json:
        _print_json(replayed, shown, partitions, differences)
    else:
        _print(replayed, shown, partitions, differences, is_compared=bundle is not None and as_of is None)
    if differences:
        raise CommandFault("the reports of the bundle are not those that its events make")
    if not all(replayed.replay.series[each].terms().is_balanced for each in shown.series):
        raise CommandFault("the accounting equation does not hold")


class _Shown:
    """What is shown: the streams, and the series among them in the order in which they were opened."""

    def __init__(self, firm: FirmId | None, named: tuple[str, ...], zone: ZoneInfo) -> None:
        self.firm = firm
        self.zone = zone
        self.series: list[SeriesId] = []
        self._named = named or (None,)
        self._streams: set[SeriesId] = set()

    def has(self, record: Record, replayed: Replayed) -> bool:
        """Whether the record, which was just applied, is one of them."""
        is_asked = record.version == 1 and self.firm in {None, record.firm_id}
        if is_asked and any(opens(record, named) for named in self._named):
            self._streams.add(record.stream)
            if record.stream in replayed.replay.series:
                self.series.append(record.stream)
        return record.stream in self._streams


async def _replay(records: AsyncGenerator[Record], shown: _Shown, *, is_telling: bool) -> Replayed:
    replayed, console = Replayed(), out()
    async with aclosing(records):
        async for record in records:
            replayed.apply(record)
            if shown.has(record, replayed) and is_telling:
                console.print(words(record, shown.zone))
    return replayed


def _differences(bundle: BundleSource, replayed: Replayed) -> list[str]:
    """Where the reports in the bundle are not those that its events make."""
    scope = Scope(bundle.firm_id, bundle.mode, bundle.series)
    gaps, register = replayed.reports(scope, Moment(bundle.position, bundle.as_of))
    made = {"gaps.json": gaps, "register.json": register}
    found = (difference(name, bundle.member(name), each) for name, each in made.items())
    return [each for each in found if each is not None]


def _print(
    replayed: Replayed, shown: _Shown, partitions: list[Partition], differences: list[str], *, is_compared: bool
) -> None:
    """Write the state of each series that was shown, the equation over them, and the digests."""
    grid = table("series", "id", "firm", "mode", "next number", "equation", right=("next number",))
    chosen = [(series_id, replayed.replay.series[series_id]) for series_id in shown.series]
    for series_id, series in chosen:
        equation = series.terms().words()
        grid.add_row(series.name, series_id, series.firm_id, series.mode, str(series.next_number), equation)
    console = out()
    moment = f"position {replayed.replay.position}, {local_time(replayed.replay.at, shown.zone)}"
    console.print(f"\nThe state at {moment}:", style="bold")
    print_table(grid)
    total = _sum([series.terms() for _, series in chosen])
    is_balanced = all(series.terms().is_balanced for _, series in chosen)
    console.print(f"in all: {total.words()}", style="green" if is_balanced else "bold red")
    if partitions:
        digests = table("firm", "mode", "position", "of", "digest", right=("position",))
        for each in partitions:
            for name, digest in each.digests.items():
                digests.add_row(each.firm_id, each.mode, str(each.position), name, digest)
        console.print()
        print_table(digests)
    for line in differences:
        console.print(line, style="bold red")
    if is_compared and not differences:
        console.print("gaps.json and register.json are those that the events make, byte for byte", style="green")


def _print_json(replayed: Replayed, shown: _Shown, partitions: list[Partition], differences: list[str]) -> None:
    total = _sum([replayed.replay.series[each].terms() for each in shown.series])
    print_json(
        {
            "object": "replay",
            "position": replayed.replay.position,
            "at": replayed.replay.at,
            "equation": total,
            "data": partitions,
            "differences": differences,
        }
    )


def _sum(terms: list[Terms]) -> Terms:
    """The terms of several series together."""
    names = Terms.__struct_fields__
    return Terms(**{name: sum(getattr(each, name) for each in terms) for name in names})
