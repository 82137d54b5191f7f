"""Reservations as clients see them, and from a token back to its slot (contract.md sections 5.2 and 7)."""

from typing import Literal, assert_never

from msgspec import Struct

from schemas.api.objects import NumberReservation
from schemas.commands import Slot
from schemas.events import NumbersReserved, ReservationConsumed
from schemas.outcomes import ReleasedOutcome, ReservedOutcome
from schemas.rejections import ReservationNotFound
from schemas.values import DeviceId, Fate, Number, Position, SeriesId, UnixSeconds
from service.core.state import Block, Series
from service.web.call import Call
from service.web.errors import refused

Status = Literal["pending", "consumed", "released", "expired"]


class TokenBlock(Struct, frozen=True):
    """A block whose tokens were handed out: facts that never change."""

    position: Position
    series_id: SeriesId
    first: Number
    last: Number
    device_id: DeviceId
    reserved_at: UnixSeconds
    expires_at: UnixSeconds
    token_key: str


def pending_objects(call: Call, series: Series) -> list[NumberReservation]:
    """What the calling device can still use of the series, ascending; nothing for a caller without a device (D43)."""
    now, device = call.parts.clock(), call.caller.device_id
    blocks = (block for block in series.blocks.values() if device is not None and block.device_id == device)
    found = [
        view
        for block in blocks
        if block.expires_at > now and (known := _token_block(series.series_id, block)) is not None
        for view in _objects(call, known, list(block.numbers()))
    ]
    return sorted(found, key=lambda view: view.number)


def reserved_objects(call: Call, reserved: ReservedOutcome) -> list[NumberReservation]:
    """The numbers of a block as they were when it was reserved."""
    block = TokenBlock(
        position=reserved.position,
        series_id=reserved.series_id,
        first=reserved.first,
        last=reserved.last,
        device_id=reserved.device_id,
        reserved_at=reserved.reserved_at,
        expires_at=reserved.expires_at,
        token_key=reserved.token_key,
    )
    return _objects(call, block, [Number(n) for n in range(block.first, block.last + 1)])


async def released_object(call: Call, released: ReleasedOutcome) -> NumberReservation:
    """The number that was given up. Raises LogUnavailableError."""
    block = await _block_at(call, released.reservation)
    assert block is not None, "a released number was reserved"
    return _object(call, block, released.number, "released")


async def slot_of(call: Call, token: str) -> Slot | None:
    """The slot this token stands for; none if it opens to nothing of the caller's firm. Raises LogUnavailableError."""
    found = await _open(call, token)
    if found is None:
        return None
    block, number = found
    return Slot(block.position, block.series_id, number, block.device_id)


async def reservation_object(call: Call, token: str) -> NumberReservation:
    """The reservation in whatever state it is (D68). Raises RefusedError and LogUnavailableError."""
    found = await _open(call, token)
    if found is None:
        raise refused(ReservationNotFound())
    block, number = found
    series = (await call.state()).series[block.series_id]
    status = _status(series.fate(number, block.position), block, call.parts.clock())
    if status != "consumed":
        return _object(call, block, number, status)
    stored = await call.parts.log.consumption(block.series_id, number)
    assert stored is not None, "a consumed number is on a document"
    return _object(call, block, number, status, consumed=(stored.record.event, stored.record.at))


async def _open(call: Call, token: str) -> tuple[TokenBlock, Number] | None:
    sealed = call.parts.sealer.open(token)
    if sealed is None or sealed.log_id != call.parts.log.log_id:
        return None
    block = await _block_at(call, sealed.position)
    if block is None or sealed.slot > block.last - block.first:
        return None
    return block, Number(block.first + sealed.slot)


async def _block_at(call: Call, position: Position) -> TokenBlock | None:
    """The block reserved at this position, if it is of the caller's firm and mode and has tokens."""
    unsettled = call.parts.writer.state.block_at(position)
    if unsettled is not None:
        series, block = unsettled
        is_ours = call.parts.writer.state.of(call.caller, series.series_id) is not None
        return _token_block(series.series_id, block) if is_ours else None
    stored = await call.parts.log.record_at(position)
    if stored is None:
        return None
    record, event = stored.record, stored.record.event
    is_ours = record.firm_id == call.caller.firm_id and record.mode is call.caller.mode
    if not is_ours or not isinstance(event, NumbersReserved) or event.device_id is None or event.token_key is None:
        return None
    return TokenBlock(
        position, record.stream, event.first, event.last, event.device_id, record.at, event.expires_at, event.token_key
    )


def _token_block(series_id: SeriesId, block: Block) -> TokenBlock | None:
    if block.device_id is None or block.token_key is None:
        return None
    return TokenBlock(
        position=block.position,
        series_id=series_id,
        first=block.first,
        last=block.last,
        device_id=block.device_id,
        reserved_at=block.reserved_at,
        expires_at=block.expires_at,
        token_key=block.token_key,
    )


def _objects(call: Call, block: TokenBlock, numbers: list[Number]) -> list[NumberReservation]:
    """Pending reservations of one block; its tokens are sealed in one go."""
    count = block.last - block.first + 1
    tokens = call.parts.sealer.seal_block(call.parts.log.log_id, block.position, count, block.token_key)
    return [_view(block, number, tokens[number - block.first], "pending") for number in numbers]


def _object(
    call: Call,
    block: TokenBlock,
    number: Number,
    status: Status,
    consumed: tuple[object, UnixSeconds] | None = None,
) -> NumberReservation:
    slot = number - block.first
    token = call.parts.sealer.seal(call.parts.log.log_id, block.position, slot, block.token_key)
    if consumed is None:
        return _view(block, number, token, status)
    event, at = consumed
    assert isinstance(event, ReservationConsumed)
    return _view(block, number, token, status, event, at)


def _view(
    block: TokenBlock,
    number: Number,
    token: str,
    status: Status,
    consumed: ReservationConsumed | None = None,
    consumed_at: UnixSeconds | None = None,
) -> NumberReservation:
    return NumberReservation(
        token=token,
        series_id=block.series_id,
        number=number,
        status=status,
        device_id=block.device_id,
        reserved_at=block.reserved_at,
        expires_at=block.expires_at,
        consumed_at=consumed_at,
        client_local_uuid=None if consumed is None else consumed.client_local_uuid,
        invoice_id=None if consumed is None else consumed.document_id,
    )


def _status(fate: Fate, block: TokenBlock, now: UnixSeconds) -> Status:
    match fate:
        case Fate.PENDING:
            return "pending" if now < block.expires_at else "expired"
        case Fate.RELEASED:
            return "released"
        case Fate.EXPIRED:
            return "expired"
        case Fate.STANDING | Fate.VOIDED | Fate.WITHDRAWN:
            return "consumed"
        case _:
            assert_never(fate)
