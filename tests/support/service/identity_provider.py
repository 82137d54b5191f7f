"""An identity provider as the service sees one: its keys, a JWKS file, and tokens."""

import json
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey


class IdentityProvider:
    """One key of each kind, by the name of its algorithm, which is also its `kid`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys: dict[str, PrivateKey] = {
            "RS256": generate_rsa_key(65537, 2048),
            "ES256": generate_private_key(SECP256R1()),
            "EdDSA": Ed25519PrivateKey.generate(),
        }
        self.publish(*self.keys)

    def publish(self, *names: str, more: tuple[dict[str, Any], ...] = ()) -> None:
        """Write the file with the public halves of these keys."""
        listed = [public_jwk(self.keys[name]) | {"kid": name, "use": "sig", "alg": name} for name in names]
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps({"keys": [*listed, *more]}), "utf-8")
        draft.replace(self.path)

    def token(self, claims: dict[str, Any], name: str = "RS256", kid: str | None = None) -> str:
        """A token signed with the key of this name."""
        return jwt.encode(claims, self.keys[name], algorithm=name, headers={"kid": kid or name})


def public_jwk(key: PrivateKey) -> dict[str, Any]:
    """The public half."""
    match key:
        case RSAPrivateKey():
            found = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        case EllipticCurvePrivateKey():
            found = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        case Ed25519PrivateKey():
            found = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return dict(found)
