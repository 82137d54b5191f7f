"""`numbering serve` with the keys of an identity provider: which callers it admits while the key file changes."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
from nats.aio.client import Client

from tests.support.service.firms import a_firm
from tests.support.service.identity_provider import IdentityProvider
from tests.support.service.service_process import ServiceProcess, services
from tests.support.waiting import until

ISSUER = "https://id.example.com"


def claims_of(session_token: str) -> dict[str, Any]:
    """The claims of our own token, for a token of the provider with the same claims."""
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(session_token.split(".")[1] + "=="))
    return found | {"exp": time.time() + 600, "iss": ISSUER}


async def status(session: aiohttp.ClientSession, process: ServiceProcess, method: str, path: str, token: str) -> int:
    """The HTTP status that this caller gets from the process."""
    headers = {"Authorization": f"Bearer {token}"}
    async with session.request(method, f"{process.base_url}/v1{path}", headers=headers) as response:
        return response.status


async def error_over_nats(nats_url: str, firm_id: str, token: str) -> str | None:
    """The status with which the process refuses this caller over NATS; None if it does the request."""
    client = Client()
    await client.connect(nats_url)
    try:
        subject, headers = f"numbering.v1.requests.live.{firm_id}.series", {"Authorization": f"Bearer {token}"}
        reply = await client.request(subject, b'{"series_id": "nosuch"}', timeout=10, headers=headers)
        return (reply.headers or {}).get("Nats-Service-Error-Code")
    finally:
        await client.close()


async def test_a_served_process_believes_the_keys_that_are_in_the_file_now(
    database_url: str, nats_url: str, data_dir: Path
) -> None:
    firm = await a_firm(database_url, data_dir / "keys.json")
    provider = IdentityProvider(data_dir / "jwks.json")
    provider.publish("RS256")
    settings = {"JWKS_FILE": str(provider.path), "JWKS_ISSUER": ISSUER, "ACCESS_CACHE_SECONDS": "0"}
    process = ServiceProcess(
        data_dir, database_url, nats_url, **{f"NUMBERING_{name}": value for name, value in settings.items()}
    )
    old, new = (provider.token(claims_of(firm.device_a), name) for name in ("RS256", "ES256"))
    stranger = provider.token(claims_of(firm.device_a) | {"iss": "https://other.example.com"})
    async with services(process), aiohttp.ClientSession() as session:

        async def asked(token: str) -> int:
            return await status(session, process, "GET", "/invoice-series", token)

        assert [await asked(token) for token in (old, new, stranger, firm.device_a)] == [200, 401, 401, 200]
        assert await error_over_nats(nats_url, firm.firm_id, old) == "404"
        assert await error_over_nats(nats_url, firm.firm_id, new) == "401"

        provider.publish("ES256")
        assert [await asked(token) for token in (old, new, firm.device_a)] == [401, 200, 200]
        assert await error_over_nats(nats_url, firm.firm_id, new) == "404"

        provider.path.write_text("half a fi", "utf-8")
        assert [await asked(token) for token in (old, new)] == [401, 200]

        async def is_said() -> bool:
            return "the JWKS file is not read again" in process.log_file.read_text("utf-8")

        await until(is_said)


async def test_a_token_of_the_provider_holds_a_series_as_its_device(
    database_url: str, nats_url: str, data_dir: Path
) -> None:
    firm = await a_firm(database_url, data_dir / "keys.json")
    provider = IdentityProvider(data_dir / "jwks.json")
    process = ServiceProcess(data_dir, database_url, nats_url, NUMBERING_JWKS_FILE=str(provider.path))
    token = provider.token(claims_of(firm.device_a), "EdDSA")
    async with services(process), aiohttp.ClientSession(process.base_url) as session:
        headers = {"Authorization": f"Bearer {firm.live_key}"}
        body = {"name": "A", "document_type": "fiscal"}
        async with session.post("/v1/invoice-series", json=body, headers=headers) as response:
            place = f"/invoice-series/{(await response.json())['data']['id']}"

        assert await status(session, process, "POST", f"{place}/lock", token) == 200
        assert await status(session, process, "POST", f"{place}/lock", firm.device_b) == 409
        assert await status(session, process, "POST", f"{place}/reserve-numbers", token) == 201
        assert await status(session, process, "POST", f"{place}/reserve-numbers", firm.device_b) == 409
