"""A NATS client that takes messages as the bytes of the protocol, many at once, and is not silenced by what arrives.

nats-py encodes the headers of each message again, which costs more than all else the relay does for an event. And after
an exception it did not foresee it reads no further, for ever, without closing the connection.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from nats.aio.client import Client, Srv
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError, MaxPayloadError, UnexpectedEOF

from service.configuration.addresses import user_and_password
from service.nats.client.tls_upgrade import TlsTransport

MESSAGES_AT_ONCE: Final = 256
"""How many messages are read before all else has its turn: about two milliseconds."""


_TRACEPARENT_LINE: Final = b"\r\ntraceparent:"


class Doorkeeper(Protocol):
    """Says which messages are read."""

    def lets_in(self, subject: bytes, size: int) -> bool:
        """Whether to read the message of this subject and size."""
        ...

    def turn(self) -> None:
        """All that was let in before has been handed over."""
        ...


class PipelinedClient(Client):
    """nats-py's client; what is added uses the same buffer, so messages keep the order in which they were given."""

    def __init__(self) -> None:
        super().__init__()
        self._doorkeeper: Doorkeeper | None = None
        self._since_pause = 0

    async def publish_encoded(self, messages: Sequence[bytes], payload_max: int) -> None:
        """Send messages as `cloud_event.message_of` makes them; the largest body has `payload_max` bytes.

        Raises ConnectionClosedError and MaxPayloadError.
        """
        if self.is_closed:
            raise ConnectionClosedError
        if payload_max > self.max_payload:
            raise MaxPayloadError
        self.stats["out_msgs"] += len(messages)
        self.stats["out_bytes"] += sum(map(len, messages))
        await self._send_command(b"".join(messages))
        if self._flush_queue is not None and self._flush_queue.empty():
            await self._flush_pending()

    def let_in_by(self, doorkeeper: Doorkeeper) -> None:
        """From now on pass over each message that is not let in, before anything is made of it.

        And however fast messages arrive, let all else run after each MESSAGES_AT_ONCE.
        """
        self._doorkeeper = doorkeeper

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        if self._doorkeeper is not None:
            self._since_pause += 1
            if self._since_pause >= MESSAGES_AT_ONCE:
                self._since_pause = 0
                await asyncio.sleep(0)
                self._doorkeeper.turn()
            if not self._doorkeeper.lets_in(bytes(subject), len(data)):
                return
        await super()._process_msg(sid, subject, reply, data, headers)  # pyright: ignore[reportUnknownMemberType] - untyped argument

    async def _connect_to_server(self, s: Srv) -> None:
        """Connect over our own transport; one of web sockets is nats-py's."""
        if s.uri.scheme in {"nats", "tls"}:
            self._transport = TlsTransport()  # type: ignore[no-untyped-call]  # nats-py has no types
        user, password = user_and_password(s.uri.geturl())
        # nats-py would send them as they stand in the URL, where they are percent-encoded.
        self.options |= {"user": None if password is None else user or "", "password": password}
        await super()._connect_to_server(s)

    async def _read_loop(self) -> None:
        """Read until the connection is closed; an error closes it too."""
        await super()._read_loop()
        task = asyncio.current_task()
        if task is not None and not task.cancelling():
            await self._process_op_err(UnexpectedEOF())

    async def _close(self, status: int, do_cbs: bool = True) -> None:
        """Close to the end, also where nats-py stops halfway: it sends its last words before it lets go of anything."""
        try:
            await super()._close(status, do_cbs)  # pyright: ignore[reportUnknownMemberType] - untyped callbacks
        except Exception:  # noqa: BLE001 - the connection is gone, which is what was wanted
            self._let_go()
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        """End the tasks of the subscriptions, and give up the socket with what could not be sent."""
        for subscription in self._subs.values():
            subscription._stop_processing()  # pyright: ignore[reportPrivateUsage] - nats-py's own way to end one
        self._subs.clear()
        with suppress(Exception):
            if self._transport is not None:
                self._transport.close()  # type: ignore[no-untyped-call]  # nats-py leaves it so

    async def _process_headers(self, headers: bytes | None) -> dict[str, str] | None:
        """The headers; none if they cannot be read. Servers pass on what a publisher sent, without a check.

        Of a name that is there twice nats-py keeps the last value. Two traces are none (W3C Trace Context), so they go.
        """
        try:
            found = await super()._process_headers(headers)  # pyright: ignore[reportUnknownMemberType] - untyped argument
        except (IndexError, ValueError):
            return None
        if found and headers and headers.lower().count(_TRACEPARENT_LINE) > 1:
            return {name: value for name, value in found.items() if name.lower() != "traceparent"}
        return found

    def _build_message(  # pyright: ignore[reportIncompatibleMethodOverride] - nats-py skips what is none
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None
    ) -> Msg | None:
        """The message; none, so that it is skipped, if a subject is not UTF-8."""
        try:
            message: Msg = super()._build_message(sid, subject, reply, data, headers)
        except UnicodeDecodeError:
            return None
        return message
