"""All projections, in the order in which a runner locks their checkpoints."""

from typing import Final

from projections.models.counters.counters import COUNTERS
from projections.models.gaps.gaps import GAPS
from projections.models.invoices.invoices import INVOICES
from projections.models.projection import Projection
from projections.models.register.register import REGISTER

ALL: Final[tuple[Projection, ...]] = (COUNTERS, GAPS, INVOICES, REGISTER)
