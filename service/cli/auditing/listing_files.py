"""What commands share whose result is also a file to take away: options, and writing it (CONTRACT.md D114)."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Any, Final, TypeVar

import click
import msgspec
from msgspec import Struct

from projections.keeping.one_moment import Connection
from schemas.api.reports import GapReport, NumberRegister
from schemas.values import DEFAULT_LOG, Mode
from service.api.reports.listed import surroundings_of
from service.cli.screen.commands import CommandFault
from service.cli.starting.present import present_settings
from service.clock import now
from service.listings.csv_writer import Dialect
from service.listings.formats import Format, write_listing
from service.listings.listing import FormatMissingError, Listing, ListingTooLongError, Row, Surroundings
from service.listings.words import Language
from service.whole_file import file_of_pieces

Command = TypeVar("Command", bound=Callable[..., Any])
Report = TypeVar("Report", GapReport, NumberRegister)

_BINARY: Final = frozenset({Format.XLSX, Format.PDF})


class Wanted(Struct, frozen=True):
    """How the result of a command is wanted; no format means for people, on the screen."""

    shown_as: Format | None
    language: Language
    dialect: Dialect
    mode: Mode | None
    out: Path | None


def listing_options(command: Command) -> Command:
    """Add the options that say how the result is wanted; `wanted` makes one value of them."""
    options = (
        click.option("--format", "shown_as", type=click.Choice([each.value for each in Format]), help="As a file."),
        *file_options(Language.ENGLISH, "The language of a file."),
        click.option("--mode", type=click.Choice([each.value for each in Mode]), help="Only series of this mode."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def file_options(language: Language, about_language: str) -> tuple[Callable[[Any], Any], ...]:
    """The options that say how a file is written, and to where; `language` is the one that is written by default."""
    return (
        click.option(
            "--language",
            type=click.Choice([each.value for each in Language]),
            default=language.value,
            show_default=True,
            help=about_language,
        ),
        click.option(
            "--dialect",
            type=click.Choice([each.value for each in Dialect]),
            default=Dialect.ROMANIAN.value,
            show_default=True,
            help="CSV for Romanian spreadsheets, or for programs.",
        ),
        click.option(
            "--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.  [default: the screen]"
        ),
    )


def require_place(shown_as: Format | None, out: Path | None) -> None:
    """Refuse to write to the screen what is no text. Raises BadParameter."""
    if shown_as in _BINARY and out is None:
        raise click.BadParameter(f"{shown_as} is no text: give --out", param_hint="--format")


def wanted(shown_as: str | None, language: str, dialect: str, mode: str | None, out: Path | None) -> Wanted:
    """The options, checked together. Raises BadParameter."""
    found = None if shown_as is None else Format(shown_as)
    if found is None and out is not None:
        raise click.BadParameter("--out needs --format", param_hint="--out")
    require_place(found, out)
    return Wanted(found, Language(language), Dialect(dialect), None if mode is None else Mode(mode), out)


def of_one_partition(reports: Sequence[Report], asked: Wanted) -> Sequence[Report]:
    """The reports of the mode that was asked for, which must all be of one firm and mode. Raises CommandFault."""
    found = [each for each in reports if asked.mode in {None, each.mode}]
    if asked.shown_as not in {None, Format.JSON}:
        partitions = {(each.firm_id, each.mode) for each in found}
        if not partitions:
            raise CommandFault("there is no such series, so there is nothing to list")
        if len(partitions) > 1:
            raise CommandFault("a listing is of one firm and mode: name them with --firm and --mode")
    return found


async def around(connection: Connection, report: GapReport | NumberRegister, asked: Wanted) -> Surroundings:
    """What the listing says beside its reports."""
    settings = present_settings()
    return await surroundings_of(
        connection,
        report.firm_id,
        DEFAULT_LOG,
        zone=settings.time_zone,
        language=asked.language,
        listed_at=now(),
    )


def write_json(reports: Sequence[GapReport] | Sequence[NumberRegister] | Sequence[Struct], asked: Wanted) -> None:
    """Write the reports as one JSON array, byte for byte as they are in a bundle."""
    write_out(asked, lambda out: out.write(msgspec.json.encode(reports)))


def write_file(listing: Listing, rows: Iterable[Row], asked: Wanted, totals: Row | None = None) -> None:
    """Write the listing. Raises CommandFault if the format cannot hold it, or is not installed."""
    shown_as = asked.shown_as
    assert shown_as is not None, "a listing has a format"

    def write(out: IO[bytes]) -> None:
        write_listing(listing, rows, shown_as, out, totals=totals, dialect=asked.dialect)  # type: ignore[arg-type]  # a file is a BinaryIO

    try:
        write_out(asked, write)
    except (ListingTooLongError, FormatMissingError) as error:
        raise CommandFault(str(error)) from error


def write_out(asked: Wanted, write: Callable[[IO[bytes]], Any]) -> None:
    """Let `write` write to the file that was named, or to the screen. Raises CommandFault."""
    if asked.out is None:
        write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    try:
        with file_of_pieces(asked.out) as out:
            write(out)
    except FileExistsError as error:
        raise CommandFault(f"{asked.out} is there already; name another file") from error
    except OSError as error:
        raise CommandFault(f"{asked.out} cannot be written: {error.strerror}") from error
