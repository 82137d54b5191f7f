"""Which log this is, and where it lives: what a mark outside the database is compared with."""

from msgspec import Struct


class LogIdentity(Struct, frozen=True, kw_only=True):
    """What the database says of itself; a copy of it says the same, except where it is.

    `lineage` names the history that is in force, begun on the server `home`; each of `given_up` ended in a loss that an
    operator accepted. `system` and `timeline` are those of the server that answers now, none if it does not say.
    """

    installation: str
    lineage: str
    given_up: frozenset[str]
    home: str | None
    system: str | None
    timeline: int | None

    @property
    def is_moved(self) -> bool:
        """Whether the database came to another server as a copy, and no operator has said yet that it is whole."""
        return None not in {self.home, self.system} and self.home != self.system
