"""From the Authorization header to the caller (CONTRACT.md section 3)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, assert_never

from service.access.callers import Access, AuthFailure, Principal
from service.api.refusals.causes import CredentialExpired, CredentialInvalid, CredentialMissing

CredentialProblem = CredentialMissing | CredentialInvalid | CredentialExpired

FAILURES: Final[Mapping[type[CredentialProblem], AuthFailure]] = MappingProxyType(
    {
        CredentialMissing: AuthFailure.MISSING,
        CredentialInvalid: AuthFailure.INVALID,
        CredentialExpired: AuthFailure.EXPIRED,
    }
)
"""What each problem is called where it is counted."""


def credential_in(authorization: str) -> str:
    """The text after `Bearer` in this Authorization header; empty if there is none."""
    scheme, _, rest = authorization.strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else ""


async def who_is_calling(credential: str, access: Access) -> Principal | CredentialProblem:
    """The principal behind this credential, or why there is none. Raises LogUnavailableError."""
    found = await access.who(credential)
    match found:
        case Principal():
            return found
        case AuthFailure.MISSING:
            return CredentialMissing()
        case AuthFailure.INVALID:
            return CredentialInvalid()
        case AuthFailure.EXPIRED:
            return CredentialExpired()
        case _:
            assert_never(found)
