"""A NATS request in the form that the entrance takes: the HTTP call it stands for, with the path in its body."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from msgspec import Struct

from schemas.api.operations import OPERATIONS, Operation
from schemas.commands import Caller
from schemas.traceparent import TraceParent
from schemas.values import NUMBER_MAX
from service.api.admission.rate_limit import ADDRESS
from service.api.calling.route import Route
from service.api.calling.sent import Sent
from service.api.catalogue import ROUTES
from service.api.reading.body import GivenBody, given_body
from service.api.reading.json_text import Tree
from service.api.refusals.causes import BodyTooLarge, SubjectOfOthers
from service.api.refusals.field_faults import FieldFault, invalid, missing
from service.api.refusals.table import Refusal, RefusedError, bad_fields, refused

STRANGERS: Final = f"{ADDRESS}nats"
"""Prefix of the holder for requests with an unknown credential. NATS shows no address, so their subject is counted."""

_BY_PATH: Final = {(route.method, route.path): route for route in ROUTES}
_ROUTES: Final[Mapping[str, Route]] = {each.name: _BY_PATH[each.method, each.path] for each in OPERATIONS}


class Arrived(Struct, frozen=True):
    """One request as it arrived, nothing of which is verified yet.

    `partition` is the mode and the firm in its subject. `authorization` and `idempotency_key` are the headers of these
    names, `traceparent` is the trace in the header of this name, if it is well formed, and `tracestate` what stands
    beside it. NATS cannot carry a reply of more than `reply_bytes_max` bytes.
    """

    operation: Operation
    partition: tuple[str, str]
    authorization: str
    idempotency_key: str | None
    body: bytes
    reply_bytes_max: int
    traceparent: TraceParent | None = None
    tracestate: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NatsAsked:
    """One request. Its body is refused if it exceeds `body_bytes_max` bytes."""

    arrived: Arrived
    stranger: str
    body_bytes_max: int

    @property
    def route(self) -> Route:
        """The HTTP call that the operation stands for."""
        return _ROUTES[self.arrived.operation.name]

    @property
    def authorization(self) -> str:
        """The Authorization header; empty if there is none."""
        return self.arrived.authorization

    @property
    def idempotency_key(self) -> str | None:
        """The header Idempotency-Key."""
        return self.arrived.idempotency_key

    @property
    def names(self) -> Mapping[str, str]:
        """For each variable of the HTTP path, the field of the body that holds it."""
        return self.arrived.operation.in_path

    @property
    def reply_bytes_max(self) -> int:
        """The largest reply that the NATS server carries."""
        return self.arrived.reply_bytes_max

    async def sent(self, caller: Caller) -> Sent:
        """The path, made from fields of the body, and the rest of the body.

        Raises RefusedError if the subject belongs to another firm or mode, if the body is too large, or if it does not
        have the fields of the path.
        """
        arrived = self.arrived
        # The NATS server decides who may use a subject. That right must not give access to another firm's numbers.
        if arrived.partition != (caller.mode, caller.firm_id):
            raise refused(SubjectOfOthers())
        if len(arrived.body) > self.body_bytes_max:
            raise refused(BodyTooLarge(self.body_bytes_max))
        given = given_body(arrived.body, "")
        places = _places(arrived.operation, given)
        return Sent(arrived.operation.path.format(**places), places, {}, _rest(arrived.operation, given))


def stranger_of(partition: tuple[str, str], *, is_known: bool) -> str:
    """The holder for which a caller with an unknown credential is counted.

    The NATS server decides who may use the subjects of a firm. So strangers on the subjects of a known firm share one
    count of that firm, and a flood there does not lock out callers of another firm.
    """
    mode, firm_id = partition
    return f"{STRANGERS}:{mode}:{firm_id}" if is_known else STRANGERS


def _places(operation: Operation, given: GivenBody) -> dict[str, str]:
    """The variables of the path. Raises RefusedError if one is missing: the scope of a key needs the whole path."""
    names = operation.in_path
    if not names:
        return {}
    if isinstance(given.fields, Refusal):
        raise RefusedError(given.fields)
    fields = given.fields
    faults = [fault for name in names.values() if (fault := _place_fault(name, fields.get(name)))]
    if faults:
        raise bad_fields(faults)
    return {place: _in_path(fields[name]) for place, name in names.items()}


def _in_path(value: Tree) -> str:
    """The value as HTTP writes it in a path; a whole number may be sent as 1.0 (CONTRACT.md D90)."""
    return str(int(value) if isinstance(value, Decimal) else value)


def _place_fault(name: str, value: Tree) -> FieldFault | None:
    if value is None:
        return missing(name, f"{name} is required.")
    if name == "number":
        match value:
            case bool():
                is_right = False
            case int():
                is_right = value > 0
            case Decimal():
                # The bound comes first: int of 1e999999 would fill the memory.
                is_right = 0 < value <= NUMBER_MAX and value == int(value)
            case _:
                is_right = False
        return None if is_right else invalid(name, "a whole number, 1 or more")
    is_right = isinstance(value, str) and 1 <= len(value) <= 255
    return None if is_right else invalid(name, "text of 1 to 255 characters")


def _rest(operation: Operation, given: GivenBody) -> GivenBody:
    """The body without the fields of the path, and a refusal if the operation does not allow this body."""
    if isinstance(given.fields, Refusal):
        return given
    in_path = operation.in_path.values()
    fields = {name: value for name, value in given.fields.items() if name not in in_path}
    faults: list[FieldFault] = []
    needs, refuses = operation.needs, operation.refuses
    if needs is not None and fields.get(needs) is None:
        faults.append(missing(needs, f"{needs} is required."))
    if refuses is not None and fields.get(refuses) is not None:
        message = f"{refuses} is not allowed in this operation; use the operation consume."
        faults.append(FieldFault(refuses, "invalid_field_value", message))
    return GivenBody(fields, given.text, bad_fields(faults).refusal if faults else None)
