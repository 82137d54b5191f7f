"""Where a reply may go, and how it is sent so that nothing that becomes of the connection holds its sender up."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from service.nats.pipelined import PipelinedClient

REPLY_SECONDS: Final = 5.0

# Servers do not ask whether whoever asks may publish to the subject that is to have the reply, and permit us to reply
# to any: a reply among the events would halt the log, one to JetStream's API would be done with our permissions.
# Between clusters, servers write a prefix of theirs before the subject.
_NO_INBOX: Final = re.compile(r"(_GR_\.[^.]*\.[^.]*\.)*(\$|numbering\.)")


def is_inbox(subject: str) -> bool:
    """Whether a reply may go there: anywhere but to the servers' own subjects and to ours."""
    return _NO_INBOX.match(subject) is None


async def reply(client: PipelinedClient, asked: Msg, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    """Send the reply, or lose it: whoever asked asks again."""
    with suppress(NatsError, OSError):
        # Once its buffer is full, nats-py waits without end for the peer to read, also for one that is gone.
        async with asyncio.timeout(REPLY_SECONDS):
            await client.publish(asked.reply, body, headers=dict(headers) if headers else None)
