"""A program that answers every request with the same small reply: what request and reply cost by themselves."""

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

    await client.subscribe(SUBJECT, "q", cb=respond)  # pyright: ignore[reportUnknownMemberType] - untyped future
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    uvloop.run(answer(sys.argv[1]))
