"""Device sessions as JSON Web Tokens (CONTRACT.md D8, D69). The session's record has the last word."""

import jwt
import jwt.types
import msgspec
from msgspec import Struct

from schemas.values import DeviceId, FirmId, Mode, UnixSeconds
from service.access.key_file import KeyFile, SecretKey

ALGORITHM = "HS256"


class SessionClaims(Struct, frozen=True):
    """What a session token says; `sub` is the user's id in decimal digits, as JWT wants a string."""

    sub: str
    firm: FirmId
    sid: int
    did: DeviceId
    adm: bool
    mode: Mode
    exp: UnixSeconds
    iat: UnixSeconds


def sign(claims: SessionClaims, key: SecretKey) -> str:
    """The token; `kid` names the key, so that it verifies after a rotation too."""
    return jwt.encode(msgspec.to_builtins(claims), key.secret, algorithm=ALGORITHM, headers={"kid": key.id})


def verify(token: str, file: KeyFile) -> SessionClaims | None:
    """The claims, if a key of the file signed them; None else. Says nothing about expiry or revocation."""
    try:
        key = _key(jwt.get_unverified_header(token).get("kid"), file)
        if key is None:
            return None
        # Access checks times against our own clock, together with the record.
        times: jwt.types.Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
        claims = jwt.decode(token, key.secret, algorithms=[ALGORITHM], options=times)
        return msgspec.convert(claims, SessionClaims)
    except (jwt.InvalidTokenError, msgspec.ValidationError):
        return None


def _key(name: object, file: KeyFile) -> SecretKey | None:
    """The key of this name, which another process may have put into the file since it was read."""
    found = _named(name, file)
    return found if found is not None or not file.refresh() else _named(name, file)


def _named(name: object, file: KeyFile) -> SecretKey | None:
    return next((key for key in file.keys.session_keys if key.id == name), None)
