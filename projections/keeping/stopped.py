"""Projections that cannot go on. Each is logged once; when another copy takes its place, the runner follows that."""

from collections.abc import Mapping
from typing import Final

import structlog

from projections.keeping.copies import Look
from projections.keeping.projection_faults import CopyBrokenError
from schemas.values import LogId

_log: Final = structlog.stdlib.get_logger(__name__)


class Stopped:
    """The copies of one log that broke, by the identity they had then."""

    def __init__(self, log_id: LogId) -> None:
        self._log_id = log_id
        self._identities: dict[str, int | None] = {}

    def add(self, error: CopyBrokenError, looks: Mapping[str, Look]) -> None:
        """Stop following the copy. `looks` must be from before it broke: a later look may see its successor."""
        self._identities[error.schema] = looks[error.schema].identity
        _log.error(
            "a projection is stopped until it is rebuilt by force; the others go on",
            log=self._log_id,
            projection=error.schema,
            error=str(error),
        )

    def has(self, schema: str, look: Look) -> bool:
        """Whether exactly this copy broke; a copy that was replaced is forgotten."""
        if schema not in self._identities:
            return False
        if self._identities[schema] == look.identity:
            return True
        del self._identities[schema]
        _log.info("a projection that was stopped is followed again", log=self._log_id, projection=schema)
        return False

    def names(self) -> set[str]:
        """The projections that stand still."""
        return set(self._identities)
