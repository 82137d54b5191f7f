"""HTTP by hand: bytes over a socket, and the bytes that come back."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

SECONDS_MAX = 20


@dataclass(frozen=True)
class WireReply:
    """One reply; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    text: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The envelope."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code."""
        return self.status, self.body["error"]["code"]


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    @asynccontextmanager
    async def to(cls, base_url: str, address: str = "127.0.0.1") -> AsyncGenerator[Self]:
        """A connection from this address of the machine that is open until the block ends."""
        port = int(base_url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        try:
            yield cls(reader, writer)
        finally:
            writer.transport.abort()

    async def send(self, text: bytes) -> None:
        """Send these bytes."""
        self.writer.write(text)
        await self.writer.drain()

    def pause(self) -> None:
        """Read no more."""
        transport = self.writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()

    async def reply(self, *, is_to_head: bool = False) -> WireReply:
        """The next reply, interim ones too."""
        async with asyncio.timeout(SECONDS_MAX):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
            length = 0 if is_to_head else int(headers.get("content-length", "0"))
            return WireReply(int(head[0].split()[1]), headers, await self._reader.readexactly(length))

    async def is_closed(self) -> bool:
        """Wait until the server ends the connection; returns whether it did so without sending more."""
        async with asyncio.timeout(SECONDS_MAX):
            try:
                return await self._reader.read(1) == b""
            except ConnectionResetError:
                return True


def request(method: str, target: str, credential: str = "", *more: str, body: bytes | None = None) -> bytes:
    """A request as bytes; `more` are further lines of its head."""
    lines = [f"{method} {target} HTTP/1.1", "Host: test"]
    if credential:
        lines.append(f"Authorization: Bearer {credential}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *more, "", ""]).encode("latin-1") + (body or b"")
