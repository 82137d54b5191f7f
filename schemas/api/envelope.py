"""The envelope of every reply (CONTRACT.md section 2)."""

from typing import Generic, Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType

Data = TypeVar("Data")


ErrorKind = Literal[
    "api_error",
    "authentication_error",
    "invalid_request_error",
    "rate_limit_error",
    "permission_error",
    "validation_error",
]
"""The types of error, on which a client may branch (CONTRACT.md D13)."""


class Meta(Struct, frozen=True, kw_only=True):
    """Facts about the reply itself; `response_time` looks like `23.45ms`."""

    version: Literal["v1"] = "v1"
    """The version of the API."""
    request_id: str
    """The id of this request: the X-Request-Id of the caller, else a new UUID. The header X-Request-Id repeats it."""
    response_time: str
    """How long the service took, such as `23.45ms`."""


class Success(Struct, Generic[Data], frozen=True, kw_only=True):
    """The reply to a request that was done."""

    success: Literal[True] = True
    """Always true: the request was done."""
    data: Data
    """The result."""
    meta: Meta
    """Facts about the reply."""


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request was not done. `param` names the field that is wrong; if several are wrong, `errors` names each."""

    message: str
    """What is wrong and what to do, in English."""
    type: ErrorKind
    """What kind of error it is."""
    code: str
    """What is wrong, as a word for programs."""
    status: int
    """The HTTP status."""
    param: str | UnsetType = UNSET
    """The field or parameter that is wrong, as a dotted path such as `items.0.price`."""
    errors: dict[str, str] | UnsetType = UNSET
    """What is wrong with each field, by its dotted path, if several are wrong."""
    retry_after: int | UnsetType = UNSET
    """How many seconds to wait before the request is sent again."""
    request_id: str | UnsetType = UNSET
    """The id of this request, for the operator of the service; only with status 500."""
    invoice_number: str | UnsetType = UNSET
    """The printed number of the invoice in question."""
    series_name: str | UnsetType = UNSET
    """The name of the series in question."""
    details: str | UnsetType = UNSET
    """More about the error."""

    position: int | UnsetType = UNSET
    """The position of the first event of a request whose answer was lost; with `idempotency_answer_lost` only."""


class Failure(Struct, frozen=True, kw_only=True):
    """The reply to a request that was not done."""

    success: Literal[False] = False
    """Always false: the request was not done."""
    error: Problem
    """Why it was not done."""
    meta: Meta
    """Facts about the reply."""
