"""Where a reply may go, and how it is sent so that nothing that becomes of the connection holds its sender up."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from service.nats.client.pipelined import PipelinedClient

REPLY_SECONDS: Final = 5.0
HEADER_BYTES_MAX: Final = 512
"""Kept free for the headers of a reply: what a server carries is counted with them, the first time and in a repeat."""

# Servers do not ask whether whoever asks may publish to the subject that is to have the reply, and permit us to reply
# to any: a reply among the events would halt the log, one to JetStream's API would be done with our permissions.
# Between clusters, servers write a prefix of theirs before the subject.
_NO_INBOX: Final = re.compile(r"(_GR_\.[^.]*\.[^.]*\.)*(\$|numbering\.)")


def is_inbox(subject: str) -> bool:
    """Whether a reply may go there: anywhere but to the servers' own subjects and to ours."""
    return _NO_INBOX.match(subject) is None


def is_carried(client: PipelinedClient, body: bytes, headers: Mapping[str, str] | None) -> bool:
    """Whether the server takes a message of this size; it closes the connection of a client that sends a larger one."""
    lines = sum(len(f"{name}: {value}\r\n".encode()) for name, value in (headers or {}).items())
    return len(body) + lines + len("NATS/1.0\r\n\r\n") <= client.max_payload


async def reply(client: PipelinedClient, asked: Msg, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    """Send the reply, or lose it: whoever asked asks again."""
    with suppress(NatsError, OSError):
        # Once its buffer is full, nats-py waits without end for the peer to read, also for one that is gone.
        async with asyncio.timeout(REPLY_SECONDS):
            await client.publish(asked.reply, body, headers=dict(headers) if headers else None)
