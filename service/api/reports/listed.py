"""Reports as files to take away: which form a request asks for, and making it (CONTRACT.md D114)."""

import asyncio
import io
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from projections.keeping.one_moment import Connection
from schemas.api.queries import ListingQuery
from schemas.values import FirmId, LogId, UnixSeconds
from service.access.firm_names import firm_name
from service.api.calling.call import Call
from service.api.calling.reply import Attachment
from service.api.reading.accepted import best_language, best_type
from service.api.refusals.causes import FormatNotAvailable, ListingTooLong, Unavailable
from service.api.refusals.table import refused
from service.api.reports.kept_or_folded import READ_WAIT_SECONDS_MAX, reading
from service.evidence.sealing.store import read_newest_note
from service.listings.csv_writer import Dialect
from service.listings.formats import MEDIA_TYPES, Format, write_listing
from service.listings.listing import FormatMissingError, Listing, ListingTooLongError, Row, Surroundings
from service.listings.words import Language
from service.software import SOFTWARE

PIECE_BYTES: Final = 65_536

_OFFERED: Final = [MEDIA_TYPES[each] for each in Format]
_BY_TYPE: Final = {media_type: each for each, media_type in MEDIA_TYPES.items()}


class Form(Struct, frozen=True):
    """The form in which a report is wanted."""

    shown_as: Format
    language: Language
    dialect: Dialect


def form_of(call: Call, query: ListingQuery) -> Form:
    """What the query says, else the headers. Raises RefusedError (406) if the client accepts none of our forms."""
    language = query.language or best_language(call.sent.accept_language, [each.value for each in Language])
    found = query.format or _BY_TYPE.get(best_type(call.sent.accept, _OFFERED) or "")
    if found is None:
        raise refused(FormatNotAvailable("None of the media types in Accept", ", ".join(_OFFERED)))
    return Form(Format(found), Language(language), Dialect(query.dialect or Dialect.ROMANIAN))


async def surroundings(call: Call, form: Form) -> Surroundings:
    """What the listing says beside its report. Raises LogUnavailableError."""
    dependencies = call.dependencies
    async with reading(call) as connection:
        return await surroundings_of(
            connection,
            call.caller.firm_id,
            dependencies.log.log_id,
            zone=dependencies.settings.time_zone,
            language=form.language,
            listed_at=dependencies.clock(),
        )


async def surroundings_of(
    connection: Connection,
    firm_id: FirmId,
    log_id: LogId,
    *,
    zone: str,
    language: Language,
    listed_at: UnixSeconds,
    period: str = "",
) -> Surroundings:
    """The name of the firm and the newest note, beside what is given. Raises asyncpg's errors."""
    note = await read_newest_note(connection, log_id)
    root = "" if note is None else note.note.decode().split("\n")[2]
    return Surroundings(
        language=language,
        zone=zone,
        listed_at=listed_at,
        software=SOFTWARE,
        firm_name=await firm_name(connection, firm_id),
        period=period,
        note=None if note is None else (note.size, root),
    )


async def attached(
    call: Call, form: Form, listing: Listing, rows: Iterable[Row], totals: Row | None = None
) -> Attachment:
    """The listing as a file. A thread makes it, for one request of a firm at a time.

    Raises RefusedError if the form cannot hold the rows, is not installed, or if too many listings are being made.
    """

    def make() -> bytes:
        out = io.BytesIO()
        write_listing(listing, rows, form.shown_as, out, totals=totals, dialect=form.dialect)
        return out.getvalue()

    try:
        async with call.dependencies.listings.turn(call.caller.firm_id, READ_WAIT_SECONDS_MAX):
            content = await asyncio.to_thread(make)
    except TimeoutError as error:
        raise refused(Unavailable("Other listings are still being made.")) from error
    except ListingTooLongError as error:
        raise refused(ListingTooLong(form.shown_as, error.rows_max, error.others)) from error
    except FormatMissingError as error:
        others = ", ".join(each for each in Format if each is not form.shown_as)
        raise refused(
            FormatNotAvailable(f"The format {form.shown_as}, which is not installed here,", others)
        ) from error
    held = call.rows().held
    held.take(len(content))
    pieces = [content[at : at + PIECE_BYTES] for at in range(0, len(content), PIECE_BYTES)]
    charset = "; charset=utf-8" if form.shown_as is Format.CSV else ""
    return Attachment(
        pieces, MEDIA_TYPES[form.shown_as] + charset, f"{listing.stem}.{form.shown_as}", form.language, held
    )
