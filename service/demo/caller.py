"""Somebody who calls the service over HTTP, as an app in the field would."""

import asyncio
import socket
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Struct
from rich.console import Console

REPLY_SECONDS: Final = 30.0
SLOW_DOWNS_MAX: Final = 5


class Reply(Struct, frozen=True):
    """What the service answered: `data` of a success, `code` of an error."""

    status: int
    data: Any
    code: str | None
    is_replayed: bool


class DemoFaultError(Exception):
    """The demo cannot go on; the message is one sentence, and says what to look at."""


class Caller:
    """A till, a phone or the office: a name for the story and a credential for the service."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, name: str, credential: str) -> None:
        self.name = name
        self._http = http
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {credential}", "Accept": "application/json"}

    def through(self, base_url: str) -> "Caller":
        """The same caller, connected to another process of the service."""
        caller = Caller(self._http, base_url, self.name, "")
        caller._headers = self._headers
        return caller

    async def ask(self, method: str, path: str, body: object = None, *, key: str | None = None) -> Any:
        """The `data` of a success. Raises DemoFaultError for any other answer."""
        reply = await self.try_to(method, path, body, key=key)
        if reply.code is not None:
            raise DemoFaultError(f"{self.name}: {method} {path} was answered {reply.status} {reply.code}")
        return reply.data

    async def try_to(self, method: str, path: str, body: object = None, *, key: str | None = None) -> Reply:
        """Whatever the service answers; 429 and 503 are met with some patience. Raises DemoFaultError."""
        slow_downs = 0
        while True:
            reply, wait_seconds = await self._send(method, path, body, key)
            if reply.status not in {429, 503} or slow_downs == SLOW_DOWNS_MAX:
                return reply
            slow_downs += 1
            words = f"{self.name}: asked to slow down ({reply.code}), waits {wait_seconds:.0f} s"
            Console(stderr=True, highlight=False, markup=False).print(words)
            await asyncio.sleep(wait_seconds)

    async def send_and_hang_up(self, path: str, body: object, *, key: str) -> None:
        """POST, and drop the connection when the reply has arrived, without having read a byte of it."""
        where = urlsplit(self._base_url)
        content = msgspec.json.encode(body)
        headers = {
            **self._headers,
            "Host": where.netloc,
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            "Idempotency-Key": key,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"POST {where.path}{path} HTTP/1.1\r\n{head}\r\n".encode() + content
        await _send_and_hang_up(where.hostname or "", where.port or 80, request)

    async def _send(self, method: str, path: str, body: object, key: str | None) -> tuple[Reply, float]:
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        url = self._base_url + path
        try:
            async with (
                asyncio.timeout(REPLY_SECONDS),
                self._http.request(method, url, data=content, headers=headers) as response,
            ):
                found = msgspec.json.decode(await response.read())
        except (aiohttp.ClientError, OSError) as error:
            raise DemoFaultError(f"cannot reach the service at {self._base_url}; is `numbering up` running?") from error
        except msgspec.DecodeError as error:
            raise DemoFaultError(f"what answers at {self._base_url} is not this service") from error
        code = None if found["success"] else found["error"]["code"]
        is_replayed = response.headers.get("Idempotent-Replayed") == "true"
        wait_seconds = float(response.headers.get("Retry-After", "1"))
        return Reply(response.status, found.get("data"), code, is_replayed), wait_seconds


async def _send_and_hang_up(host: str, port: int, request: bytes) -> None:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(REPLY_SECONDS):
            [(family, kind, protocol, _, address), *_] = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            with socket.socket(family, kind, protocol) as connection:
                connection.setblocking(False)
                await loop.sock_connect(connection, address)
                await loop.sock_sendall(connection, request)
                await _until_readable(connection)
    except OSError as error:
        raise DemoFaultError(f"cannot reach the service at {host} port {port}: {error}") from error


async def _until_readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    loop.add_reader(connection, arrived.set)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(connection)
