"""The refusals that one route can give, each as a client sees it. A route lists none that it cannot give."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from msgspec import inspect as shape

from schemas.rejections import IdempotencyAnswerLost, IdempotencyInProgress, IdempotencyKeyReused, SeriesUnknown
from service.api.calling.route import OpenRoute, Route
from service.api.openapi.examples import REQUESTS, refusal_example
from service.api.reading.fields import read_fields, shape_of
from service.api.reading.query import read_query
from service.api.refusals import causes as edge
from service.api.refusals.field_faults import SEVERAL_WRONG, FaultCode
from service.api.refusals.table import Refusal, RefusedError, bad_fields

_ALWAYS: Final = (
    edge.CredentialMissing,
    edge.CredentialInvalid,
    edge.CredentialExpired,
    edge.RateExceeded,
    edge.Unavailable,
)
_ANYWHERE: Final = (edge.RequestUnreadable, edge.Unexpected)
_WITH_BODY: Final = (edge.BodyUnreadable, edge.BodyTooLarge, edge.BodyEncoded)
FIELD_CODES: Final = (*get_args(FaultCode), SEVERAL_WRONG)
"""The codes of refusals for wrong fields (CONTRACT.md D73)."""

_WRONG: Final = (True, "", "2026-02-30", {"": 0})
"""Values of which at least one is wrong for every field that has a rule."""


def refusals_of(route: Route) -> list[Refusal]:
    """The refusals of a route, an example for each cause."""
    causes = [*_ALWAYS, *_ANYWHERE, *route.refusals]
    if route.has_body:
        causes += _WITH_BODY
    if route.writes:
        causes.append(edge.AuditorOnlyReads)
    if route.method == "POST":
        causes += [IdempotencyAnswerLost, IdempotencyInProgress]
    if route.method == "POST" and route.has_body:
        causes.append(IdempotencyKeyReused)
    found = [*_field_refusals(route).values(), *(_example(cause, route) for cause in causes), _slow(route)]
    return [*found, refusal_example(edge.ParameterWrong)] if route.method == "POST" else found


def refusals_of_open(route: OpenRoute) -> list[Refusal]:
    """The refusals of a route that needs no credential."""
    return [refusal_example(cause) for cause in (*route.refusals, *_ANYWHERE)] + [
        refusal_example(edge.RequestTooSlow, part=_HEAD)
    ]


_HEAD: Final = "head of the request"


def _slow(route: Route) -> Refusal:
    return refusal_example(edge.RequestTooSlow, part="body" if route.has_body else _HEAD)


def _example(cause: type, route: Route) -> Refusal:
    """The refusal for this cause. The wrong parameter is one of this route."""
    if cause is SeriesUnknown and "series_id" in {*route.body.__struct_fields__, *route.query.__struct_fields__}:
        return refusal_example(cause, wrong="series_id")
    if cause is edge.ParameterWrong and "last" in route.body.__struct_fields__:
        return refusal_example(cause, param="last", must_be="first or a higher number")
    if cause is edge.ParameterWrong:
        return refusal_example(cause, param="number", must_be="a whole number")
    return refusal_example(cause)


def _field_refusals(route: Route) -> Mapping[str, Refusal]:
    """A refusal of each code that wrong fields or parameters of this route get, made by reading wrong ones."""
    found: dict[str, Refusal] = {}
    for refusal in (*_of_body(route), *_of_query(route)):
        found.setdefault(refusal.code, refusal)
        if len(found) == len(FIELD_CODES):
            break
    return {code: found[code] for code in FIELD_CODES if code in found}


def _of_body(route: Route) -> Iterator[Refusal]:
    if not route.has_body:
        return
    for right in REQUESTS[route.body].values():
        for wrong in _wrong_versions(right, shape_of(route.body)):
            read = read_fields(route.body, wrong)
            if isinstance(read, list):
                yield bad_fields(read).refusal


def _of_query(route: Route) -> Iterator[Refusal]:
    names = [field.encode_name for field in shape_of(route.query).fields]
    alone = [{name: str(wrong)} for name in names for wrong in _WRONG[1:3]]
    for query in [*alone, dict.fromkeys(names, "")]:
        try:
            read_query(query, route.query)
        except RefusedError as error:
            yield error.refusal


def _wrong_versions(right: Mapping[str, Any], kind: shape.StructType) -> Iterator[dict[str, Any]]:
    """The body with one field left out or given another value, likewise for its first line, then without any field."""
    for field in kind.fields:
        name = field.encode_name
        yield {key: value for key, value in right.items() if key != name}
        for wrong in _WRONG:
            yield {**right, name: wrong}
    for line in right.get("items", [])[:1]:
        for name in line:
            yield {**right, "items": [{key: value for key, value in line.items() if key != name}]}
    yield {field.encode_name: {"": 0} for field in kind.fields}
    yield {}
