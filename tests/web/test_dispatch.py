"""Which handler a path leads to, whatever is sent as a path."""

import pytest

from service.web.dispatch import Dispatch, Found


@pytest.fixture(name="dispatch")
def made() -> Dispatch[str]:
    dispatch = Dispatch[str]()
    for method, path in (
        ("GET", "/v1/things"),
        ("POST", "/v1/things"),
        ("GET", "/v1/things/{id}"),
        ("PUT", "/v1/things/{id}"),
        ("GET", "/v1/things/kinds"),
        ("GET", "/v1/things/{id}/parts"),
        ("GET", "/v1/things/kinds/{kind}"),
        ("GET", "/v1/{any}/of/{two}"),
    ):
        dispatch.add(method, path, f"{method} {path}")
    return dispatch


@pytest.mark.parametrize(
    ("method", "path", "leads_to", "places"),
    [
        ("GET", "/v1/things", "/v1/things", {}),
        ("GET", "/v1/things/7", "/v1/things/{id}", {"id": "7"}),
        ("GET", "/v1/things/kinds", "/v1/things/kinds", {}),
        ("PUT", "/v1/things/kinds", "/v1/things/{id}", {"id": "kinds"}),
        ("GET", "/v1/things/kinds/parts", "/v1/things/kinds/{kind}", {"kind": "parts"}),
        ("GET", "/v1/things/7/parts", "/v1/things/{id}/parts", {"id": "7"}),
        ("GET", "/v1/a/of/b", "/v1/{any}/of/{two}", {"any": "a", "two": "b"}),
        ("GET", "/v1/things/a%2Fb", "/v1/things/{id}", {"id": "a/b"}),
        ("GET", "/v1/things/a%252Fb", "/v1/things/{id}", {"id": "a%2Fb"}),
    ],
)
def test_a_path_leads_to_one_handler(
    dispatch: Dispatch[str], method: str, path: str, leads_to: str, places: dict[str, str]
) -> None:
    found = dispatch.find(method, path)
    assert isinstance(found, Found)
    assert (found.handler, found.path, dict(found.places)) == (f"{method} {leads_to}", leads_to, places)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/things", frozenset({"GET", "POST"})),
        ("POST", "/v1/things/7", frozenset({"GET", "PUT"})),
        ("POST", "/v1/things/kinds", frozenset({"GET", "PUT"})),
        ("POST", "/v1/things/kinds/parts", frozenset({"GET"})),
        ("GET", "", frozenset[str]()),
        ("GET", "*", frozenset[str]()),
        ("GET", "/", frozenset[str]()),
        ("GET", "/v1", frozenset[str]()),
        ("GET", "/v1/things/", frozenset[str]()),
        ("GET", "//v1/things", frozenset[str]()),
        ("GET", "/v1//things", frozenset[str]()),
        ("GET", "/v1/things/7/", frozenset[str]()),
        ("GET", "/v1/things//parts", frozenset[str]()),
        ("GET", "/v1/things/{id}", frozenset[str]()),
        ("GET", "/V1/things", frozenset[str]()),
        ("GET", "/v1/things/7/parts/8", frozenset[str]()),
    ],
)
def test_a_path_without_this_method_tells_the_others_and_a_wrong_path_none(
    dispatch: Dispatch[str], method: str, path: str, allowed: frozenset[str]
) -> None:
    assert dispatch.find(method, path) == allowed
