"""Tokens of an identity provider: which ones are accepted, and the tricks with algorithms, which are refused."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from schemas.values import Mode, Platform, UnixSeconds
from service.access.callers import Access, AuthFailure, Principal
from service.access.identity_provider import IdentityKeys, JwksError
from service.access.key_file import KeyFile, ensure
from service.access.records import access_records
from tests.support.service.identity_provider import IdentityProvider, public_jwk

NOW = UnixSeconds(1_800_000_000)


class Office:
    """A service that trusts the provider, and the claims of a session that it knows."""

    def __init__(self, pool: asyncpg.Pool, keys: KeyFile, provider: IdentityProvider, claims: dict[str, Any]) -> None:
        self.pool = pool
        self.keys = keys
        self.provider = provider
        self.claims = claims

    async def who(self, token: str, **expected: str) -> Principal | AuthFailure:
        identity = IdentityKeys(self.provider.path, **expected)
        return await Access(self.pool, self.keys, cache_seconds=0, clock=lambda: NOW, identity=identity).who(token)


@pytest_asyncio.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    keys = ensure(tmp_path / "keys.json")
    async with access_records(database_url, keys.path, lambda: NOW) as records:
        firm = await records.create_firm("Demo SRL")
        made = await records.create_session(
            firm, Mode.LIVE, device_id="till-1", device_name="Till", platform=Platform.WEB, user_id=7
        )
    claims = {
        "sub": "7",
        "firm": firm,
        "sid": made.session_id,
        "did": "till-1",
        "mode": "live",
        "adm": True,
        "exp": NOW + 60,
        "iss": "https://id.example.com",
        "aud": ["numbering", "other"],
    }
    async with asyncpg.create_pool(database_url, server_settings={"role": "numbering_writer"}) as pool:
        yield Office(pool, keys, IdentityProvider(tmp_path / "jwks.json"), claims)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_token_of_the_provider_stands_for_the_session_it_names(office: Office, algorithm: str) -> None:
    found = await office.who(office.provider.token(office.claims, algorithm))

    assert isinstance(found, Principal)
    assert (found.caller.device_id, found.caller.actor.user_id, found.caller.session_id) == (
        "till-1",
        7,
        office.claims["sid"],
    )
    assert not found.caller.is_admin, "rights come from the record of the session, not from the token"
    assert found.expires_at == NOW + 60


@pytest.mark.parametrize(
    "change",
    [
        {"sub": "8"},
        {"firm": "firm_other"},
        {"sid": 99},
        {"sid": -1},
        {"sid": 2**70},
        {"sid": "1"},
        {"sid": None},
        {"did": "till-2"},
        {"mode": "test"},
        {"mode": "both"},
        {"exp": NOW},
        {"exp": None},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": "never"},
        {"nbf": NOW + 1},
    ],
    ids=str,
)
async def test_a_claim_that_is_not_the_record_s_lets_nobody_in(office: Office, change: dict[str, Any]) -> None:
    claims = {name: value for name, value in (office.claims | change).items() if value is not None}

    assert await office.who(office.provider.token(claims)) is AuthFailure.INVALID


async def test_the_device_may_be_left_to_the_record(office: Office) -> None:
    del office.claims["did"]

    assert isinstance(await office.who(office.provider.token(office.claims)), Principal)


async def test_issuer_and_audience_are_looked_at_where_they_are_set(office: Office) -> None:
    token = office.provider.token(office.claims)

    assert isinstance(await office.who(token, issuer="https://id.example.com", audience="numbering"), Principal)
    assert await office.who(token, issuer="https://evil.example.com") is AuthFailure.INVALID
    assert await office.who(token, audience="billing") is AuthFailure.INVALID
    del office.claims["iss"], office.claims["aud"]
    bare = office.provider.token(office.claims)
    assert await office.who(bare, issuer="https://id.example.com") is AuthFailure.INVALID
    assert await office.who(bare, audience="numbering") is AuthFailure.INVALID


def hand_made(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    """A token that an attacker without the private key puts together."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (header, claims)]
    signed = b".".join(parts)
    mark = b"" if secret is None else hmac.digest(secret, signed, hashlib.sha256)
    return (signed + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()


async def test_the_public_key_is_not_a_shared_secret(office: Office) -> None:
    """The classic confusion: HS256 with the bytes of the public key, which anyone can read."""
    public = office.provider.keys["RS256"].public_key()
    for encoding, form in (
        (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.PEM, PublicFormat.PKCS1),
    ):
        for kid in ("RS256", office.keys.current_session_key.id, "none"):
            secret = public.public_bytes(encoding, form)
            token = hand_made({"alg": "HS256", "kid": kid}, office.claims, secret)
            assert await office.who(token) is AuthFailure.INVALID


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", "HS256", "HS512", "ES256", "PS256", "RS512", "EdDSA"]
)
async def test_the_token_does_not_choose_the_algorithm(office: Office, algorithm: str) -> None:
    for secret in (None, b""):
        token = hand_made({"alg": algorithm, "kid": "RS256"}, office.claims, secret)
        assert await office.who(token) is AuthFailure.INVALID


