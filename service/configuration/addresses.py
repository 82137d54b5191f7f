"""Addresses of PostgreSQL and NATS that hold their password, or name the file that has it.

A password that stands in a file is read when a connection begins, so an address carries the path: as
`password_file=PATH` in the query of the URL. `projections/keeping/connections.py` reads it too. No server is ever sent
it, and no screen shows it (`printable.without_password`).
"""

import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

PASSWORD_FILE: Final = "password_file"  # noqa: S105 - the name of a parameter

_OF_SEVERAL: Final = re.compile(r",(?=[a-z]+://)")


def each_url(urls: str) -> list[str]:
    """The URLs of an address: one of PostgreSQL, which may name several hosts, or several of NATS."""
    return _OF_SEVERAL.split(urls)


def with_password(urls: str, password: str) -> str:
    """The address, with this password for the user of each of its URLs. The password may hold any character."""
    return ",".join(_with_password(url, password) for url in each_url(urls))


def with_password_file(urls: str, path: Path) -> str:
    """The address, with the file that has the password of its users."""
    return ",".join(_with_query(url, [*_query(url), (PASSWORD_FILE, str(path.absolute()))]) for url in each_url(urls))


def without_password_file(urls: str) -> tuple[str, Path | None]:
    """The address as others understand it, and the file that has the password of its users, if one has."""
    paths = [Path(value) for url in each_url(urls) for name, value in _query(url) if name == PASSWORD_FILE]
    if not paths:
        return urls, None
    queries = {url: [(name, value) for name, value in _query(url) if name != PASSWORD_FILE] for url in each_url(urls)}
    return ",".join(_with_query(url, query) for url, query in queries.items()), paths[0]


def user_and_password(url: str) -> tuple[str | None, str | None]:
    """User and password of a URL, as they are; None for one that it does not have."""
    user, has_user, _ = urlsplit(url).netloc.rpartition("@")
    name, has_password, password = user.partition(":")
    return (unquote(name) if has_user and name else None), (unquote(password) if has_password else None)


def _with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:{quote(password, safe='')}@{place}"))


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def _with_query(url: str, query: list[tuple[str, str]]) -> str:
    return urlunsplit(urlsplit(url)._replace(query=urlencode(query, quote_via=quote)))
