"""Every setting, read once from the environment into one frozen struct. Nothing else reads the environment."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field
from platformdirs import user_data_path

from service.configuration.addresses import with_password, with_password_file, without_password_file
from service.configuration.libpq import take_out
from service.configuration.setting_clashes import PARTS, clashes
from service.configuration.setting_descriptions import Described, described
from service.configuration.setting_kinds import (
    CollectorUrl,
    HttpUrl,
    LogFormat,
    LogLevel,
    NatsUrl,
    Origins,
    Password,
    PostgresUrl,
    PresentDirectory,
    PresentFile,
    ProxyNetworks,
    SettingsError,
    TimeZone,
    ZoneName,
    about,
)
from service.configuration.setting_values import (
    FILE_SUFFIX,
    PREFIX,
    SUPERVISION_VARIABLES,
    Supervision,
    supervision_of,
    values_of,
)

APPLICATION: Final = "invoice-numbering"


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
    database_password: Annotated[
        Password | None,
        about("text", "The password of the user in that URL; any character may be in it; unset: in the URL"),
    ] = None
    nats_url: Annotated[
        NatsUrl | None,
        about("URL", "NATS with JetStream, a cluster's servers with commas between; unset: `numbering up` runs one"),
    ] = None
    nats_password: Annotated[
        Password | None,
        about("text", "The password of the user in those URLs; any character may be in it; unset: in them"),
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
    drain_seconds: Annotated[
        int,
        about(
            "seconds",
            "How long /readyz says 503 and HTTP is still answered, after the process was told to stop",
            ge=0,
            le=3600,
        ),
    ] = 0
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
    traces_url: Annotated[
        CollectorUrl | None,
        about(
            "URL", "An OpenTelemetry collector (OTLP over HTTP) that gets the spans of requests; unset: none are made"
        ),
    ] = None
    traces_ratio: Annotated[
        float,
        about("of 1", "How many of the requests that name no trace begin one, where spans are made", ge=0, le=1),
    ] = 1.0
    log_level: Annotated[LogLevel, about("level", "The least important log line that is written")] = LogLevel.INFO
    log_format: Annotated[LogFormat, about("format", "Log lines for people, or one JSON object a line")] = (
        LogFormat.CONSOLE
    )
    files: dict[str, Path] = field(default_factory=dict[str, Path])
    """No setting: the files of those secrets that were given as a file, by the name of the field."""

    def __repr__(self) -> str:
        """What differs from the defaults, without secrets: a traceback may show the settings."""
        said = (f"{each.variable}={each.present}" for each in describe(self) if each.present != each.default)
        return f"Settings({', '.join(said)})"

    @property
    def database(self) -> str | None:
        """The address of PostgreSQL, with the password or its file (`addresses`). What connects takes this one."""
        return self._address("database")

    @property
    def nats(self) -> str | None:
        """The addresses of NATS, with commas between, with the password or its file (`addresses`)."""
        return self._address("nats")

    def at(self, database: str | None, nats: str | None) -> Self:
        """These settings with other addresses, each with its password or the file of it."""
        files = {name: path for name, path in self.files.items() if name not in OF_ADDRESSES}
        changes: dict[str, Any] = dict.fromkeys(OF_ADDRESSES)
        for part, address in (("database", database), ("nats", nats)):
            url, path = (None, None) if address is None else without_password_file(address)
            changes[f"{part}_url"] = url
            if path is not None:
                files[f"{part}_password"] = path
        return msgspec.structs.replace(self, **changes, files=files)

    def _address(self, part: str) -> str | None:
        url, password = getattr(self, f"{part}_url"), getattr(self, f"{part}_password")
        path = self.files.get(f"{part}_password")
        if url is None:
            return None
        if path is not None:
            return with_password_file(url, path)
        return str(url) if password is None else with_password(url, password)

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


OF_ADDRESSES: Final = tuple(f"{part}_{what}" for part in PARTS for what in ("url", "password"))
"""The fields of what is reached by an address."""

FIELDS: Final = MappingProxyType(
    {f"{PREFIX}{each.name.upper()}": each for each in msgspec.structs.fields(Settings) if each.name != "files"}
)
"""Every setting, by its variable."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings these variables give (default: of this process); an empty variable counts as unset.

    Raises SettingsError for a bad value, for values that do not go together, and for a NUMBERING_ variable that does
    not exist, except NUMBERING_TEST_* and the service links of Kubernetes, which a Service named `numbering` or
    `numbering-web` puts into every container. It tells every fault, not only the first.
    """
    settings, faults = settings_and_faults(environment)
    if faults:
        raise SettingsError(*faults)
    return settings


def settings_and_faults(environment: Mapping[str, str] | None = None) -> tuple[Settings, list[str]]:
    """The settings that those variables give which are right, and a sentence for each fault; see `read_settings`."""
    found = values_of(os.environ if environment is None else environment, FIELDS)
    faults = [*found.faults, *clashes(found.values, found.named)]
    return Settings(**found.values, files=found.files), faults


def read_supervision(environment: Mapping[str, str] | None = None) -> Supervision:
    """What systemd asks of this process; nothing if it did not start it."""
    return supervision_of(os.environ if environment is None else environment)


def forget_libpq() -> list[str]:
    """Take what is meant for PostgreSQL's own programs out of this process; the names of those variables."""
    return take_out(os.environ)


def has_json_lines(environment: Mapping[str, str] | None = None) -> bool:
    """Whether log lines are JSON, known even where another setting is wrong and has to be told in such a line."""
    given = os.environ if environment is None else environment
    return given.get(_variable("log_format")) == LogFormat.JSON


def describe(settings: Settings) -> Iterator[Described]:
    """Every setting with its present value, without secrets."""
    return described(settings, Settings(), settings.files, FIELDS)


def cannot_listen(host: str, port: int, error: Exception, port_variable: str = "NUMBERING_PORT") -> str:
    """The sentence for an operator whose address cannot be had: not ours, not known, not allowed or in use."""
    reason = (getattr(error, "strerror", None) or "it is no name of a host").rpartition(": ")[2]
    return f"cannot listen on {host} port {port}: {reason}; set NUMBERING_HOST or {port_variable}"


def child_environment(settings: Settings, **changes: str | int) -> dict[str, str]:
    """The environment for a process of ours that must see these settings, with `changes` by field name.

    Every path is absolute: the process may run in another directory. What came from a file goes on as the file's path,
    because others may read an environment from /proc. systemd listens to the process that it started, and to no child
    of it.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(PREFIX) and name not in SUPERVISION_VARIABLES
    }
    files = {name: path for name, path in settings.files.items() if name not in changes}
    values = {each.name: getattr(settings, each.name) for each in FIELDS.values() if each.name not in files} | changes
    return (
        inherited
        | {_variable(name) + FILE_SUFFIX: str(path.absolute()) for name, path in files.items()}
        | {
            _variable(name): str(value.absolute() if isinstance(value, Path) else value)
            for name, value in values.items()
            if value is not None
        }
    )


def _variable(name: str) -> str:
    return PREFIX + name.upper()
