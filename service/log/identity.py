"""Which log this is, and where it lives: what a mark outside the database is compared with."""

from typing import Final

from msgspec import Struct

MOVED: Final = (
    "the database was copied to this PostgreSQL server from another one, and no operator has said that it is the "
    "newest copy. Make sure of that, then run `numbering resume`"
)


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

    def is_from_before(self, system: str | None, lineage: str, timeline: int | None) -> bool:
        """Whether this is the same server and history on an earlier timeline: the primary from before a failover."""
        if (self.system, self.lineage) != (system, lineage) or self.timeline is None or timeline is None:
            return False
        return self.timeline < timeline
