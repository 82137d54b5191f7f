"""Every setting, read once from the environment into one frozen struct. Nothing else reads the environment."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field
from platformdirs import user_data_path

from service.printable import without_password
from service.setting_kinds import (
    HttpUrl,
    LogFormat,
    LogLevel,
    NatsUrl,
    Origins,
    PostgresUrl,
    PresentDirectory,
    PresentFile,
    ProxyNetworks,
    SettingsError,
    TimeZone,
    ZoneName,
    about,
    decode,
    outer,
    said,
)

PREFIX: Final = "NUMBERING_"
TEST_PREFIX: Final = "NUMBERING_TEST_"
APPLICATION: Final = "invoice-numbering"

SERVICE_LINK: Final = re.compile(r"SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?")
LINKED_PORT: Final = re.compile(r"(tcp|udp|sctp)://.*")
"""What Kubernetes gives every container for each Service of its namespace, after the Service's name; and what its
variable `PORT` says, which may be ours as well."""


class Settings(Struct, frozen=True, kw_only=True):
    """The settings, one field a variable: `database_url` is NUMBERING_DATABASE_URL; each has unit and effect."""

    data_dir: Annotated[Path, about("directory", "Where keys, demo.json and the embedded parts are kept")] = field(
        default_factory=lambda: user_data_path(APPLICATION)
    )
    host: Annotated[str, about("address", "The address HTTP listens on; 0.0.0.0 or :: for all", min_length=1)] = (
        "127.0.0.1"
    )
    port: Annotated[int, about("port", "The port HTTP listens on", ge=1, le=65535)] = 8080
    metrics_port: Annotated[
        int,
        about(
            "port",
            "Where a process of any job answers /healthz, /readyz and /metrics, and no other port /metrics; 0 for none",
            ge=0,
            le=65535,
        ),
    ] = 0
    database_url: Annotated[
        PostgresUrl | None, about("URL", "PostgreSQL 15 or newer; unset: `numbering up` runs one")
    ] = None
    nats_url: Annotated[
        NatsUrl | None,
        about("URL", "NATS with JetStream, a cluster's servers with commas between; unset: `numbering up` runs one"),
    ] = None
    nats_credentials_file: Annotated[
        PresentFile | None, about("file", "A NATS .creds file, where servers ask for one; unset: as the URL says")
    ] = None
    nats_nkey_seed_file: Annotated[
        PresentFile | None,
        about("file", "The seed of an nkey, where NATS servers ask for one; unset: as the URL says"),
    ] = None
    nats_ca_file: Annotated[
        PresentFile | None, about("file", "Certificates of authority to trust for NATS over TLS; unset: the system's")
    ] = None
    rate_limit: Annotated[
        int, about("requests per minute", "The most one credential may ask of one process; 0 turns it off", ge=0)
    ] = 100
    reservation_ttl_seconds: Annotated[
        int, about("seconds", "How long a reserved number waits for its document", ge=1, le=3_153_600_000)
    ] = 2_592_000
    sweep_seconds: Annotated[
        int, about("seconds", "How often overdue numbers are recorded as expired", ge=1, le=86_400)
    ] = 60
    pending_max: Annotated[
        int, about("numbers", "The most pending numbers a device may hold in a series; 0 for no cap", ge=0)
    ] = 0
    date_ahead_days_max: Annotated[
        int, about("days", "How far after today the date of an invoice may lie", ge=0, le=36_500)
    ] = 366
    time_zone: Annotated[
        TimeZone,
        about("IANA name", "Decides what day it is: invoice dates, a series' year; reports for people show its time"),
    ] = ZoneName("Europe/Bucharest")
    keys_file: Annotated[
        Path | None, about("file", "Keys that seal tokens and sign sessions; unset: keys.json in the data directory")
    ] = None
    evidence_keys_file: Annotated[
        Path | None, about("file", "Keys that sign the notes of the log; unset: evidence.json in the data directory")
    ] = None
    evidence_witnesses_file: Annotated[
        PresentFile | None,
        about("file", "Witnesses that co-sign the notes: a verifier key and an address a line; unset: none"),
    ] = None
    seal_seconds: Annotated[int, about("seconds", "How often new events get a signed note", ge=1, le=3600)] = 1
    timestamp_url: Annotated[
        HttpUrl | None, about("URL", "A time stamp authority (RFC 3161), which is shown the newest note; unset: none")
    ] = None
    timestamp_roots_file: Annotated[
        PresentFile | None, about("file", "Root certificates (PEM) of that authority; needed with its URL")
    ] = None
    timestamp_seconds: Annotated[int, about("seconds", "How often it is asked at the most", ge=1, le=604_800)] = 3600
    check_rate: Annotated[
        int,
        about(
            "events per second",
            "How fast `project` looks whether the database was rewritten, round after round; 0 turns it off",
            ge=0,
            le=1_000_000,
        ),
    ] = 500
    access_cache_seconds: Annotated[
        int,
        about("seconds", "How long credentials are cached; a revocation acts at most so much later", ge=0, le=300),
    ] = 5
    audit_reads_days: Annotated[
        int,
        about("days", "How long the record of what auditors read is kept, at least 30; 0 for ever", le=36_500, ge=0),
    ] = 1_827
    command_timeout_seconds: Annotated[
        int, about("seconds", "How long a request waits for its turn before 503", ge=1, le=600)
    ] = 10
    queue_max: Annotated[int, about("commands", "How many may wait to be written; more get 503", ge=1)] = 10_000
    batch_max: Annotated[int, about("commands", "The most one commit carries", ge=1, le=100_000)] = 1024
    body_bytes_max: Annotated[int, about("bytes", "The largest request body; more gets 413", ge=1024)] = 1_048_576
    connections_max: Annotated[
        int, about("connections", "The most HTTP connections at once; more are told 503 and closed", ge=2)
    ] = 2000
    address_connections_max: Annotated[
        int,
        about(
            "connections",
            "The most of them from one address, or of requests at once that trusted proxies pass on for one; "
            "0 for half of all",
            ge=0,
        ),
    ] = 0
    trusted_proxies: Annotated[
        ProxyNetworks | None,
        about(
            "addresses or networks",
            "Proxies, with commas between, whose Forwarded or X-Forwarded-For says who calls; unset: none",
        ),
    ] = None
    cors_origins: Annotated[
        Origins | None,
        about("origins", "Origins that CORS allows, with commas between, or *; unset: none"),
    ] = None
    jwks_file: Annotated[
        PresentFile | None,
        about("file", "Public keys (JWKS) whose session tokens are accepted too; unset: only our own"),
    ] = None
    jwks_issuer: Annotated[
        str | None, about("text", "The `iss` claim that tokens of the JWKS must have; unset: not checked")
    ] = None
    jwks_audience: Annotated[
        str | None, about("text", "The `aud` claim that tokens of the JWKS must have; unset: not checked")
    ] = None
    stream_replicas: Annotated[
        int, about("servers", "How many NATS servers keep the stream, when it is created", ge=1, le=5)
    ] = 1
    postgres_binaries: Annotated[
        PresentDirectory | None, about("directory", "Where postgres and initdb are; unset: searched for")
    ] = None
    nats_server: Annotated[PresentFile | None, about("file", "The nats-server program; unset: searched for")] = None
    log_level: Annotated[LogLevel, about("level", "The least important log line that is written")] = LogLevel.INFO
    log_format: Annotated[LogFormat, about("format", "Log lines for people, or one JSON object a line")] = (
        LogFormat.CONSOLE
    )

    @property
    def zone(self) -> ZoneInfo:
        """The zone that decides what day it is."""
        return ZoneInfo(self.time_zone)

    @property
    def keys_path(self) -> Path:
        """The key file in force."""
        return self.keys_file or self.data_dir / "keys.json"

    @property
    def near_host(self) -> str:
        """The address at which this machine reaches what listens on `host`."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound

    @property
    def base_url(self) -> str:
        """Where a client on this machine reaches HTTP."""
        host = f"[{self.near_host}]" if ":" in self.near_host else self.near_host
        return f"http://{host}:{self.port}"


