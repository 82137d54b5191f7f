"""What came with a request."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.api.reading.body import GivenBody


@dataclass(frozen=True, slots=True)
class Sent:
    """What a known caller sent: the path as HTTP has it, its variable parts by name, the query and the body."""

    path: str
    places: Mapping[str, str]
    query: Mapping[str, str]
    given: GivenBody
