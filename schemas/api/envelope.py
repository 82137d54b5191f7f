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
    request_id: str
    response_time: str


class Success(Struct, Generic[Data], frozen=True, kw_only=True):
    """The reply to a request that was done."""

    success: Literal[True] = True
    data: Data
    meta: Meta


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request was not done. `param` names the field that is wrong; if several are wrong, `errors` names each."""

    message: str
    type: ErrorKind
    code: str
    status: int
    param: str | UnsetType = UNSET
    errors: dict[str, str] | UnsetType = UNSET
    retry_after: int | UnsetType = UNSET
    request_id: str | UnsetType = UNSET
    invoice_number: str | UnsetType = UNSET
    series_name: str | UnsetType = UNSET
    details: str | UnsetType = UNSET


class Failure(Struct, frozen=True, kw_only=True):
    """The reply to a request that was not done."""

    success: Literal[False] = False
    error: Problem
    meta: Meta
