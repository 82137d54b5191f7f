"""A pooler of transactions, as small as one can be: all its callers share one session with PostgreSQL, in turn."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

SSL_REQUEST = 80_877_103
READY, KEY_OF_BACKEND, STATUS_OF_PARAMETER, AUTHENTICATION = b"Z", b"K", b"S", b"R"
IDLE = b"I"

Message = tuple[bytes, bytes]


class SharingPooler:
    """The first caller begins the session; each later one is let in at once, and is told what the first was told."""

    def __init__(self, host: str, port: int) -> None:
        """PostgreSQL is at this address."""
        self._address = (host, port)
        self._turn = asyncio.Lock()
        self._server: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._greeting: list[Message] = []
        self._callers = 0
        self.lines: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One caller, until it goes."""
        self.lines.add(writer)
        packet = await startup(reader)
        if packet[:4] == struct.pack("!I", SSL_REQUEST):
            writer.write(b"N")
            packet = await startup(reader)
        self._callers += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if self._server is None:
                await self._begin(packet, reader, writer)
            else:
                self._greet(writer)
            await self._carry(reader, writer)
        writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry what the caller says; its turn is from the first message of a transaction to the end of it."""
        assert self._server is not None, "a caller was let in"
        answering: asyncio.Task[None] | None = None
        try:
            while (message := await read(reader))[0] != b"X":
                if answering is None or answering.done():
                    await self._turn.acquire()
                    answering = asyncio.create_task(self._answer(writer))
                    answering.add_done_callback(lambda _: self._turn.release())
                write(self._server[1], message)
        finally:
            if answering is not None:
                answering.cancel()

    async def _begin(self, packet: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = await asyncio.open_connection(*self._address)
        from_server, to_server = self._server
        self.lines.add(to_server)
        to_server.write(struct.pack("!I", len(packet) + 4) + packet)
        while (message := await read(from_server))[0] != READY:
            kind, body = message
            if kind == KEY_OF_BACKEND:
                continue
            if kind == STATUS_OF_PARAMETER:
                self._greeting.append(message)
            write(writer, message)
            if kind == AUTHENTICATION and struct.unpack("!I", body[:4])[0] in {3, 5, 10, 11}:
                write(to_server, await read(reader))
        self._finish_greeting(writer)

    def _greet(self, writer: asyncio.StreamWriter) -> None:
        for message in ((AUTHENTICATION, struct.pack("!I", 0)), *self._greeting):
            write(writer, message)
        self._finish_greeting(writer)

    def _finish_greeting(self, writer: asyncio.StreamWriter) -> None:
        write(writer, (KEY_OF_BACKEND, struct.pack("!II", self._callers, 1)))  # as every pooler: no process has this id
        write(writer, (READY, IDLE))

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        """Carry what PostgreSQL says until no transaction is open."""
        assert self._server is not None, "a caller was let in"
        while True:
            answer = await read(self._server[0])
            write(writer, answer)
            if answer == (READY, IDLE):
                return


@asynccontextmanager
async def sharing_pooler(database_url: str) -> AsyncGenerator[str]:
    """The URL of such a pooler in front of this database, until the block ends."""
    server = urlsplit(database_url)
    pooler = SharingPooler(server.hostname or "127.0.0.1", server.port or 5432)
    listening = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield server._replace(netloc=f"{server.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()
    finally:
        listening.close()
        for line in pooler.lines:
            line.close()
        await asyncio.gather(*(line.wait_closed() for line in pooler.lines), return_exceptions=True)


async def startup(reader: asyncio.StreamReader) -> bytes:
    """A packet of the start of a session, without its length."""
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    return await reader.readexactly(length - 4)


async def read(reader: asyncio.StreamReader) -> Message:
    """The next message: its kind and its body."""
    kind = await reader.readexactly(1)
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    return kind, await reader.readexactly(length - 4)


def write(writer: asyncio.StreamWriter, message: Message) -> None:
    """Send one message."""
    kind, body = message
    writer.write(kind + struct.pack("!I", len(body) + 4) + body)
