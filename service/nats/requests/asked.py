"""A NATS request as the entrance takes it: the HTTP call it stands for, with the parts of the path in the body."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from schemas.api.operations import OPERATIONS, Operation
from schemas.commands import Caller
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
"""Requests whose credential we do not know come from no address; they are counted by the subject they may use."""

_BY_PATH: Final = {(route.method, route.path): route for route in ROUTES}
_ROUTES: Final[Mapping[str, Route]] = {each.name: _BY_PATH[each.method, each.path] for each in OPERATIONS}


class Arrived(Struct, frozen=True):
    """One request as it came; nothing of it is verified yet.

    `partition` is the mode and the firm of its subject; `authorization` and `idempotency_key` are what the headers of
    these names hold. NATS cannot carry a reply of more than `reply_bytes_max` bytes.
    """

    operation: Operation
    partition: tuple[str, str]
    authorization: str
    idempotency_key: str | None
    body: bytes
    reply_bytes_max: int


@dataclass(frozen=True, slots=True)
class NatsAsked:
    """One request, of which a body of more than `body_bytes_max` bytes is refused."""

    arrived: Arrived
    stranger: str
    body_bytes_max: int

    @property
    def route(self) -> Route:
        """The HTTP call that the operation stands for."""
        return _ROUTES[self.arrived.operation.name]

    @property
    def authorization(self) -> str:
        """The header of this name."""
        return self.arrived.authorization

    @property
    def idempotency_key(self) -> str | None:
        """The header Idempotency-Key."""
        return self.arrived.idempotency_key

    @property
    def names(self) -> Mapping[str, str]:
        """The fields of the body that HTTP has in the path, by their place there."""
        return self.arrived.operation.in_path

    @property
    def reply_bytes_max(self) -> int:
        """What the server of NATS carries."""
        return self.arrived.reply_bytes_max

    async def sent(self, caller: Caller) -> Sent:
        """The path that the body names, and the rest of the body.

        Raises RefusedError if the subject is another firm's, or if the body is too large or does not name its path.
        """
        arrived = self.arrived
        # The server of NATS decides who may use a subject; it must not open another firm's numbers.
        if arrived.partition != (caller.mode, caller.firm_id):
            raise refused(SubjectOfOthers())
        if len(arrived.body) > self.body_bytes_max:
            raise refused(BodyTooLarge(self.body_bytes_max))
        given = given_body(arrived.body, "")
        places = _places(arrived.operation, given)
        return Sent(arrived.operation.path.format(**places), places, {}, _rest(arrived.operation, given))


def stranger_of(partition: tuple[str, str], *, is_known: bool) -> str:
    """As whom a stranger is counted.

    The server of NATS decides who may use a firm's subjects, so strangers of a firm that we have are counted together:
    a flood on one firm's subjects does not lock out callers of another firm.
    """
    mode, firm_id = partition
    return f"{STRANGERS}:{mode}:{firm_id}" if is_known else STRANGERS


def _places(operation: Operation, given: GivenBody) -> dict[str, str]:
    """The parts of the path. Raises RefusedError: without them there is no path, and no earlier request to look for."""
    names = operation.in_path
    if not names:
        return {}
    if isinstance(given.fields, Refusal):
        raise RefusedError(given.fields)
    fields = given.fields
    faults = [fault for name in names.values() if (fault := _place_fault(name, fields.get(name)))]
    if faults:
        raise bad_fields(faults)
    return {place: str(fields[name]) for place, name in names.items()}


def _place_fault(name: str, value: Tree) -> FieldFault | None:
    if value is None:
        return missing(name, f"{name} is required.")
    if name == "number":
        is_right = isinstance(value, int) and not isinstance(value, bool) and value > 0
        return None if is_right else invalid(name, "a whole number, 1 or more")
    is_right = isinstance(value, str) and 1 <= len(value) <= 255
    return None if is_right else invalid(name, "text of 1 to 255 characters")


def _rest(operation: Operation, given: GivenBody) -> GivenBody:
    """The body without the parts of the path; or why the operation cannot have this body."""
    if isinstance(given.fields, Refusal):
        return given
    in_path = operation.in_path.values()
    fields = {name: value for name, value in given.fields.items() if name not in in_path}
    faults: list[FieldFault] = []
    needs, refuses = operation.needs, operation.refuses
    if needs is not None and fields.get(needs) is None:
        faults.append(missing(needs, f"{needs} is required."))
    if refuses is not None and fields.get(refuses) is not None:
        faults.append(FieldFault(refuses, "invalid_field_value", f"{refuses} is for another operation: consume."))
    return GivenBody(fields, given.text, bad_fields(faults).refusal if faults else None)
