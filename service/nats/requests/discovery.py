"""The NATS services protocol: tools find the service, its endpoints and its statistics under `$SRV` (ADR-32).

https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-32.md
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct, field

QUEUE_GROUP: Final = "q"
ERROR: Final = "Nats-Service-Error"
ERROR_CODE: Final = "Nats-Service-Error-Code"


class EndpointInfo(Struct, frozen=True):
    """One endpoint and its subject."""

    name: str
    subject: str
    queue_group: str = QUEUE_GROUP
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


class EndpointStats(Struct):
    """The statistics of one endpoint of this instance; times are nanoseconds from a request's arrival to its reply."""

    name: str
    subject: str
    queue_group: str = QUEUE_GROUP
    num_requests: int = 0
    num_errors: int = 0
    last_error: str = ""
    processing_time: int = 0
    average_processing_time: int = 0
    # Always empty. The decoder of nats-py requires the field, and the schema of the `nats` command requires an object.
    data: Mapping[str, str] = field(default_factory=dict[str, str])

    def count(self, nanoseconds: int, error: str | None) -> None:
        """Count one more reply, and its error if there is one."""
        self.num_requests += 1
        self.processing_time += nanoseconds
        self.average_processing_time = self.processing_time // self.num_requests
        if error is not None:
            self.num_errors += 1
            self.last_error = error


class Ping(Struct, frozen=True, kw_only=True, tag_field="type", tag="io.nats.micro.v1.ping_response"):
    """The reply to PING: the service is here."""

    name: str
    id: str
    version: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


class Info(Ping, frozen=True, kw_only=True, tag_field="type", tag="io.nats.micro.v1.info_response"):
    """The reply to INFO: the endpoints of the service."""

    description: str
    endpoints: Sequence[EndpointInfo]


class Stats(Ping, frozen=True, kw_only=True, tag_field="type", tag="io.nats.micro.v1.stats_response"):
    """The reply to STATS: the statistics of each endpoint."""

    started: str
    endpoints: Sequence[EndpointStats]


class Discovery:
    """The replies of one instance under `$SRV`."""

    def __init__(self, name: str, version: str, description: str, endpoints: Sequence[EndpointInfo]) -> None:
        self.stats = {each.name: EndpointStats(each.name, each.subject) for each in endpoints}
        self._name, self._version, self._description = name, version, description
        self._id = secrets.token_hex(11)
        self._endpoints = endpoints
        self._started = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

    def subjects(self) -> Mapping[str, Callable[[], bytes]]:
        """The subjects that tools ask on, each with the function that makes the reply."""
        answers = {"PING": self._ping, "INFO": self._info, "STATS": self._statistics}
        places = ("", f".{self._name}", f".{self._name}.{self._id}")
        return {f"$SRV.{verb}{place}": answer for verb, answer in answers.items() for place in places}

    def _ping(self) -> bytes:
        return msgspec.json.encode(Ping(name=self._name, id=self._id, version=self._version))

    def _info(self) -> bytes:
        return msgspec.json.encode(
            Info(
                name=self._name,
                id=self._id,
                version=self._version,
                description=self._description,
                endpoints=self._endpoints,
            )
        )

    def _statistics(self) -> bytes:
        return msgspec.json.encode(
            Stats(
                name=self._name,
                id=self._id,
                version=self._version,
                started=self._started,
                endpoints=list(self.stats.values()),
            )
        )
