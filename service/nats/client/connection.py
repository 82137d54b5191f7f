"""A connection to NATS that ends when it breaks: the relay compares both ends again before it goes on."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from ssl import SSLContext, create_default_context
from typing import Final

from msgspec import Struct

from service.configuration.addresses import each_url, with_password, without_password_file
from service.configuration.secret_files import SecretFileError, read_secret_line
from service.nats.client.broker_faults import CONNECTION_FAULTS, BrokerUnavailableError
from service.nats.client.closing import closed
from service.nats.client.pipelined import PipelinedClient

# Unanswered, when the next is due.
PINGS_MAX: Final = 2


class NatsSettings(Struct, frozen=True, kw_only=True):
    """Where NATS is and who we are to it. `url` may hold user and password, and several servers parted by commas.

    Where it names the file of the password (`addresses`), each connection reads it.

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
            servers=each_url(await _address(settings.url)),
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
    except CONNECTION_FAULTS as error:
        # nats-py leaves the socket open when a server takes the connection and then says nothing.
        if client.is_connecting:
            await closed(client.close(), settings.connect_seconds, name)
        raise BrokerUnavailableError(str(error) or type(error).__name__) from error
    try:
        yield client
    finally:
        # Not waiting for a peer that reads no more.
        await closed(client.close(), settings.connect_seconds, name)


async def _address(urls: str) -> str:
    """The URLs as NATS knows them, with the password of now. Raises BrokerUnavailableError."""
    plain, path = without_password_file(urls)
    if path is None:
        return plain
    try:
        return with_password(plain, await asyncio.to_thread(read_secret_line, path))
    except SecretFileError as error:
        raise BrokerUnavailableError(f"no password for NATS: {error}") from None


async def _ignore(_: Exception) -> None:
    """What fails is raised where it is used; nats-py would log every retry as well."""


def _trusting(ca_file: Path | None) -> SSLContext | None:
    return create_default_context(cafile=ca_file) if ca_file else None