async def test_a_key_signs_under_its_own_name_only(office: Office) -> None:
    assert await office.who(office.provider.token(office.claims, "RS256", kid="ES256")) is AuthFailure.INVALID
    assert await office.who(office.provider.token(office.claims, "EdDSA", kid="unknown")) is AuthFailure.INVALID
    without = jwt.encode(office.claims, office.provider.keys["RS256"], algorithm="RS256")
    assert await office.who(without) is AuthFailure.INVALID


async def test_a_token_that_brings_its_own_key_is_not_believed(office: Office) -> None:
    own = generate_private_key(65537, 2048)
    brought = {"kid": "RS256", "jwk": public_jwk(own), "jku": "https://evil.example.com/jwks.json"}
    token = jwt.encode(office.claims, own, algorithm="RS256", headers=brought)

    assert await office.who(token) is AuthFailure.INVALID


async def test_the_file_is_read_again_when_it_changes(office: Office) -> None:
    identity = IdentityKeys(office.provider.path)
    rsa, ec = (office.provider.token(office.claims, name) for name in ("RS256", "ES256"))
    assert identity.verify(rsa) is not None

    office.provider.publish("ES256")
    assert (identity.verify(rsa), identity.verify(ec) is not None) == (None, True)

    office.provider.path.write_text("not finished", "utf-8")
    assert identity.verify(ec) is not None, "a file that cannot be read changes nothing"
    office.provider.path.unlink()
    assert identity.verify(ec) is not None
    office.provider.publish("RS256")
    assert identity.verify(rsa) is not None


SHARED = {"kty": "oct", "kid": "shared", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}


async def test_a_shared_secret_in_the_file_is_never_used(office: Office) -> None:
    office.provider.publish("RS256", more=(SHARED, SHARED | {"kid": "second", "alg": "HS256"}))
    secret = base64.urlsafe_b64decode(SHARED["k"])

    for kid in ("shared", "second"):
        assert await office.who(hand_made({"alg": "HS256", "kid": kid}, office.claims, secret)) is AuthFailure.INVALID
    assert isinstance(await office.who(office.provider.token(office.claims)), Principal)


def test_a_file_that_is_of_no_use_says_why(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    short = public_jwk(generate_private_key(65537, 1024)) | {"kid": "a"}  # noqa: S505 - it is refused for that
    good = public_jwk(generate_private_key(65537, 2048)) | {"kid": "a"}
    for text, why in (
        (None, "cannot read"),
        ("", "RFC 7517"),
        ("[]", "RFC 7517"),
        ('{"keys": 7}', "RFC 7517"),
        ('{"keys": [7]}', "RFC 7517"),
        ('{"keys": []}', "holds no"),
        (json.dumps({"keys": [SHARED]}), "holds no"),
        (json.dumps({"keys": [{name: value for name, value in good.items() if name != "kid"}]}), "holds no"),
        (json.dumps({"keys": [good | {"use": "enc"}]}), "holds no"),
        (json.dumps({"keys": [good | {"alg": "PS256"}]}), "holds no"),
        (json.dumps({"keys": [good, good]}), "two keys"),
        (json.dumps({"keys": [good | {"d": "AQAB"}]}), "private key"),
        (json.dumps({"keys": [short]}), "has 1024 bits"),
        (json.dumps({"keys": [good | {"n": "_" * 10_923}]}), "bits; it must have 2048 to 8192"),
        (json.dumps({"keys": [good | {"e": "Aw"}]}), "exponent"),
        (json.dumps({"keys": [good | {"n": "", "e": ""}]}), "holds no"),
        (json.dumps({"keys": [good | {"alg": "none"}]}), "holds no"),
        (json.dumps({"keys": [good | {"alg": ["RS256"]}]}), "holds no"),
        (json.dumps({"keys": [good | {"kty": ["RSA"]}]}), "holds no"),
        (json.dumps({"keys": [good | {"key_ops": ["encrypt"]}]}), "holds no"),
        (json.dumps({"keys": [good | {"key_ops": 7}]}), "RFC 7517"),
        ('{"keys": ' + "[" * 100_000, "RFC 7517"),
        ('{"keys": [' + '{"a":' * 100_000, "RFC 7517"),
        (" " * 1_048_577, "larger than"),
    ):
        if text is not None:
            path.write_text(text, "utf-8")
        with pytest.raises(JwksError, match=why):
            IdentityKeys(path)


async def test_a_file_that_became_useless_changes_nothing(office: Office) -> None:
    identity = IdentityKeys(office.provider.path)
    access = Access(office.pool, office.keys, cache_seconds=0, clock=lambda: NOW, identity=identity)
    token = office.provider.token(office.claims)
    for text in ("", '{"keys": ' + "[" * 100_000, '{"keys": [{"kty": "RSA", "kid": "a", "alg": "none"}]}'):
        office.provider.path.write_text(text, "utf-8")
        assert isinstance(await access.who(token), Principal)


def test_a_key_that_says_it_verifies_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    good = public_jwk(generate_private_key(65537, 2048)) | {"kid": "a"}
    for said in ({"key_ops": ["verify"]}, {"key_ops": ["verify", "sign"]}, {"use": "sig", "key_ops": ["verify"]}):
        path.write_text(json.dumps({"keys": [good | said]}), "utf-8")
        IdentityKeys(path)
