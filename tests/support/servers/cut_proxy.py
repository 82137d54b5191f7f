"""A TCP proxy that can stop passing bytes on, cut every connection, and refuse new ones."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import urlsplit


class CutProxy:
    """A proxy before a server; `url` is the address of the server through the proxy."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._connections: set[asyncio.StreamWriter] = set()
        self._to_clients: set[asyncio.StreamWriter] = set()
        self._silent: set[asyncio.StreamWriter] = set()
        self._is_mute = False
        self._is_shut = False
        self._accepted = 0
        self.asked = 0
        """How often a client said something, as the proxy heard it: a short question is heard as one."""
        self._is_flowing = asyncio.Event()
        self._is_flowing.set()
        self.swallowed = asyncio.Event()
        self.url = url

    @classmethod
    @asynccontextmanager
    async def before(cls, url: str) -> AsyncGenerator[Self]:
        """A proxy that runs until the block ends."""
        proxy = cls(url)
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        proxy.url = url.replace(f":{proxy._target.port}", f":{port}")
        try:
            yield proxy
        finally:
            server.close()
            proxy.cut()
            await server.wait_closed()

    def mute(self) -> None:
        """From now on nothing from the server reaches the client; `swallowed` is set when it next sends something."""
        self._is_mute = True
        self.swallowed.clear()

    def silence(self, *, is_server_hearing: bool = False) -> None:
        """From now on those that are connected hear nothing, and are not told; later connections work.

        The server hears them no more either, unless `is_server_hearing`. `swallowed` is set at the next word.
        """
        self._silent |= self._to_clients if is_server_hearing else self._connections
        self.swallowed.clear()

    def stall(self) -> None:
        """From now on the proxy reads nothing from the client, so that the client's buffers fill."""
        self._is_flowing.clear()

    def cut(self) -> None:
        """End every connection; later ones work."""
        self._is_mute = False
        self._is_flowing.set()
        for writer in self._connections:
            writer.transport.abort()
        self._connections.clear()
        self._to_clients.clear()
        self._silent.clear()

    def shut(self) -> None:
        """End every connection, and accept no new one."""
        self._is_shut = True
        self.cut()

    def open(self) -> None:
        """Accept connections again."""
        self._is_shut = False

    @property
    def accepted(self) -> int:
        """How many connections there were so far."""
        return self._accepted

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted += 1
        if self._is_shut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        except OSError:
            writer.transport.abort()
            return
        self._connections |= {writer, far_writer}
        self._to_clients.add(writer)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass_on(reader, far_writer, is_server=False))
            group.create_task(self._pass_on(far_reader, writer, is_server=True))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_server: bool) -> None:
        try:
            while data := await reader.read(65536):
                self.asked += not is_server
                await self._is_flowing.wait()
                if writer in self._silent:
                    self.swallowed.set()
                    continue
                if is_server and self._is_mute:
                    self.swallowed.set()
                    continue
                writer.write(data)
                await writer.drain()
        except OSError:
            return
        finally:
            # The end of a silent connection is not passed on either: as if the machine, or the line to it, were gone.
            if writer not in self._silent:
                writer.transport.abort()
