"""The record of one request of an auditor: what was asked for, without tokens and without text that a person typed."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from msgspec import Struct
from msgspec import inspect as shape

from service.access.read_records import ReadRecord
from service.api.calling.reply import Exchange
from service.api.calling.route import Route
from service.api.calling.sent import Sent
from service.api.reading.fields import shape_of

HIDDEN: Final = "(hidden)"
"""What stands for a value that is not recorded."""

_ID: Final = re.compile(r"(?!sk_|rsv_)[0-9A-Za-z_-]{1,64}", re.ASCII)
_SECRET_PLACES: Final = frozenset({"token"})
_PLAIN_TEXTS: Final = frozenset({"currency", "end_date", "period", "series_id", "start_date"})
"""The parameters of free form that no person's name fits in. A new one is hidden until it is named here."""


def read_of(route: Route, exchange: Exchange, sent: Sent | None, status: int | None) -> ReadRecord:
    """What the auditor asked for. `sent` is none for a request that was refused before its path and query were read."""
    assert exchange.principal is not None, "only a known caller is an auditor"
    caller = exchange.principal.caller
    return ReadRecord(
        credential=exchange.principal.credential_id,
        user_id=caller.actor.user_id,
        carrier=exchange.carrier,
        method=route.method,
        route=route.path,
        resource={} if sent is None else dict(_resource(sent.places)),
        filter={} if sent is None else dict(_filter(route.query, sent.query)),
        status=status,
        request_id=exchange.request_id,
    )


def _resource(places: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in places.items():
        if name not in _SECRET_PLACES:
            yield name, _shown(value)


def _filter(kind: type[Struct], query: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    plain = _plain_parameters(kind)
    for field in shape_of(kind).fields:
        name = field.encode_name
        if name in query:
            yield name, _shown(query[name]) if name in plain else HIDDEN


def _shown(value: str) -> str:
    return value if _ID.fullmatch(value) else HIDDEN


@cache
def _plain_parameters(kind: type[Struct]) -> frozenset[str]:
    """The parameters whose value is a number, a switch, one of some words, or named in _PLAIN_TEXTS."""
    fields = shape_of(kind).fields
    return frozenset(each.encode_name for each in fields if each.name in _PLAIN_TEXTS or not _is_text(each.type))


def _is_text(kind: shape.Type) -> bool:
    match kind:
        case shape.Metadata():
            return _is_text(kind.type)
        case shape.UnionType():
            return any(map(_is_text, kind.types))
        case _:
            return isinstance(kind, shape.StrType)
