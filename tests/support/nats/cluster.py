"""Three NATS servers in one cluster with JetStream; a test can kill each one and look into each one."""

import asyncio
import random
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGKILL

import aiohttp
import msgspec
from msgspec import Struct

from service.embedded.data_directory import LOOPBACK, is_free
from service.embedded.nats import find_binary
from service.embedded.process import own_identity, spawn, tail
from tests.support.servers.parts import nats_program
from tests.support.waiting import until

SIZE = 3
PORTS_A_NODE = 3
NOBODY = f"nats://{LOOPBACK}:1"
START_ATTEMPTS = 3
LOOK_SECONDS = 0.05
# An election takes up to nine seconds after the leader was killed, and sometimes a second election follows.
DEADLINE_SECONDS = 60.0
# Below the ports that Linux gives to outgoing connections: the other servers try to reach a killed one, and Linux
# could otherwise give them its port.
PORTS = range(20_000, 32_000)


class Copy(Struct, frozen=True):
    """The number of messages in a server's own copy of a NATS stream, and the sequence of the last one."""

    messages: int = 0
    last_seq: int = 0


class Led(Struct, frozen=True):
    """The leader of a stream, or of the cluster itself, as far as a server knows."""

    leader: str | None = None
    cluster_size: int = 0


class StreamDetail(Struct, frozen=True):
    """A stream as /jsz shows it."""

    name: str
    state: Copy = Copy()
    cluster: Led = Led()


class Account(Struct, frozen=True):
    """An account as /jsz shows it."""

    stream_detail: list[StreamDetail] = []


class Jsz(Struct, frozen=True):
    """What one server knows of JetStream; empty while it does not answer."""

    meta_cluster: Led = Led()
    account_details: list[Account] = []


class PortTakenError(Exception):
    """A server ended at its start because another program took its port."""


class Node:
    """One server. Its ports and its store stay the same however often it is killed."""

    def __init__(self, name: str, directory: Path, ports: list[int]) -> None:
        self.name = name
        self.url = f"nats://{LOOPBACK}:{ports[0]}"
        self.route = f"nats://{LOOPBACK}:{ports[1]}"
        self.store = directory / "store"
        self._monitor = f"http://{LOOPBACK}:{ports[2]}"
        self._ports = ports
        self._directory = directory
        self._log = directory / "server.log"
        self._configuration = directory / "nats.conf"
        self._child: subprocess.Popen[bytes] | None = None
        directory.mkdir()

    @property
    def is_up(self) -> bool:
        """Whether its process runs."""
        return self._child is not None and self._child.poll() is None

    def configure(self, routes: list[str]) -> None:
        """Write the configuration of a server of this cluster."""
        client, cluster, monitor = (f"{LOOPBACK}:{port}" for port in self._ports)
        self._configuration.write_text(
            f"server_name: {self.name}\nlisten: {client}\nhttp: {monitor}\n"
            f'jetstream {{ store_dir: "{self.store}" }}\n'
            f"cluster {{ name: tests, listen: {cluster}, routes: [{', '.join(routes)}] }}\n"
        )

    def start(self) -> None:
        """Start the process; `Cluster.settled` waits until it is ready."""
        if not self.is_up:
            binary, _ = find_binary(nats_program())
            command = [str(binary), "--config", str(self._configuration)]
            self._child = spawn(command, self._directory, self._log, death_signal=SIGKILL, identity=own_identity())

    def kill(self) -> None:
        """End the process at once, as kill -9 does."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def assert_runs(self) -> None:
        """Raises PortTakenError, or AssertionError with the last log lines if the server ended for another reason."""
        if self.is_up:
            return
        last = tail(self._log, 0)
        if "address already in use" in last:
            raise PortTakenError(last)
        raise AssertionError(f"{self.name} is down:{last}")

    async def jetstream(self) -> Jsz:
        """What this server knows of JetStream."""
        return msgspec.json.decode(await self._monitored("/jsz?streams=true") or b"{}", type=Jsz)

    async def is_healthy(self) -> bool:
        """Whether the server says that it has everything that the leaders have."""
        return b'"ok"' in await self._monitored("/healthz")

    async def copy_of(self, stream: str) -> Copy:
        """This server's own copy of the stream."""
        return (await self._stream(stream)).state

    async def leader_of(self, stream: str) -> str | None:
        """The leader of the stream, as this server says."""
        return (await self._stream(stream)).cluster.leader

    async def _stream(self, name: str) -> StreamDetail:
        details = [each for account in (await self.jetstream()).account_details for each in account.stream_detail]
        return next((each for each in details if each.name == name), StreamDetail(name))

    async def _monitored(self, path: str) -> bytes:
        """The answer of the monitoring port; empty if there is none."""
        if not self.is_up:
            return b""
        try:
            async with aiohttp.ClientSession() as client, client.get(self._monitor + path) as answer:
                return await answer.read()
        except aiohttp.ClientError:
            return b""


