"""Who is calling (contract.md section 3)."""

from typing import assert_never

from aiohttp import web

from service.access import Access, AuthFailure, Principal
from service.web.problems import CredentialExpired, CredentialInvalid, CredentialMissing

CredentialProblem = CredentialMissing | CredentialInvalid | CredentialExpired


async def who_is_calling(authorization: str, access: Access) -> Principal | CredentialProblem:
    """The principal behind this Authorization header, or why there is none. Raises LogUnavailableError."""
    scheme, _, rest = authorization.strip().partition(" ")
    credential = rest.strip() if scheme.lower() == "bearer" else ""
    found = await access.who(credential) if credential else AuthFailure.MISSING
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


def address_of(request: web.Request) -> str:
    """Where the request came from, to count those that show no credential."""
    return f"address:{request.remote}"
