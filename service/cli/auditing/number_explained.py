"""What `numbering explain` found, as it is shown to people and to programs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from schemas.api.receipts import Receipt
from schemas.record import StoredRecord, event_tag
from schemas.values import Position
from service.cli.auditing.named_numbers import Named
from service.cli.screen.console import out
from service.configuration.settings import Settings
from service.evidence.receipts.fates import fates_of, runs_of
from service.evidence.receipts.life import Language, Teller


class Explained(Struct, frozen=True, kw_only=True):
    """The events of the numbers, and how far they are sealed; `checkpoint_size` is 0 if nothing covers all of them."""

    named: Named
    records: Sequence[StoredRecord]
    as_of: Position
    sealed_up_to: Position
    checkpoint_size: int
    cosigned_by: list[str]
    receipt: Receipt | None


def as_json(found: Explained, settings: Settings, written: Path | None) -> dict[str, Any]:
    """The explanation for programs; `written` is the file of the receipt."""
    named, told = found.named, [each.record for each in found.records]
    tellers: dict[Literal["en", "ro"], Teller] = {
        language: Teller(named.numbers, settings.zone, language) for language in ("en", "ro")
    }
    return {
        "series_id": named.series_id,
        "series_name": named.series_name,
        "firm_id": named.firm_id,
        "mode": named.mode,
        "first": named.numbers.first,
        "last": named.numbers.last,
        "fates": [
            {"first": each.first, "last": each.last, "fate": fate}
            for each, fate in runs_of(fates_of((each.event for each in told), named.numbers))
        ],
        "as_of": found.as_of,
        "events": [
            {
                "position": each.position,
                "type": event_tag(each.event),
                "at": each.at,
                "is_sealed": each.position <= found.sealed_up_to,
            }
            for each in told
        ],
        "sealed_up_to": found.sealed_up_to,
        "checkpoint_size": found.checkpoint_size or None,
        "cosigned_by": found.cosigned_by,
        "life": {language: teller.life(told, found.as_of) for language, teller in tellers.items()},
        "receipt": None if written is None else str(written),
    }


def show(found: Explained, settings: Settings, language: Language, written: Path | None) -> None:
    """Write the explanation for people."""
    named, console = found.named, out()
    teller = Teller(named.numbers, settings.zone, language)
    numbers = " to ".join(dict.fromkeys(map(str, (named.numbers.first, named.numbers.last))))
    where = f"{named.series_id} of {named.firm_id}, {named.mode}"
    console.print(f"{numbers} of {named.series_name}  ({where})", style="bold")
    width = len(str(found.records[-1].record.position))
    for each in found.records:
        position = each.record.position
        mark = "" if position <= found.sealed_up_to else "  [not sealed yet]"
        console.print(f"{position:>{width}}  {teller.happened(each.record)}{mark}")
    for sentence in teller.became([each.record for each in found.records], found.as_of):
        console.print(f"{'':>{width}}  {sentence}")
    console.print(_sealed(found))
    if written is not None:
        console.print(f"receipt: {written}")


def _sealed(found: Explained) -> str:
    if not found.sealed_up_to:
        return "sealed: nothing; the process that seals needs the keys of `numbering evidence create`"
    if not found.checkpoint_size:
        return f"sealed: only the events up to position {found.sealed_up_to}"
    by = f", co-signed by {', '.join(found.cosigned_by)}" if found.cosigned_by else ", co-signed by no witness"
    return f"sealed: by the note of {found.checkpoint_size} events{by}"
