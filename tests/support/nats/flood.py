"""A program that publishes requests as fast as it can, until it is ended: a process of its own, without any of ours."""

import asyncio
import socket
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

BURST: Final = 200
BURST_BYTES_MAX: Final = 400_000
PAUSE_SECONDS: Final = 0.005


@asynccontextmanager
async def flooding(nats_url: str, subject: str, credential: str, body: bytes, directory: Path) -> AsyncGenerator[None]:
    """Requests of this body to this subject, with an inbox for replies that it reads and forgets."""
    url = urlsplit(nats_url)
    headers = f"NATS/1.0\r\nAuthorization: Bearer {credential}\r\n\r\n".encode()
    head = f"HPUB {subject} _INBOX.flood.1 {len(headers)} {len(headers) + len(body)}\r\n".encode()
    message = directory / "message"
    message.write_bytes(head + headers + body + b"\r\n")
    arguments = [str(url.hostname), str(url.port), url.username or "", url.password or "", str(message)]
    program = await asyncio.create_subprocess_exec(sys.executable, __file__, *arguments)
    try:
        yield
        assert program.returncode is None, "it still floods"
    finally:
        program.kill()
        await program.wait()


def flood(host: str, port: int, user: str, password: str, message: bytes) -> None:
    """Publish burst after burst for ever, each when the server has taken the one before: about 27,000 a second."""
    connection = socket.create_connection((host, port))
    connection.recv(65_536)
    options = f'{{"verbose":false,"headers":true,"user":"{user}","pass":"{password}"}}'
    connection.sendall(f"CONNECT {options}\r\nSUB _INBOX.flood.> 1\r\n".encode())
    burst = message * max(1, min(BURST, BURST_BYTES_MAX // len(message))) + b"PING\r\n"
    while True:
        connection.sendall(burst)
        heard = b""
        while b"PONG" not in heard:
            heard = heard[-4:] + connection.recv(1_048_576)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    _, its_host, its_port, its_user, its_password, its_message = sys.argv
    flood(its_host, int(its_port), its_user, its_password, Path(its_message).read_bytes())
