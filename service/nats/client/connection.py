"""A connection to NATS that ends when it breaks: the relay compares both ends again before it goes on."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from ssl import SSLContext, create_default_context
from typing import Final

from msgspec import Struct
from nats.errors import Error as NatsError

from service.nats.client.broker_faults import BrokerUnavailableError
from service.nats.client.pipelined import PipelinedClient

# Unanswered, when the next is due.
PINGS_MAX: Final = 2


class NatsSettings(Struct, frozen=True, kw_only=True):
    """Where NATS is and who we are to it. `url` may hold user and password, and several servers parted by commas.

    `credentials_file` is a .creds file, `nkey_seed_file` an nkey's seed, `tls_ca_file` the certificates to trust
    instead of the system's. A peer that says nothing for `ping_seconds`, three times in a row, is taken for dead.
    """

    url: str
    credentials_file: Path | None = None
    nkey_seed_file: Path | None = None
    tls_ca_file: Path | None = None
    connect_seconds: int = 2
    ping_seconds: int = 5


@asynccontextmanager
async def connected(settings: NatsSettings, name: str) -> AsyncGenerator[PipelinedClient]:
    """A connection under `name`, closed at the end of the block. Raises BrokerUnavailableError if there is none."""
    client = PipelinedClient()
    try:
        await client.connect(
            servers=settings.url.split(","),
            name=name,
            # A client that reconnects by itself would send what it buffered to a stream it has not looked at.
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=settings.connect_seconds,
            ping_interval=settings.ping_seconds,
            max_outstanding_pings=PINGS_MAX,
            error_cb=_ignore,
            user_credentials=str(settings.credentials_file) if settings.credentials_file else None,
            nkeys_seed=str(settings.nkey_seed_file) if settings.nkey_seed_file else None,
            tls=_trusting(settings.tls_ca_file),
            # Ours are safe as they are made (`cloud_event.token`).
            skip_subject_validation=True,
        )
    except (NatsError, OSError, TimeoutError) as error:
        # nats-py leaves the socket open when a server takes the connection and then says nothing.
        if client.is_connecting:
            await _close(client, settings.connect_seconds)
        raise BrokerUnavailableError(str(error) or type(error).__name__) from error
    try:
        yield client
    finally:
        await _close(client, settings.connect_seconds)


async def _close(client: PipelinedClient, seconds: int) -> None:
    """Close, without waiting for a peer that reads no more; its socket then goes with the client."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await client.close()


async def _ignore(_: Exception) -> None:
    """What fails is raised where it is used; nats-py would log every retry as well."""


def _trusting(ca_file: Path | None) -> SSLContext | None:
    return create_default_context(cafile=ca_file) if ca_file else None
