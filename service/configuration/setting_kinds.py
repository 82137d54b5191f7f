"""The kinds of values of settings: how a text of the environment becomes one, and what is said of a wrong one."""

import errno
import os
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, get_args
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from service.configuration.addresses import PASSWORD_FILE, each_url
from service.configuration.secret_files import SecretFileError, read_secret_line
from service.printable import without_password


def _kind(
    right: str,
    *,
    pattern: str | None = None,
    require: Callable[[Any], None] | None = None,
    hide: Callable[[str], str] | None = None,
) -> Meta:
    """What a type of values is: `right` says in words what one looks like.

    `require` raises OSError for a file that is none, and ValueError for a text. `hide` shows a value that is a secret,
    or may hold one, without it; such a value may also be given as a file.
    """
    return Meta(pattern=pattern, extra={"right": right, "require": require, "hide": hide})


def _require_file(path: Path) -> None:
    # A pipe without a writer would let us wait for ever.
    os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def _require_directory(path: Path) -> None:
    with os.scandir(path):
        pass


def _require_urls(text: str) -> None:
    """Raise ValueError for a URL that others would take apart in another way than its author meant.

    What is behind a raw `@`, `/`, `?` or `#` of a password would be taken for a host or a port, and shown as one.
    """
    for url in each_url(text):
        parts = urlsplit(url)
        _, _, place = parts.netloc.rpartition("@")
        if url.count("@") > parts.netloc.count("@") or parts.netloc.count("@") > 1 or parts.fragment:
            raise ValueError("a character is not percent-encoded")
        if not all(_HOST.fullmatch(host) for host in place.split(",")):
            raise ValueError("a port is no number")
        if PASSWORD_FILE in parse_qs(parts.query):
            raise ValueError("the file of a password is a setting of its own")


def _hide_all(_: str) -> str:
    return "***"


_HOST: Final = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:[0-9]+)?")


class ZoneName(str):
    """The name of a time zone that this machine knows."""

    __slots__ = ()


