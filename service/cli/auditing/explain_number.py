"""`numbering explain`: the life of a number in words, and its receipt (service/evidence/README.md section 8)."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import asyncpg
import click
import msgspec
import uvloop
from msgspec import Struct

from projections.reports.number_events import TooManyEventsError, folded_number_events, kept_number_events
from schemas.api.receipts import Receipt
from schemas.events import ReservationConsumed
from schemas.record import StoredRecord
from schemas.values import NUMBER_MAX, FirmId, Number, NumberRange, Position
from service.cli.auditing.named_numbers import Named, find_numbers
from service.cli.auditing.number_explained import Explained, as_json, show
from service.cli.auditing.readers import firm_filter, reader, series_filter
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import print_json
from service.cli.screen.log_lines import write_log_lines
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.starting.present import database_url, present_settings
from service.configuration.settings import Settings
from service.evidence.receipts.fates import fates_of
from service.evidence.receipts.life import Language
from service.evidence.receipts.proofs import CoveringNote, NotSealedError, covering_note
from service.evidence.receipts.receipt import NUMBERS_MAX, NotGapError, TooLargeError, Wanted, make_receipt
from service.evidence.sealing.store import EvidenceStore
from service.evidence.sealing.tree import EvidenceBrokenError
from service.evidence.witnessing.known_witnesses import witness_keys_of
from service.log.postgres_log import PostgresLog
from service.whole_file import replace_file

_RANGE: Final = re.compile(r"([1-9][0-9]{0,15})-([1-9][0-9]{0,15})")
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_.-]")


class Asked(Struct, frozen=True, kw_only=True):
    """What the operator wants to know; `receipt` is where the receipt goes, if anywhere."""

    text: str | None
    numbers: NumberRange | None
    firm: FirmId | None
    series: str | None
    receipt: Path | None
    has_contents: bool


def _read_range(_ctx: click.Context, _param: click.Parameter, text: str | None) -> NumberRange | None:
    if text is None:
        return None
    found = _RANGE.fullmatch(text)
    first, last = (0, 0) if found is None else (int(found[1]), int(found[2]))
    if not 1 <= first <= last <= min(NUMBER_MAX, first + NUMBERS_MAX - 1):
        raise click.BadParameter(f"write FIRST-LAST, such as 104-110, with at most {NUMBERS_MAX} numbers")
    return NumberRange(Number(first), Number(last))


@click.command("explain")
@click.argument("number", required=False)
@series_filter
@firm_filter
@click.option("--range", "numbers", metavar="A-B", callback=_read_range, help="A gap instead: numbers of one --series.")
@click.option("--language", type=click.Choice(["en", "ro"]), default="en", show_default=True, help="Of the sentences.")
@click.option(
    "--receipt", metavar="FILE", type=click.Path(path_type=Path), help="Write the receipt, or in this folder."
)
@click.option("--contents", "has_contents", is_flag=True, help="With what the document says, in the receipt.")
@click.option("--json", "is_json", is_flag=True, help="For programs.")
def explain(
    *,
    number: str | None,
    series: str | None,
    firm: FirmId | None,
    numbers: NumberRange | None,
    language: Language,
    receipt: Path | None,
    has_contents: bool,
    is_json: bool,
) -> None:
    """Tell the life of NUMBER: as a document shows it, or a plain number with --series.

    With --range every number of the range must be a gap, and the receipt is a gap certificate. It verifies without this
    service: service/evidence/README.md section 8.
    """
    if (number is None) == (numbers is None):
        raise click.UsageError("name one number, or a --range")
    if numbers is not None and series is None:
        raise click.UsageError("--range needs the --series of the numbers")
    settings = present_settings()
    write_log_lines(settings)
    asked = Asked(text=number, numbers=numbers, firm=firm, series=series, receipt=receipt, has_contents=has_contents)
    found = uvloop.run(_explain(settings, asked))
    written = None if receipt is None or found.receipt is None else _write(found.receipt, receipt)
    if is_json:
        print_json(as_json(found, settings, written))
    else:
        show(found, settings, language, written)


async def _explain(settings: Settings, asked: Asked) -> Explained:
    url = database_url(settings)
    with explaining_postgres(url):
        log = await PostgresLog.open(url)
        try:
            async with reader() as connection:
                named = await find_numbers(connection, asked.firm, asked.series, asked.text, asked.numbers)
                return await _explained(connection, log, settings, asked, named)
        finally:
            await log.close()


async def _explained(
    connection: asyncpg.Connection, log: PostgresLog, settings: Settings, asked: Asked, named: Named
) -> Explained:
    head = await log.head()
    store = EvidenceStore(log.pool, log.log_id)
    try:
        events = await kept_number_events(connection, log.log_id, named.series_id, named.numbers, at_least=head)
        events = events or await folded_number_events(connection, named.series_id, named.numbers, head)
    except TooManyEventsError as error:
        raise CommandFault("these numbers have more than 1000 events; ask for fewer numbers") from error
    _require_taken(named, events.records)
    note: CoveringNote | None = None
    try:
        note = await covering_note(store, events.records[-1].record.position)
    except NotSealedError as error:
        sealed = error.size
    except EvidenceBrokenError as error:
        raise CommandFault(f"the evidence is broken: {error}") from error
    else:
        sealed = Position(note.checkpoint.size)
    return Explained(
        named=named,
        records=events.records,
        as_of=events.as_of,
        sealed_up_to=sealed,
        checkpoint_size=0 if note is None else note.checkpoint.size,
        cosigned_by=[] if note is None else _cosigners(note.text, note.checkpoint.origin),
        receipt=None if asked.receipt is None else await _receipt(log, store, settings, asked, named, events.records),
    )


async def _receipt(
    log: PostgresLog,
    store: EvidenceStore,
    settings: Settings,
    asked: Asked,
    named: Named,
    records: Sequence[StoredRecord],
) -> Receipt:
    """The receipt. Raises CommandFault where there can be none."""
    wanted = Wanted(
        numbers=named.numbers,
        is_gap=asked.numbers is not None,
        has_contents=asked.has_contents,
        zone=settings.zone,
        witness_keys=witness_keys_of(settings.evidence_witnesses_file),
    )
    try:
        return await make_receipt(log, store, records, wanted)
    except NotGapError as error:
        raise CommandFault(f"{error}, so there is no gap certificate; `numbering gaps` lists the gaps") from error
    except NotSealedError as error:
        raise CommandFault(f"{error}; try again in a second, or see `numbering evidence status`") from error
    except TooLargeError as error:
        raise CommandFault("the receipt would have more than 4 MiB; leave --contents out") from error
    except EvidenceBrokenError as error:
        raise CommandFault(f"the evidence is broken: {error}") from error


def _require_taken(named: Named, records: Sequence[StoredRecord]) -> None:
    """Raises CommandFault if a number was never taken, or its document shows another text than the operator wrote."""
    fates = fates_of((each.record.event for each in records), named.numbers)
    missing = next((each for each in range(named.numbers.first, named.numbers.last + 1) if each not in fates), None)
    if missing is not None:
        raise CommandFault(f"number {missing} was never taken from series {named.series_name} ({named.series_id})")
    events = [each.record.event for each in records]
    shown = next((event.full_number for event in events if isinstance(event, ReservationConsumed)), None)
    if named.printed is not None and shown not in {None, named.printed}:
        raise CommandFault(f"no document shows {named.printed}; number {named.numbers.first} is on {shown}")


def _cosigners(note: str, origin: str) -> list[str]:
    """The names under the note that are not the log's."""
    lines = note.rpartition("\n\n")[2].splitlines()
    return [name for line in lines if (name := line.split(" ")[1]) != origin]


def _write(receipt: Receipt, path: Path) -> Path:
    """Write the receipt, whole and synced, into a new file; its path. Raises CommandFault."""
    if path.is_dir():
        numbers = [receipt.first] if receipt.kind == "number" else [receipt.first, receipt.last]
        path /= _NOT_IN_NAMES.sub("_", "-".join(map(str, ("receipt", receipt.series.name, *numbers)))) + ".json"
    if path.exists():
        raise CommandFault(f"there is a file {path} already; name another one")
    try:
        replace_file(path, msgspec.json.format(msgspec.json.encode(receipt), indent=1) + b"\n")
    except OSError as error:
        raise CommandFault(f"cannot write {path}: {error.strerror}") from error
    return path
