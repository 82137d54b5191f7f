"""The kinds of values of settings: how a text of the environment becomes one, and what is said of a wrong one."""

import os
from collections.abc import Callable, Iterator
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, get_args
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from service.printable import without_password


def _kind(
    right: str,
    *,
    pattern: str | None = None,
    may_hold_password: bool = False,
    require: Callable[[Path], None] | None = None,
) -> Meta:
    """What a type of values is: `right` says in words what one looks like; `require` raises OSError for no such."""
    return Meta(pattern=pattern, extra={"right": right, "may_hold_password": may_hold_password, "require": require})


def _require_file(path: Path) -> None:
    with path.open("rb"):
        pass


def _require_directory(path: Path) -> None:
    with os.scandir(path):
        pass


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


PostgresUrl = Annotated[
    str,
    _kind(
        "like postgresql://user:password@host:5432/database",
        pattern=r"^postgres(ql)?://[^\s]+$",
        may_hold_password=True,
    ),
]
NatsUrl = Annotated[
    str,
    _kind(
        "like nats://user:password@host:4222, or several such with commas between",
        pattern=r"^(nats|tls|ws|wss)://[^\s,]+(,(nats|tls|ws|wss)://[^\s,]+)*$",
        may_hold_password=True,
    ),
]
HttpUrl = Annotated[
    str,
    _kind(
        "like https://stamps.example.com/tsa",
        pattern=r"^https?://[^\s]+$",
        may_hold_password=True,
    ),
]
Origins = Annotated[
    str,
    _kind(
        "like https://app.example.com,https://till.example.com (no path, no blank), or *",
        pattern=r"^(\*|https?://[^\s,/*]+(,https?://[^\s,/*]+)*)$",
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
    """A variable is wrong; the message names it and says what would be right."""


def about(unit: str, effect: str, **bounds: Any) -> Meta:
    """What a field is: its unit, and the effect of its value; `bounds` are those of numbers and texts."""
    return Meta(description=effect, extra={"unit": unit}, **bounds)


def decode(variable: str, kind: Any, text: str) -> object:
    """The value that this text is for a field of this type. Raises SettingsError, which names the variable."""
    try:
        value = msgspec.convert(text, kind, strict=False, dec_hook=lambda own, found: _DECODERS[own](found))
    except (msgspec.ValidationError, LookupError, ValueError, OSError) as error:
        raise SettingsError(f"{variable} is {_echo(kind, text)}; it must be {_right(kind)}") from error
    require = said(kind).get("require")
    if require is not None:
        try:
            require(value)
        except OSError as error:
            raise SettingsError(
                f"{variable} is {_echo(kind, text)}; it must be {_right(kind)} ({error.strerror})"
            ) from error
    return value


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
    if not said(kind).get("may_hold_password"):
        return repr(text)
    return repr(without_password(text)) if "://" in text else "not a URL"


def _right(kind: Any) -> str:
    """What a value of this type looks like, in words."""
    words, bounds = said(kind), outer(kind)
    if "right" in words:
        return str(words["right"])
    if isinstance(kind.__origin__, type) and issubclass(kind.__origin__, StrEnum):
        return f"one of {', '.join(kind.__origin__)}"
    if bounds.ge is None:
        return f"a {words['unit']}"
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
