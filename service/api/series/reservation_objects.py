"""Makes reservations as clients see them (CONTRACT.md sections 5.2 and 7)."""

from typing import Final, Literal, assert_never

from schemas.api.objects import ListOf, NumberReservation
from schemas.events import ReservationConsumed
from schemas.outcomes import ReleasedOutcome, ReservedOutcome
from schemas.rejections import ReservationNotFound
from schemas.values import DeviceId, Fate, Number, UnixSeconds
from service.api.calling.call import Call
from service.api.calling.rows import Sliced
from service.api.refusals.table import refused
from service.api.series.opened_tokens import block_of_caller, opened, slot_in, token_block
from service.core.state.blocks import Block
from service.core.state.state import Series, State

Status = Literal["pending", "consumed", "released", "expired"]

SLICE_BLOCKS: Final = 40
"""How many blocks are encoded at once. With 50 numbers each this takes about ten milliseconds."""


async def pending_reservations(call: Call, series: Series, state: State) -> Sliced:
    """The pending reservations of the calling device, ascending; none for a caller that is not a device (D43).

    Their number has no bound, so they are made and encoded in slices, and other requests run between the slices.
    """
    usable = _usable_blocks(series, call.caller.device_id, _now(call, state))
    rows = call.rows()
    for at in range(0, len(usable), SLICE_BLOCKS):
        await rows.add([view for block in usable[at : at + SLICE_BLOCKS] for view in _pending_of(call, series, block)])
    total = sum(block.pending.bit_count() for block in usable)
    return Sliced(rows, ListOf[NumberReservation](data=[], total=total))


def reserved_objects(call: Call, reserved: ReservedOutcome) -> list[NumberReservation]:
    """The numbers of a block, as they were when it was reserved."""
    return _objects(call, reserved, [Number(n) for n in range(reserved.first, reserved.last + 1)])


async def released_object(call: Call, released: ReleasedOutcome) -> NumberReservation:
    """The number that was released. Raises LogUnavailableError."""
    block = await block_of_caller(call, released.reservation)
    assert block is not None, "a released number was reserved"
    return _object(call, block, released.number, "released")


async def reservation_object(call: Call, token: str) -> NumberReservation:
    """The reservation of this token in its present state (D68). Raises RefusedError and LogUnavailableError."""
    found = await opened(call, token)
    if found is None:
        raise refused(ReservationNotFound())
    block, number = found
    state = await call.state()
    fate = state.series[block.series_id].fate(number, block.position)
    status = _status(fate, block, _now(call, state))
    if status != "consumed":
        return _object(call, block, number, status)
    stored = await call.dependencies.log.consumption(block.series_id, number)
    assert stored is not None, "a consumed number is on a document"
    return _object(call, block, number, status, consumed=(stored.record.event, stored.record.at))


def _now(call: Call, state: State) -> UnixSeconds:
    """The time as the core sees it, never before the last event, so that no number looks usable that is expired."""
    return max(call.dependencies.clock(), state.at)


def _usable_blocks(series: Series, device: DeviceId | None, now: UnixSeconds) -> list[Block]:
    """The blocks for which the device has tokens that it can still use, by number."""
    if device is None:
        return []
    found = (each for each in series.blocks.values() if each.device_id == device and each.token_key is not None)
    return sorted((each for each in found if each.expires_at > now), key=lambda block: block.first)


def _pending_of(call: Call, series: Series, block: Block) -> list[NumberReservation]:
    known = token_block(series.series_id, block)
    assert known is not None, "the block has tokens"
    return _objects(call, known, list(block.numbers()))


def _objects(call: Call, block: ReservedOutcome, numbers: list[Number]) -> list[NumberReservation]:
    """Pending reservations of one block. All of its tokens are sealed in one call, which is faster."""
    count = block.last - block.first + 1
    tokens = call.dependencies.sealer.seal_block(slot_in(call, block, 0), count)
    return [_view(block, number, tokens[number - block.first], "pending") for number in numbers]


def _object(
    call: Call,
    block: ReservedOutcome,
    number: Number,
    status: Status,
    consumed: tuple[object, UnixSeconds] | None = None,
) -> NumberReservation:
    token = call.dependencies.sealer.seal(slot_in(call, block, number - block.first))
    if consumed is None:
        return _view(block, number, token, status)
    event, at = consumed
    assert isinstance(event, ReservationConsumed)
    return _view(block, number, token, status, event, at)


def _view(
    block: ReservedOutcome,
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


def _status(fate: Fate, block: ReservedOutcome, now: UnixSeconds) -> Status:
    match fate:
        case Fate.PENDING:
            return "pending" if now < block.expires_at else "expired"
        case Fate.RELEASED:
            return "released"
        case Fate.EXPIRED:
            return "expired"
        case Fate.STANDING | Fate.VOIDED | Fate.WITHDRAWN:
            return "consumed"
        case Fate.LOST:
            raise AssertionError("a lost number was never reserved in this log")
        case _:
            assert_never(fate)
