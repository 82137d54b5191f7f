"""The path, query and body of a request."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.api.reading.body import GivenBody


@dataclass(frozen=True, slots=True)
class Sent:
    """What a known caller sent: the HTTP path, the variables of the path by name, the query and the body.

    `accept` and `accept_language` are the headers of these names, for a call that is a listing too (D114); else empty.
    """

    path: str
    places: Mapping[str, str]
    query: Mapping[str, str]
    given: GivenBody
    accept: str = ""
    accept_language: str = ""
