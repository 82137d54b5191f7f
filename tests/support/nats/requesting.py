"""The service answers requests over NATS, and a plain NATS client, without code of the service, sends them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from nats.aio.client import Client
from nats.aio.msg import Msg

from service.nats.client.connection import NatsSettings
from service.nats.requests.endpoint import IN_FLIGHT_MAX, RequestsEndpoint, answering_requests
from service.nats.requests.operations import Answer, Operations
from tests.support.service.client import Api
from tests.support.waiting import until

ASK_SECONDS: Final = 15.0


@dataclass(frozen=True)
class Reply:
    """One reply, decoded."""

    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        """The data of a success."""
        assert self.body["success"] is True, self.body
        return self.body["data"]

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code of a failure, which the headers of the services protocol repeat."""
        assert self.body["success"] is False, self.body
        error = self.body["error"]
        assert self.headers["Nats-Service-Error-Code"] == str(error["status"])
        assert self.headers["Nats-Service-Error"].startswith(f"{error['code']}: ")
        return error["status"], error["code"]


@dataclass(frozen=True)
class Requester:
    """A program of another team: it knows only subjects, headers and JSON."""

    client: Client
    api: Api
    endpoint: RequestsEndpoint

    async def ask(
        self,
        operation: str,
        body: object,
        credential: str | None = None,
        *,
        key: str | None = None,
        firm: str | None = None,
        mode: str = "live",
    ) -> Reply:
        """Ask as device A unless another credential is given; a body of bytes is sent unchanged."""
        message = await self.client.request(
            f"numbering.v1.requests.{mode}.{firm or self.api.firm.firm_id}.{operation}",
            body if isinstance(body, bytes) else json.dumps(body).encode(),
            timeout=ASK_SECONDS,
            headers=self.headers(credential, key),
        )
        return decoded(message)

    def headers(self, credential: str | None = None, key: str | None = None) -> dict[str, str]:
        """The credential, and the idempotency key if there is one."""
        credential = self.api.firm.device_a if credential is None else credential
        sent = {"Authorization": f"Bearer {credential}"} if credential else {}
        return sent | ({} if key is None else {"Idempotency-Key": key})


def decoded(message: Msg) -> Reply:
    """The reply in this message."""
    return Reply(json.loads(message.data), message.headers or {})


@asynccontextmanager
async def a_requester(
    api: Api, nats_url: str, answer: Answer | None = None, in_flight_max: int = IN_FLIGHT_MAX
) -> AsyncGenerator[Requester]:
    """The service of `api` over NATS too, until the block ends; `answer` takes the place of its answering."""
    operations = Operations(api.entrance)
    endpoint = RequestsEndpoint(
        NatsSettings(url=nats_url), answer or operations.answer, operations.overload, in_flight_max=in_flight_max
    )

    async def is_serving() -> bool:
        return endpoint.status().is_serving

    async with answering_requests(endpoint):
        await until(is_serving)
        client = Client()
        await client.connect(nats_url)
        try:
            yield Requester(client, api, endpoint)
        finally:
            async with asyncio.timeout(ASK_SECONDS):
                await client.close()
