"""The keys of requests that are known by their events only, because the answers were lost (DESIGN.md section 6).

An event says firm, mode, device and key of the request that made it, and which request that was. So the digest under
which an answer would be kept can be made again, though not the answer.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, assert_never

from schemas.events import (
    DocumentChanged,
    DocumentErased,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftErased,
    DraftSaved,
    DraftVoided,
    GapExplained,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesDescribed,
    SeriesLocked,
    SeriesMadePrimary,
    SeriesOpened,
    SeriesUnlocked,
)
from schemas.outcomes import AnswerLost
from schemas.record import Record
from schemas.values import Position
from service.access.reservation_tokens import SealedSlot, TokenSealer
from service.api.calling.idempotency import scope_of
from service.api.invoices.show import INVOICES
from service.api.series.series import ALIAS, SERIES
from service.log.event_log import Answer

NO_REQUEST: Final = b""
"""It takes the place of the digest of the body, because no event has that."""

RecordAt = Callable[[Position], Awaitable[Record | None]]


async def lost_answers(records: Iterable[Record], sealer: TokenSealer, record_at: RecordAt) -> list[Answer]:
    """What to keep under the keys of these events: that the answer is lost, from which position on.

    `record_at` finds the block of a reservation. Raises what it raises, and UnknownTokenKeyError.
    """
    found: dict[bytes, Answer] = {}
    for record in records:
        for scope in await scopes_of(record, sealer, record_at):
            found.setdefault(scope, Answer(scope, NO_REQUEST, AnswerLost(record.position)))
    return list(found.values())


async def scopes_of(record: Record, sealer: TokenSealer | None, record_at: RecordAt) -> list[bytes]:
    """The digests under one of which the answer to the request that made this event is kept; none if another tells.

    Raises as `lost_answers`; without a `sealer`, an assertion where a token must be made again.
    """
    key = record.idempotency_key
    if key is None:
        return []
    paths = await _paths(record, sealer, record_at)
    return [scope_of(record.firm_id, record.mode, record.device_id, path, key) for path in paths]


async def _paths(record: Record, sealer: TokenSealer | None, record_at: RecordAt) -> list[str]:
    """The paths of the POST that made this event: two where the path has two names, none where another event tells."""
    event, stream = record.event, record.stream
    match event:
        case SeriesOpened():
            return [SERIES, ALIAS]
        case SeriesMadePrimary():
            return [f"{SERIES}/{stream}/set-primary", f"{ALIAS}/{stream}/set-primary"]
        case SeriesLocked():
            return [f"{SERIES}/{stream}/lock"]
        case SeriesUnlocked():
            return [f"{SERIES}/{stream}/unlock"]
        case NumbersReserved():
            return [f"{SERIES}/{stream}/reserve-numbers"] if event.token_key is not None else []
        case ReservationConsumed():
            return [INVOICES if event.reverses is None else f"{INVOICES}/{event.reverses}/storno"]
        case ReservationReleased():
            return [f"{SERIES}/reservations/{await _token(record, event, sealer, record_at)}/release"]
        case DocumentVoided() | DraftVoided():
            return [f"{INVOICES}/{event.document_id}/void"]
        case DocumentErased() | DraftErased():
            return [f"{INVOICES}/{event.document_id}/erase"]
        case GapExplained():
            return [f"{SERIES}/{stream}/gaps/explanations"]
        case DocumentUnvoided():
            return [f"{INVOICES}/{event.document_id}/unvoid"]
        case DraftSaved():
            return [INVOICES] if record.version == 1 else []
        case SeriesDescribed() | DocumentChanged() | NumberWithdrawn() | DraftDeleted():
            return []  # PUT, PATCH and DELETE take no key
        case DocumentReversed() | ReservationExpired() | NumbersLost():
            return []  # the consumption of the same request tells; no caller asks for an expiry, or for a loss
        case _:
            assert_never(event)


async def _token(record: Record, released: ReservationReleased, sealer: TokenSealer | None, record_at: RecordAt) -> str:
    """The token that was released."""
    assert sealer is not None, "a token is made again with the key file"
    block = await record_at(released.reservation)
    assert block is not None, f"position {record.position} releases a number of a block before it"
    assert isinstance(block.event, NumbersReserved), f"position {released.reservation} is no block"
    assert block.event.token_key is not None, "a number that was released had a token"
    slot = released.number - block.event.first
    return sealer.seal(SealedSlot(record.log, block.position, slot, block.event.token_nonce, block.event.token_key))
