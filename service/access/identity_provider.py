"""Session tokens signed by an identity provider, verified with the public keys it publishes (a JWKS, RFC 7517).

Such a token carries the claims of CONTRACT.md D8 and D69 and is backed by a session's record, as our own tokens are.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import jwt
import jwt.types
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Meta, Struct

from schemas.values import NUMBER_MAX, DeviceId, FirmId, Mode
from service.access.file_stamp import FileStamp, stamp_of

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

RSA_BITS_MIN: Final = 2048
RSA_BITS_MAX: Final = 8192
"""A longer one makes every request that shows a token wait: verifying takes with the square of the length."""

RSA_EXPONENT_MIN: Final = 65_537
FILE_BYTES_MAX: Final = 1_048_576

_say = structlog.get_logger(__name__)


class JwksError(Exception):
    """The JWKS file is missing, unreadable or holds no key we may use; the message says what to do."""


class IdentityClaims(Struct, frozen=True):
    """What we read of a provider's token. `did` may be left out; everything else but `nbf` must be there."""

    sub: str
    firm: FirmId
    sid: int
    mode: Mode
    exp: Annotated[float, Meta(ge=0, le=NUMBER_MAX)]
    did: DeviceId | None = None
    nbf: float = 0


class _VerifyingKey(Struct, frozen=True):
    """A key, and the one algorithm that it may verify: the token has no say in that (RFC 8725, 3.1)."""

    algorithm: str
    key: PublicKey


class IdentityKeys:
    """The provider's keys. The file is read again when it has changed; one that became unreadable changes nothing."""

    def __init__(self, path: Path, *, issuer: str | None = None, audience: str | None = None) -> None:
        """Tokens must name `issuer` and `audience` where these are given. Raises JwksError."""
        self._path = path
        self._issuer = issuer
        self._audience = audience
        self._stamp = _stamp(path)
        self._keys = _load(path)

    def verify(self, token: str) -> IdentityClaims | None:
        """The claims, if a key of the file signed them; None else. Says nothing about times or revocation."""
        self._refresh()
        try:
            key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                return None
            # Access checks times against our own clock, together with the record.
            options: jwt.types.Options = {
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": self._audience is not None,
            }
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                options=options,
                issuer=self._issuer,
                audience=self._audience,
            )
            return msgspec.convert(claims, IdentityClaims)
        except (jwt.InvalidTokenError, msgspec.ValidationError):
            return None

    def _refresh(self) -> None:
        try:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._stamp = stamp  # also if it cannot be read, so that it is complained of once
                self._keys = _load(self._path)
        except JwksError as error:
            _say.warning("the JWKS file is not read again", fault=str(error))


def _load(path: Path) -> dict[str, _VerifyingKey]:
    try:
        with path.open("rb") as file:
            text = file.read(FILE_BYTES_MAX + 1)
        if len(text) > FILE_BYTES_MAX:
            raise JwksError(f"the JWKS file {path} is larger than {FILE_BYTES_MAX} bytes")
        found: Any = json.loads(text)
        listed: list[Any] = found["keys"]
        keys = [_verifying_key(path, each) for each in listed if _is_for_signatures(each)]
    except OSError as error:
        raise JwksError(f"cannot read the JWKS file {path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise JwksError(f'the JWKS file {path} is not {{"keys": [...]}} of RFC 7517') from error
    usable = {name: key for name, key in keys if key is not None}
    if not usable:
        raise JwksError(f"the JWKS file {path} holds no RS256, ES256 or EdDSA key for signatures with a kid")
    if len(usable) < sum(key is not None for _, key in keys):
        raise JwksError(f"the JWKS file {path} holds two keys under one kid")
    return usable


def _is_for_signatures(given: Any) -> bool:
    """Whether the file says that this key verifies signatures, or says nothing of its use (RFC 7517, 4.2 and 4.3)."""
    is_for_verifying = "verify" in given.get("key_ops", ["verify"])
    return given.get("use", "sig") == "sig" and is_for_verifying and isinstance(given.get("kid"), str)


def _verifying_key(path: Path, given: Any) -> tuple[str, _VerifyingKey | None]:
    """The key by its kid; None for one of a kind that is not for us, such as a shared secret. Raises JwksError."""
    if "d" in given:
        raise JwksError(f"the JWKS file {path} holds a private key; it belongs to the identity provider alone")
    name: str = given["kid"]
    try:
        key: object = jwt.PyJWK(given).key
    except Exception:  # noqa: BLE001 - PyJWT lets errors of Python and of the cryptography out for what is no key
        return name, None
    stated = given.get("alg")
    match key:
        case RSAPublicKey() if stated in {None, "RS256"}:
            if not RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX:
                raise JwksError(
                    f"the RSA key {name!r} of the JWKS file {path} has {key.key_size} bits; "
                    f"it must have {RSA_BITS_MIN} to {RSA_BITS_MAX}"
                )
            if key.public_numbers().e < RSA_EXPONENT_MIN:
                raise JwksError(
                    f"the RSA key {name!r} of the JWKS file {path} has an exponent below {RSA_EXPONENT_MIN}"
                )
            return name, _VerifyingKey("RS256", key)
        case EllipticCurvePublicKey(curve=SECP256R1()) if stated in {None, "ES256"}:
            return name, _VerifyingKey("ES256", key)
        case Ed25519PublicKey() if stated in {None, "EdDSA"}:
            return name, _VerifyingKey("EdDSA", key)
        case _:
            return name, None


def _stamp(path: Path) -> FileStamp:
    try:
        return stamp_of(path)
    except OSError as error:
        raise JwksError(f"cannot read the JWKS file {path}: {error.strerror}") from error
