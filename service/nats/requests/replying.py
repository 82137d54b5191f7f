"""Decides to which subjects a reply may go, and sends it so that a broken connection cannot block the sender."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from nats.aio.msg import Msg

from service.nats.client.broker_faults import CONNECTION_FAULTS
from service.nats.client.pipelined import PipelinedClient

REPLY_SECONDS: Final = 5.0
HEADER_BYTES_MAX: Final = 512
"""Room for the headers of a reply. The server's limit includes them, and a repeat has one header more."""

# A NATS server does not check whether the caller may publish to the reply subject that it names, and lets us reply to
# any subject. A reply among the events would halt the log; a reply to JetStream's API would act with our permissions.
# Between clusters, servers put a prefix of their own before the subject.
_NO_INBOX: Final = re.compile(r"(_GR_\.[^.]*\.[^.]*\.)*(\$|numbering\.)")


def is_inbox(subject: str) -> bool:
    """Whether a reply may go to this subject: to any but those of the NATS servers and our own."""
    return _NO_INBOX.match(subject) is None


def is_carried(client: PipelinedClient, body: bytes, headers: Mapping[str, str] | None) -> bool:
    """Whether the server takes a message of this size. It closes the connection of a client that sends a larger one."""
    lines = sum(len(f"{name}: {value}\r\n".encode()) for name, value in (headers or {}).items())
    return len(body) + lines + len("NATS/1.0\r\n\r\n") <= client.max_payload


async def send_reply(
    client: PipelinedClient, asked: Msg, body: bytes, headers: Mapping[str, str] | None = None
) -> None:
    """Send the reply. If that fails, the reply is lost and the caller must repeat its request."""
    with suppress(*CONNECTION_FAULTS):
        # When its buffer is full, nats-py waits without end until the peer reads, even if the peer is gone.
        async with asyncio.timeout(REPLY_SECONDS):
            await client.publish(asked.reply, body, headers=dict(headers) if headers else None)
