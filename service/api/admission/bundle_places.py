"""How many bundles are made at once: each reads a whole partition of the log, and may take minutes.

A request does not wait for a place; it is told to come again. A place is free again when its bundle has been read, when
its client has gone, or at the latest when nothing refers to it.
"""

from typing import Final

from schemas.values import FirmId
from service.api.refusals.causes import Unavailable
from service.api.refusals.table import refused

BUNDLES_MAX: Final = 2
"""In a process; of one firm only one."""


class BundlePlaces:
    """The places of one process."""

    def __init__(self, at_once: int = BUNDLES_MAX) -> None:
        self._at_once = at_once
        self._taken: set[FirmId] = set()

    def take(self, firm_id: FirmId) -> "BundlePlace":
        """A place for a bundle of this firm. Raises RefusedError if there is none."""
        if self.has_bundle(firm_id):
            raise refused(Unavailable("Another bundle of this firm is being read; one is made at a time."))
        if len(self._taken) >= self._at_once:
            raise refused(Unavailable("Too many bundles are being read."))
        self._taken.add(firm_id)
        return BundlePlace(self, firm_id)

    def has_bundle(self, firm_id: FirmId) -> bool:
        """Whether a bundle of this firm is being made."""
        return firm_id in self._taken

    def free(self, firm_id: FirmId) -> None:
        """Let the firm have another one."""
        self._taken.discard(firm_id)


class BundlePlace:
    """The place of one bundle."""

    def __init__(self, places: BundlePlaces, firm_id: FirmId) -> None:
        self._places: BundlePlaces | None = places
        self._firm_id = firm_id

    def free(self) -> None:
        """Give the place back, once."""
        if self._places is not None:
            self._places.free(self._firm_id)
        self._places = None

    def __del__(self) -> None:
        self.free()
