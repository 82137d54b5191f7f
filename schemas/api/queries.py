"""Query parameters, one struct a call (contract.md section 6 and D68)."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from schemas.values import NUMBER_MAX, DocumentType, Fate

PER_PAGE: Final = 100


class NoQuery(Struct, frozen=True):
    """A call without query parameters."""


class SeriesQuery(Struct, frozen=True, kw_only=True):
    """GET /invoice-series."""

    document_type: Annotated[DocumentType, Meta(description="Only series of this type")] | None = None


class AsOfQuery(Struct, frozen=True, kw_only=True):
    """Reports can be asked as of an earlier event or time; as of now if neither is given."""

    as_of_position: (
        Annotated[int, Meta(ge=1, le=NUMBER_MAX, description="As of the event at this position of the log")] | None
    ) = None
    as_of_time: Annotated[int, Meta(ge=0, le=NUMBER_MAX, description="As of this time, in Unix seconds")] | None = None


class NumbersQuery(AsOfQuery, frozen=True, kw_only=True):
    """GET /invoice-series/{id}/numbers."""

    after: Annotated[int, Meta(ge=0, le=NUMBER_MAX, description="Only numbers above this one")] | None = None
    per_page: Annotated[int, Meta(ge=1, le=1000, description="The most ranges of one page")] = PER_PAGE
    fate: Annotated[Fate, Meta(description="Only numbers of this fate")] | None = None