class Networks(str):
    """Addresses and networks of IP, with commas between."""

    __slots__ = ()

    def each(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Each of them; an address is a network of one. Raises ValueError for what is none, and for all addresses."""
        found = tuple(ip_network(part) for part in self.split(","))
        if any(network.prefixlen == 0 for network in found):
            raise ValueError("all addresses are no network")
        return found


_ENCODED: Final = "; in user and password @ : / ? # % are percent-encoded"

PostgresUrl = Annotated[
    str,
    _kind(
        f"like postgresql://user:password@host:5432/database{_ENCODED}",
        pattern=r"^postgres(ql)?://[^\s]+\Z",
        require=_require_urls,
        hide=without_password,
    ),
]
NatsUrl = Annotated[
    str,
    _kind(
        f"like nats://user:password@host:4222, or several such with commas between{_ENCODED}",
        pattern=r"^(nats|tls|ws|wss)://[^\s,]+(,(nats|tls|ws|wss)://[^\s,]+)*\Z",
        require=_require_urls,
        hide=without_password,
    ),
]
HttpUrl = Annotated[
    str,
    _kind(
        f"like https://stamps.example.com/tsa{_ENCODED}",
        pattern=r"^https?://[^\s]+\Z",
        require=_require_urls,
        hide=without_password,
    ),
]
Password = Annotated[str, _kind("one line of text", pattern=r"^[^\x00\r\n]+\Z", hide=_hide_all)]
CollectorUrl = Annotated[
    str,
    _kind(
        f"like http://collector.example.com:4318{_ENCODED}",
        pattern=r"^https?://[^\s]+\Z",
        require=_require_urls,
        hide=without_password,
    ),
]
Origins = Annotated[
    str,
    _kind(
        "like https://app.example.com,https://till.example.com (no path, no blank), or *",
        pattern=r"^(\*|https?://[^\s,/*]+(,https?://[^\s,/*]+)*)\Z",
    ),
]
ProxyNetworks = Annotated[
    Networks, _kind("like 10.0.0.7,192.168.0.0/16,fd00::/8 (addresses and networks, no blank), and not all addresses")
]
TimeZone = Annotated[ZoneName, _kind("the IANA name of a time zone, such as Europe/Bucharest")]
PresentFile = Annotated[Path, _kind("a file that this user can read", require=_require_file)]
PresentDirectory = Annotated[Path, _kind("a directory that this user can read", require=_require_directory)]


class LogLevel(StrEnum):
    """The least important line that is still written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a log line looks."""

    CONSOLE = "console"
    JSON = "json"


class SettingsError(Exception):
    """Variables are wrong; each of `faults` names one and says what would be right."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def about(unit: str, effect: str, **bounds: Any) -> Meta:
    """What a field is: its unit, and the effect of its value; `bounds` are those of numbers and texts."""
    return Meta(description=effect, extra={"unit": unit}, **bounds)


def decode(variable: str, kind: Any, text: str) -> object:
    """The value that this text is for a field of this type. Raises SettingsError, which names the variable."""
    try:
        if is_secret(kind):
            text.encode("utf-8")
        value = msgspec.convert(text, kind, strict=False, dec_hook=lambda own, found: _DECODERS[own](found))
        require = said(kind).get("require")
        if require is not None:
            require(value)
    except (msgspec.ValidationError, LookupError, ValueError, OSError) as error:
        why = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
        fault = SettingsError(f"{variable} is {_echo(kind, text)}; it must be {_right(kind)}{why}")
        # What these errors say of a secret may be a part of it.
        raise fault from (None if is_secret(kind) else error)
    return value


def decode_file(variable: str, kind: Any, name: str) -> object:
    """The value that the file of this name holds for a field of this type, which is a secret. Raises SettingsError."""
    try:
        text = read_secret_line(Path(name).expanduser())
    except SecretFileError as error:
        raise SettingsError(f"{variable}: {error}") from None
    except ValueError as error:
        raise SettingsError(f"{variable}: {name!r} is no name of a file ({error})") from None
    return decode(f"{variable}: what {name} holds", kind, text)


def is_secret(kind: Any) -> bool:
    """Whether a value of this type is a secret, or may hold one: it is not shown, and may be given as a file."""
    return said(kind).get("hide") is not None


def shown(kind: Any, value: object) -> str:
    """A value of this type, fit for a screen or a log; empty for none."""
    if value is None:
        return ""
    hide = said(kind).get("hide")
    return str(value if hide is None else hide(value))


def _existing_zone(text: str) -> ZoneName:
    ZoneInfo(text)
    return ZoneName(text)


def _right_networks(text: str) -> Networks:
    networks = Networks(text)
    networks.each()
    return networks


_DECODERS: Final[dict[type, Callable[[str], object]]] = {
    Path: lambda text: Path(text).expanduser(),
    ZoneName: _existing_zone,
    Networks: _right_networks,
}
"""For the types that msgspec does not know."""


def _echo(kind: Any, text: str) -> str:
    """The value for an error message; what should have been a URL may hold a password anywhere."""
    hide = said(kind).get("hide")
    if hide is None:
        return repr(text)
    return repr(hide(text)) if "://" in text or hide is _hide_all else "not a URL"


def _right(kind: Any) -> str:
    """What a value of this type looks like, in words."""
    words, bounds = said(kind), outer(kind)
    plain: Any = kind.__origin__
    if "right" in words:
        return str(words["right"])
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return f"one of {', '.join(plain)}"
    if bounds.ge is None:
        return f"a {words['unit']}"
    if plain is float:
        return f"a number from {bounds.ge} to {bounds.le}"
    return f"a whole number from {bounds.ge} to {bounds.le}" if bounds.le else f"a whole number, {bounds.ge} or more"


def said(kind: Any) -> dict[str, Any]:
    """What a field and the type of its values say of themselves, together."""
    return {name: value for meta in _metas(kind) for name, value in (meta.extra or {}).items()}


def outer(kind: Any) -> Meta:
    """What `about` says of a field."""
    *_, last = _metas(kind)
    return last


def _metas(kind: Any) -> Iterator[Meta]:
    """The annotations of a type and of the types in it, the outermost last."""
    for part in get_args(kind):
        if isinstance(part, Meta):
            yield part
        else:
            yield from _metas(part)
