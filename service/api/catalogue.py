"""All routes that need a credential. The carriers and the OpenAPI document are made from this one list."""

from typing import Final

from service.api.calling.route import Route
from service.api.invoices import delete, erase, history, issue, listing, reverse, show, update, void
from service.api.reports import (
    accounting,
    audit_bundle,
    audit_reads,
    d394_ranges,
    gap_explanations,
    number_proof,
    number_story,
)
from service.api.series import reservations, series

ROUTES: Final[tuple[Route, ...]] = (
    *series.ROUTES,
    *reservations.ROUTES,
    *issue.ROUTES,
    *show.ROUTES,
    *void.ROUTES,
    *update.ROUTES,
    *reverse.ROUTES,
    *delete.ROUTES,
    *erase.ROUTES,
    *listing.ROUTES,
    *history.ROUTES,
    *accounting.ROUTES,
    *number_story.ROUTES,
    *number_proof.ROUTES,
    *gap_explanations.ROUTES,
    *d394_ranges.ROUTES,
    *audit_reads.ROUTES,
    *audit_bundle.ROUTES,
)
