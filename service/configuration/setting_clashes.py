"""Settings that do not go together: each of them may be right, and both are not."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from service.configuration.addresses import each_url, user_and_password

PARTS: Final = {"database": "postgresql", "nats": "nats"}
"""What has an address and a password apart from it, and how such an address begins."""


def clashes(values: Mapping[str, Any], named: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each clash among these values by field; `named` has the variable that gave each."""
    for part, scheme in PARTS.items():
        yield from _password_clashes(part, scheme, values, named)
    if "timestamp_url" in values and "timestamp_roots_file" not in values:
        yield f"{named['timestamp_url']} is set, and NUMBERING_TIMESTAMP_ROOTS_FILE is not"
    if "nats_credentials_file" in values and "nats_nkey_seed_file" in values:
        both = f"{named['nats_credentials_file']} and {named['nats_nkey_seed_file']}"
        yield f"{both} are both set; NATS asks for one, keep that"


def _password_clashes(part: str, scheme: str, values: Mapping[str, Any], named: Mapping[str, str]) -> Iterator[str]:
    url, password = f"{part}_url", f"{part}_password"
    if password not in named:
        return
    if url not in named:
        yield f"{named[password]} is set, and NUMBERING_{url.upper()} is not"
    if password not in values or url not in values:
        return
    for each in each_url(values[url]):
        query = parse_qs(urlsplit(each).query)
        user, has = user_and_password(each)
        if has is not None or "password" in query or "passfile" in query:
            yield f"{named[url]} holds a password, and {named[password]} gives one too; keep one of them"
            return
        if user is None and "user" not in query:
            yield f"{named[url]} names no user for the password of {named[password]}; write {scheme}://USER@HOST"
            return
