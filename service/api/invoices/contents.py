"""What documents say, as far as it is kept, and what became of the rest."""

from collections.abc import Sequence

from schemas.values import Digest
from service.api.calling.call import Call
from service.documents.view import Contents


async def contents_of(call: Call, digests: Sequence[Digest]) -> Contents:
    """What these digests stand for, and which of them lost it. Raises LogUnavailableError."""
    found = Contents(await call.dependencies.log.contents(digests))
    missing = found.missing(digests)
    # Rare, so that it costs a question of its own only then.
    return Contents(found.kept, await call.dependencies.log.lost_contents(list(missing))) if missing else found
