"""A TCP door before a server, that can be shut and opened again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Self
from urllib.parse import urlsplit


class Door:
    """While shut, it cuts every connection; `url` leads through it."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._is_shut = False
        self._open: set[asyncio.StreamWriter] = set()
        self.url = url

    @classmethod
    @asynccontextmanager
    async def before(cls, url: str) -> AsyncGenerator[Self]:
        """A door that stands until the block ends."""
        door = cls(url)
        server = await asyncio.start_server(door._pass, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        door.url = url.replace(f":{door._target.port}", f":{port}")
        try:
            yield door
        finally:
            server.close()
            door.shut()

    def shut(self) -> None:
        """Cut everything, and let nobody in."""
        self._is_shut = True
        for writer in self._open:
            writer.transport.abort()

    def open(self) -> None:
        """Let everybody in again."""
        self._is_shut = False

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_shut:
            writer.transport.abort()
            return
        inner_reader, inner_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._open |= {writer, inner_writer}
        await asyncio.gather(_pour(reader, inner_writer), _pour(inner_reader, writer))
        self._open -= {writer, inner_writer}


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()
    writer.close()
