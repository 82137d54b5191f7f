"""A reply that is a file, made while it is read; its length is not known before."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from service.api.admission.bundle_places import BundlePlace


@dataclass(frozen=True, slots=True)
class Streamed:
    """The pieces of the file in order, none of them made yet, and the place that it takes until `close`.

    A generator that raises has made half a file: the carrier must show its reader that the end is missing.
    """

    pieces: AsyncGenerator[bytes]
    content_type: str
    file_name: str
    place: BundlePlace

    async def close(self) -> None:
        """Make no more of it, and give the place back."""
        try:
            await self.pieces.aclose()
        finally:
            self.place.free()
