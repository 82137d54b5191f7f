"""What commands share that print a report as a file: format, language, dialect of CSV, and where it goes."""

import io
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from importlib.metadata import version
from typing import Any, BinaryIO, Final

import click
from msgspec import Struct

from service.cli.screen.commands import CommandFault
from service.clock import now
from service.listings.csv_writer import Dialect
from service.listings.formats import Format, write_listing
from service.listings.listing import FormatMissingError, Listing, ListingTooLongError, Row, Surroundings
from service.listings.words import Language

PROGRAM: Final = "invoice-numbering"

_BINARY: Final = frozenset({"pdf", "xlsx"})


class TakenAway(Struct, frozen=True):
    """The form that was asked for, and the file that it goes to."""

    form: str
    language: Language
    dialect: Dialect
    out: BinaryIO

    def surroundings(self, zone: str) -> Surroundings:
        """What a listing that is made now says beside its report."""
        return Surroundings(
            language=self.language, zone=zone, listed_at=now(), software=f"{PROGRAM} {version(PROGRAM)}"
        )

    def write_listing(self, listing: Listing, rows: Iterable[Row]) -> None:
        """Write the listing. Raises CommandFault if its format is not installed, or has no room for it."""
        made = io.BytesIO()
        try:
            write_listing(listing, rows, Format(self.form), made, dialect=self.dialect)
        except (FormatMissingError, ListingTooLongError) as error:
            raise CommandFault(str(error)) from error
        self.write(made.getvalue())

    def write(self, content: bytes) -> None:
        """Write these bytes. Raises CommandFault if a terminal would have to show what is no text."""
        if self.form in _BINARY and self.out is sys.stdout.buffer and sys.stdout.isatty():
            raise CommandFault(f"{self.form} is no text for a terminal; name a file with --out")
        self.out.write(content)


def listing_options(*forms: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Options of a command that takes a report away in one of these forms; the command gets them as `taken`."""
    options = (
        click.option("--format", "form", type=click.Choice(forms), default=forms[0], show_default=True),
        click.option(
            "--language",
            type=click.Choice([each.value for each in Language]),
            default=Language.ROMANIAN.value,
            show_default=True,
            help="Of all formats but JSON.",
        ),
        click.option(
            "--dialect",
            type=click.Choice([each.value for each in Dialect]),
            default=Dialect.ROMANIAN.value,
            show_default=True,
            help="Of CSV.",
        ),
        click.option(
            "--out", type=click.File("wb"), default="-", help="The file to write.  [default: standard output]"
        ),
    )

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(**given: Any) -> None:
            named = (given.pop("form"), Language(given.pop("language")), Dialect(given.pop("dialect")))
            command(taken=TakenAway(*named, given.pop("out")), **given)

        called_with_options = called
        for option in reversed(options):
            called_with_options = option(called_with_options)
        return called_with_options

    return with_options
