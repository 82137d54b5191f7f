"""Whose request it is behind proxies: what `Forwarded` (RFC 7239) and `X-Forwarded-For` of a trusted proxy say."""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from multidict import CIMultiDictProxy

from service.configuration.setting_kinds import Networks

FORWARDED: Final = "Forwarded"
X_FORWARDED_FOR: Final = "X-Forwarded-For"

HOPS_MAX: Final = 16
"""The most proxies in front of each other that are looked through."""

ELEMENT_CHARS_MAX: Final = 256
"""The longest element of `Forwarded` that is looked at. A proxy writes what it knows in less."""

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR: Final = rf'({_WORD})=({_WORD}|"(?:[^"\\]|\\.)*")'
_PAIRS: Final = re.compile(rf"{_PAIR}(?:[ \t]*;[ \t]*(?:{_PAIR})?)*")
_EACH_PAIR: Final = re.compile(_PAIR)
_V4_NODE: Final = re.compile(r"([0-9.]+)(?::\w+)?")
_V6_NODE: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\w+)?")

_Address = IPv4Address | IPv6Address


class TrustedProxies:
    """The proxies whose headers are believed."""

    def __init__(self, networks: Networks | None) -> None:
        """`networks` are the addresses they have; none trusts nobody."""
        self._networks = () if networks is None else networks.each()

    def has(self, peer: str) -> bool:
        """Whether the peer of a connection is one of them."""
        address = _address(peer.partition("%")[0])
        return address is not None and self._is_trusted(address)

    def caller(self, peer: str, headers: CIMultiDictProxy[str]) -> str:
        """The address of the caller of a request that `peer`, one of them, passed on.

        It is the rightmost address that is none of theirs; if all are, the leftmost. The peer's own counts where no
        header says one, where what stands there is no address, and where both headers are sent and disagree: a proxy
        that writes one of them may pass the other on as a stranger wrote it.
        """
        said = {
            self._found(nodes(headers.getall(name)))
            for name, nodes in ((FORWARDED, _forwarded_nodes), (X_FORWARDED_FOR, _listed_nodes))
            if name in headers
        }
        [found] = said if len(said) == 1 else [None]
        return peer if found is None else str(found)

    def _found(self, nodes: Iterator[_Address | None]) -> _Address | None:
        """The first address, from the right, that is not trusted; or the last of all; none if one is no address."""
        node: _Address | None = None
        for count, node in enumerate(nodes, 1):
            if node is None or count > HOPS_MAX:
                return None
            if not self._is_trusted(node):
                return node
        return node

    def _is_trusted(self, address: _Address) -> bool:
        return any(address in network for network in self._networks)


def _listed_nodes(lines: Iterable[str]) -> Iterator[_Address | None]:
    """The addresses of X-Forwarded-For from the right; none where something else stands."""
    for node in _from_the_right(",".join(lines)):
        yield _node(node) if node.startswith("[") or node.count(":") < 2 else _address(node)


def _forwarded_nodes(lines: Iterable[str]) -> Iterator[_Address | None]:
    """The `for` of each element of Forwarded from the right; none where one says no address.

    From the right an element is the shortest text that is one: nothing that stands before it, such as a quotation mark
    that a stranger opened, changes what a proxy wrote.
    """
    element = ""
    for part in _from_the_right(",".join(lines)):
        element = f"{part},{element}" if element else part
        if _PAIRS.fullmatch(element):
            yield _for_of(element)
            element = ""
        elif len(element) > ELEMENT_CHARS_MAX:
            break
    if element:
        yield None


def _from_the_right(text: str) -> Iterator[str]:
    """The parts between the commas, the last first, without those that are empty."""
    end = len(text)
    while end >= 0:
        comma = text.rfind(",", 0, end)
        part = text[comma + 1 : end].strip(" \t")
        if part:
            yield part
        end = comma


def _for_of(element: str) -> _Address | None:
    values = [value for name, value in _EACH_PAIR.findall(element) if name.lower() == "for"]
    if len(values) != 1:
        return None
    [value] = values
    return _node(re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value)


def _node(text: str) -> _Address | None:
    """The address of a node, with or without a port; none for `unknown`, a hidden name, and what is malformed."""
    found = _V4_NODE.fullmatch(text) or _V6_NODE.fullmatch(text)
    return None if found is None else _address(found[1])


def _address(text: str) -> _Address | None:
    """The address, of which there is one spelling: an IPv4 address that is written as IPv6 is IPv4."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return None if address.scope_id else address.ipv4_mapped or address
    return address
