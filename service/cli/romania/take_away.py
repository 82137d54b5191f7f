"""The options of a command that takes one report away, and what they come to."""

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct

from projections.keeping.one_moment import Connection
from schemas.values import DEFAULT_LOG, FirmId
from service.api.reports.listed import surroundings_of
from service.cli.auditing.listing_files import Wanted, file_options, require_place, write_file, write_out
from service.cli.screen.console import print_json
from service.clock import now
from service.listings.csv_writer import Dialect
from service.listings.formats import Format
from service.listings.listing import Listing, Row, Surroundings
from service.listings.words import Language


class TakenAway(Struct, frozen=True):
    """The form that was asked for, which may be one that is no listing, and the file that it goes to."""

    form: str
    wanted: Wanted

    @property
    def language(self) -> Language:
        """The language of what is written."""
        return self.wanted.language

    async def surroundings(self, connection: Connection, firm_id: FirmId, zone: str) -> Surroundings:
        """What a listing that is made now says beside its report. Raises asyncpg's errors."""
        return await surroundings_of(
            connection, firm_id, DEFAULT_LOG, zone=zone, language=self.language, listed_at=now()
        )

    def write_listing(self, listing: Listing, rows: Iterable[Row]) -> None:
        """Write the listing. Raises CommandFault if its format is not installed, or has no room for it."""
        write_file(listing, rows, self.wanted)

    def write_json(self, report: Struct) -> None:
        """Write the report as JSON. Raises CommandFault."""
        if self.wanted.out is None:
            print_json(report)
        else:
            self.write(msgspec.json.encode(report))

    def write(self, content: bytes) -> None:
        """Write these bytes. Raises CommandFault."""
        write_out(self.wanted, lambda out: out.write(content))


def take_away_options(*forms: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Options of a command that takes a report away in one of these forms; the command gets them as `taken`."""
    options = (
        click.option("--format", "form", type=click.Choice(forms), default=forms[0], show_default=True),
        *file_options(Language.ROMANIAN, "Of all formats but JSON."),
    )

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(**given: Any) -> None:
            named = {name: given.pop(name) for name in ("form", "language", "dialect", "out")}
            command(taken=_taken(**named), **given)

        called_with_options = called
        for option in reversed(options):
            called_with_options = option(called_with_options)
        return called_with_options

    return with_options


def _taken(form: str, language: str, dialect: str, out: Path | None) -> TakenAway:
    """The options, checked together. Raises BadParameter."""
    shown_as = Format(form) if form in set(Format) else None
    require_place(shown_as, out)
    return TakenAway(form, Wanted(shown_as, Language(language), Dialect(dialect), None, out))
