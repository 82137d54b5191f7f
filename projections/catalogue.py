"""Every projection there is, in the order in which their checkpoints are locked."""

from typing import Final

from projections.counters import COUNTERS
from projections.gaps import GAPS
from projections.history import HISTORY
from projections.invoices import INVOICES
from projections.projection import Projection
from projections.register import REGISTER

ALL: Final[tuple[Projection, ...]] = (COUNTERS, GAPS, HISTORY, INVOICES, REGISTER)


def projection_named(name: str) -> Projection | None:
    """The projection of this name, if there is one."""
    return next((projection for projection in ALL if projection.name == name), None)
