"""Texts of others, made safe to show: in a header, on a terminal, in a log line."""

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

CUT: Final = "..."
HIDDEN: Final = "***"
_TOKEN_SCHEMES: Final = frozenset({"nats", "tls", "ws", "wss"})

_NOT_PRINTABLE_ASCII: Final = re.compile(r"[^\x20-\x7e]")


def ascii_line(text: str, length_max: int) -> str:
    """The text as one line of printable ASCII, each other character as `?`, cut to `length_max` characters.

    What goes into a header must be such a line: a line end in it would begin a header of the sender's choice.
    """
    shown = _NOT_PRINTABLE_ASCII.sub("?", text[: length_max + 1])
    return shown if len(shown) <= length_max else shown[: length_max - len(CUT)] + CUT


def harmless(text: str) -> str:
    """The text with every character that steers a terminal, or hides what is read, written as an escape.

    Line ends stay; letters of all scripts stay.
    """
    return "".join(each if each.isprintable() or each == "\n" else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    """As JSON writes it, so that harmless JSON is still the same JSON."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def without_password(urls: str) -> str:
    """The URLs, with commas between, each with `***` for its password and no query, fit for a screen or a log."""
    return ",".join(_without_password(url) for url in re.split(r",(?=[a-z]+://)", urls))


def _without_password(url: str) -> str:
    """What cannot be taken apart, or only wrongly, is not shown: a raw `/`, `?` or `#` in a password ends the host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    if url.count("@") > parts.netloc.count("@"):
        return HIDDEN
    user, has_user, place = parts.netloc.rpartition("@")
    name, has_password, _ = user.partition(":")
    if has_user and not has_password and parts.scheme in _TOKEN_SCHEMES:
        name = HIDDEN  # NATS takes a user without a password for a token
    who = f"{name}{f':{HIDDEN}' if has_password else ''}{has_user}"
    return urlunsplit(parts._replace(netloc=f"{who}{place}", query="", fragment=""))
