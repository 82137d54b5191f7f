"""Makes a receipt from the events of its numbers (README.md section 8)."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from schemas.api.receipts import Receipt, ReceiptContent, ReceiptEvent, ReceiptLife, ReceiptSeries
from schemas.record import StoredRecord
from schemas.values import NumberRange, Position
from service.evidence.named_contents import digests_of
from service.evidence.receipts.fates import GAP_FATES, fates_of
from service.evidence.receipts.life import LANGUAGES, Teller
from service.evidence.receipts.proofs import covering_note, inclusion_proofs
from service.evidence.sealing.store import EvidenceStore
from service.log.event_log import EventLog
from service.software import SOFTWARE

NUMBERS_MAX: Final = 1_000
"""The most numbers of one receipt."""

BYTES_MAX: Final = 4_194_304
"""The most bytes of records and contents of one receipt."""

_CONTENTS_AT_ONCE: Final = 4


class TooLargeError(Exception):
    """The receipt would have more than BYTES_MAX of records and contents."""


class NotGapError(Exception):
    """A gap certificate was asked for, and `number` is no gap."""

    def __init__(self, number: int) -> None:
        super().__init__(f"number {number} is no gap")
        self.number = number


class Wanted(Struct, frozen=True, kw_only=True):
    """What a receipt is asked to be: of these numbers, a gap certificate or not, with contents or not."""

    numbers: NumberRange
    is_gap: bool
    has_contents: bool
    zone: ZoneInfo
    witness_keys: tuple[str, ...] = ()


async def make_receipt(log: EventLog, store: EvidenceStore, records: Sequence[StoredRecord], wanted: Wanted) -> Receipt:
    """The receipt of these events, which are all of the numbers, that of the opened series first.

    Raises NotGapError, NotSealedError, TooLargeError, EvidenceBrokenError and LogUnavailableError.
    """
    _require_gap(records, wanted)
    opened, last = records[0].record, records[-1].record
    assert opened.series_name is not None, "numbers are of a series"
    note = await covering_note(store, last.position)
    proofs = await inclusion_proofs(store, records, note.checkpoint)
    room = BYTES_MAX - sum(len(each.canonical) for each in records)
    if room < 0:
        raise TooLargeError
    keys = await store.verifier_keys()
    told = [each.record for each in records]
    english, romanian = (Teller(wanted.numbers, wanted.zone, language) for language in LANGUAGES)
    size = Position(note.checkpoint.size)
    return Receipt(
        kind="gap" if wanted.is_gap else "number",
        firm_id=opened.firm_id,
        mode=opened.mode,
        series=ReceiptSeries(opened.stream, opened.series_name),
        first=wanted.numbers.first,
        last=wanted.numbers.last,
        checkpoint=note.text,
        verifier_keys=[key for key, _ in keys],
        rotations=[rotation for _, rotation in reversed(keys) if rotation is not None],
        witness_keys=list(wanted.witness_keys),
        events=[ReceiptEvent(each.canonical.decode(), proof) for each, proof in zip(records, proofs, strict=True)],
        contents=await _contents(log, records, room) if wanted.has_contents else [],
        life=ReceiptLife(en=english.life(told, size), ro=romanian.life(told, size)),
        software=SOFTWARE,
    )


def _require_gap(records: Sequence[StoredRecord], wanted: Wanted) -> None:
    """Raises NotGapError for the first number that is no gap, if all must be."""
    fates = fates_of((each.record.event for each in records), wanted.numbers)
    for number in range(wanted.numbers.first, wanted.numbers.last + 1) if wanted.is_gap else ():
        if fates.get(type(wanted.numbers.first)(number)) not in GAP_FATES:
            raise NotGapError(number)


async def _contents(log: EventLog, records: Sequence[StoredRecord], room: int) -> list[ReceiptContent]:
    """What the events name by digest and the log still has, a few at a time. Raises TooLargeError."""
    digests = list(dict.fromkeys(digest for each in records for digest in digests_of(each.record.event)))
    found: list[ReceiptContent] = []
    for at in range(0, len(digests), _CONTENTS_AT_ONCE):
        some = digests[at : at + _CONTENTS_AT_ONCE]
        contents = await log.contents(some)
        for content in (contents[digest] for digest in some if digest in contents):
            room -= len(content.body)
            found.append(ReceiptContent(content.digest, content.salt.hex(), content.body.decode()))
        if room < 0:
            raise TooLargeError
    return found
