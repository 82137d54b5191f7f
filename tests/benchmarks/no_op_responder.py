"""A program that answers every request without reading it: it measures what request and reply cost by themselves.

`bench.no-op` is answered with a few bytes, `bench.no-op.N` with N bytes.
"""

import asyncio
import sys

import uvloop
from nats.aio.client import Client
from nats.aio.msg import Msg

SUBJECT = "bench.no-op"
REPLY = b'{"success": true, "data": null}'


async def answer(url: str) -> None:
    """Answer until killed."""
    client = Client()
    await client.connect(url)

    async def respond(message: Msg) -> None:
        await message.respond(REPLY)

    async def respond_at_length(message: Msg) -> None:
        await message.respond(bytes(int(message.subject.rpartition(".")[2])))

    await client.subscribe(SUBJECT, "q", cb=respond)  # pyright: ignore[reportUnknownMemberType] - untyped future
    await client.subscribe(f"{SUBJECT}.*", "q", cb=respond_at_length)  # pyright: ignore[reportUnknownMemberType] - the same
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    uvloop.run(answer(sys.argv[1]))
