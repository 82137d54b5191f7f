"""What one row of the table of refusals says."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Final

from schemas.api.envelope import ErrorKind

INVALID: Final = "invalid_request_error"
FORBIDDEN: Final = "permission_error"
AUTH: Final = "authentication_error"
FIELDS: Final = "validation_error"
API: Final = "api_error"


@dataclass(frozen=True, slots=True)
class Row:
    """The refusal that one cause becomes. `message` and `details` may name the fields of the cause in braces."""

    status: int
    type: ErrorKind
    code: str
    message: str
    _: KW_ONLY
    param: str | None = None
    retry_after: int | None = None
    details: Mapping[str, str] | None = None
