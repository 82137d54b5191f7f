"""One thing that a superuser does to a database whose triggers are off."""

from dataclasses import dataclass

from service.checking.faults import FaultKind


@dataclass(frozen=True)
class Edit:
    """`find` gives one value; `change` uses it as $1; `place` is where the fault is found, with the value for {}.

    `is_exported` says that a bundle holds what was changed, so that it cannot be made, or does not verify.
    """

    kind: FaultKind
    find: str
    change: tuple[str, ...]
    place: str
    is_exported: bool = False