class Described(Struct, frozen=True):
    """One line of `numbering settings`; `present` and `default` are safe to show."""

    variable: str
    present: str
    default: str
    unit: str
    effect: str


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings these variables give (default: of this process); an empty variable counts as unset.

    Raises SettingsError for a bad value and for a NUMBERING_ variable that does not exist, except NUMBERING_TEST_* and
    the service links of Kubernetes, which a Service named `numbering` or `numbering-web` puts into every container.
    """
    given = os.environ if environment is None else environment
    known = {_variable(each.name): each for each in msgspec.structs.fields(Settings)}
    values: dict[str, Any] = {}
    for variable, text in given.items():
        if not variable.startswith(PREFIX) or variable.startswith(TEST_PREFIX) or _is_service_link(variable, given):
            continue
        if variable not in known:
            raise SettingsError(f"{variable} is not a setting; `numbering settings` lists them all")
        if text:
            values[known[variable].name] = decode(variable, known[variable].type, text)
    return Settings(**values)


def has_json_lines(environment: Mapping[str, str] | None = None) -> bool:
    """Whether log lines are JSON, known even where another setting is wrong and has to be told in such a line."""
    given = os.environ if environment is None else environment
    return given.get(_variable("log_format")) == LogFormat.JSON


def describe(settings: Settings) -> Iterator[Described]:
    """Every setting with its present value, without secrets."""
    defaults = Settings()
    for each in msgspec.structs.fields(Settings):
        yield Described(
            variable=_variable(each.name),
            present=_shown(getattr(settings, each.name)),
            default=_shown(getattr(defaults, each.name)),
            unit=said(each.type)["unit"],
            effect=outer(each.type).description or "",
        )


def cannot_listen(host: str, port: int, error: Exception, port_variable: str = "NUMBERING_PORT") -> str:
    """The sentence for an operator whose address cannot be had: not ours, not known, not allowed or in use."""
    reason = (getattr(error, "strerror", None) or "it is no name of a host").rpartition(": ")[2]
    return f"cannot listen on {host} port {port}: {reason}; set NUMBERING_HOST or {port_variable}"


def child_environment(settings: Settings, **changes: str | int) -> dict[str, str]:
    """The environment for a process of ours that must see these settings, with `changes` by field name.

    Every path is absolute: the process may run in another directory.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    fields = {each.name: getattr(settings, each.name) for each in msgspec.structs.fields(Settings)} | changes
    return inherited | {
        _variable(name): str(value.absolute() if isinstance(value, Path) else value)
        for name, value in fields.items()
        if value is not None
    }


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _is_service_link(variable: str, given: Mapping[str, str]) -> bool:
    """Whether Kubernetes made this variable: it makes all of a Service's together, so its host and port are there."""
    for service in (name.removesuffix("_SERVICE_HOST") for name in given if name.endswith("_SERVICE_HOST")):
        of_service, _, rest = variable.partition(f"{service}_")
        if of_service or f"{service}_SERVICE_PORT" not in given:
            continue
        if SERVICE_LINK.fullmatch(rest) or (rest == "PORT" and LINKED_PORT.fullmatch(given[variable])):
            return True
    return False


def _shown(value: object) -> str:
    if value is None:
        return ""
    return without_password(value) if isinstance(value, str) and "://" in value else str(value)
