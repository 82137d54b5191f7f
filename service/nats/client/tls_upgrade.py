"""A TCP connection to NATS that becomes TLS after the server's greeting.

nats-py goes on with a protocol that was made for plain TCP: it asks to keep the connection when the server ends it, of
which asyncio warns each time, and its reader does not stop the socket when nobody reads, so it grows without bound.
"""

import asyncio
import ssl
from urllib.parse import ParseResult

from nats.aio.transport import TcpTransport


class _TlsProtocol(asyncio.StreamReaderProtocol):
    """The protocol of a stream over TLS, which cannot be half open."""

    def eof_received(self) -> bool:
        """Let the transport close the connection."""
        super().eof_received()
        return False


class TlsTransport(TcpTransport):
    """nats-py's transport, with a stream that is made for TLS."""

    async def connect_tls(
        self, uri: str | ParseResult, ssl_context: ssl.SSLContext, buffer_size: int, connect_timeout: int
    ) -> None:
        """Go on over TLS. Raises OSError, also for a certificate that is not trusted, and TimeoutError."""
        assert self._io_writer is not None, "`connect` was called before"
        reader = asyncio.StreamReader(buffer_size)
        protocol = _TlsProtocol(reader)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(connect_timeout):
            transport = await loop.start_tls(
                self._io_writer.transport,
                protocol,
                ssl_context,
                server_hostname=uri if isinstance(uri, str) else uri.hostname,
            )
        assert transport is not None, "start_tls returns the transport of TLS"
        reader.set_transport(transport)
        self._io_reader, self._io_writer = reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    def __bool__(self) -> bool:
        """Whether nats-py may use it: also before it is connected, or nats-py would put its own in the place of it."""
        return True