class Cluster:
    """Three nodes; `urls` is the setting of the service for them. `cut_off` is a server that reaches none of them."""

    def __init__(self, nodes: list[Node], cut_off: Node) -> None:
        self.nodes = nodes
        self.cut_off = cut_off
        self.urls = ",".join(node.url for node in nodes)

    def start(self) -> None:
        """Start every node that is down; returns at once."""
        for node in (*self.nodes, self.cut_off):
            node.start()

    def kill(self) -> None:
        """Kill every node."""
        for node in (*self.nodes, self.cut_off):
            node.kill()

    async def settled(self) -> None:
        """Return once every node is up, names the same leader of the cluster, and has everything that leaders have."""

        async def is_settled() -> bool:
            for node in (*self.nodes, self.cut_off):
                node.assert_runs()
            found = {(await node.jetstream()).meta_cluster for node in self.nodes}
            is_led = {(meta.leader is not None, meta.cluster_size) for meta in found} == {(True, SIZE)}
            return is_led and len(found) == 1 and all([await node.is_healthy() for node in self.nodes])

        await _seen(is_settled, "a cluster with all its servers")

    async def leader_of(self, stream: str) -> Node:
        """The node that leads the stream, once one says so of itself."""
        found: list[Node] = []

        async def has_leader() -> bool:
            found[:] = [node for node in self.nodes if await node.leader_of(stream) == node.name]
            return len(found) == 1

        await _seen(has_leader, f"a leader of {stream}")
        return found[0]

    async def copies_agree(self, stream: str, last: int) -> None:
        """Return once the copy of the stream on each node has every message from 1 to `last`."""

        async def do_agree() -> bool:
            return {await node.copy_of(stream) for node in self.nodes} == {Copy(last, last)}

        await _seen(do_agree, f"three whole copies up to {last}")


@asynccontextmanager
async def cluster_of_three(directory: Path) -> AsyncGenerator[Cluster]:
    """A settled cluster until the block ends."""
    cluster = await _started(directory)
    try:
        yield cluster
    finally:
        cluster.kill()


async def _seen(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return once the condition holds; looks seldom, because servers and tests share this machine."""

    async def is_seen() -> bool:
        await asyncio.sleep(LOOK_SECONDS)
        return await condition()

    await until(is_seen, what, seconds_max=DEADLINE_SECONDS)


async def _started(directory: Path) -> Cluster:
    for attempt in range(START_ATTEMPTS):
        cluster = _configured(directory / str(attempt))
        try:
            cluster.start()
            await cluster.settled()
        except PortTakenError:
            cluster.kill()
            continue
        except BaseException:
            cluster.kill()
            raise
        return cluster
    raise AssertionError(f"every port was taken: {START_ATTEMPTS} times {(SIZE + 1) * PORTS_A_NODE} were tried")


def _configured(directory: Path) -> Cluster:
    directory.mkdir()
    ports = _free_ports((SIZE + 1) * PORTS_A_NODE)
    *nodes, cut_off = [
        Node(f"node-{number}", directory / str(number), ports[number * PORTS_A_NODE :][:PORTS_A_NODE])
        for number in range(SIZE + 1)
    ]
    for node in nodes:
        node.configure([other.route for other in nodes if other is not node])
    cut_off.configure([NOBODY])
    return Cluster(nodes, cut_off)


def _free_ports(count: int) -> list[int]:
    """Distinct free ports. They are not kept, so a start may still find one of them taken."""
    chosen = [port for port in random.SystemRandom().sample(PORTS, 50 * count) if is_free(port)]
    return chosen[:count]
