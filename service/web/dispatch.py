"""Finds what answers a request by its method and path: by look-ups, and no pattern is tried."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

Handler = TypeVar("Handler")

NO_PLACES: Final[Mapping[str, str]] = MappingProxyType({})


class Found(Struct, Generic[Handler], frozen=True):
    """What answers a request, the path as the catalogue writes it, and the variables of the path by name."""

    handler: Handler
    path: str
    places: Mapping[str, str] = NO_PLACES


class _Leaf(Struct, Generic[Handler], frozen=True):
    """One path: what answers each method, and where its variables stand among the parts."""

    path: str
    variables: Mapping[str, int]
    handlers: dict[str, Handler]


class _Shape(Struct, Generic[Handler], frozen=True):
    """Paths with as many parts, of which the same are variables. A leaf is found by the other parts."""

    places: Sequence[int]
    fixed: Callable[[Sequence[str]], Any]
    leaves: dict[Any, _Leaf[Handler]]


class Dispatch(Generic[Handler]):
    """The paths of a server. Of two that match a request, the one whose first variable stands later goes first."""

    def __init__(self) -> None:
        self._fixed: dict[str, _Leaf[Handler]] = {}
        self._shapes: dict[int, list[_Shape[Handler]]] = {}

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Let `handler` answer this method of this path, in which `{name}` is a variable: one whole part."""
        self._leaf(path).handlers[method] = handler

    def find(self, method: str, path: str) -> Found[Handler] | frozenset[str]:
        """What answers; or else the methods that this path has, none of a path that leads nowhere.

        `path` is decoded, but for the slashes and per cent signs within a part.
        """
        leaf = self._fixed.get(path)
        if leaf is not None and method in leaf.handlers:
            return Found(leaf.handlers[method], leaf.path)
        allowed = set[str]() if leaf is None else set(leaf.handlers)
        parts = path.split("/")
        for shape in self._shapes.get(len(parts), ()):
            leaf = shape.leaves.get(shape.fixed(parts))
            if leaf is None or not all(_is_value(parts[place]) for place in shape.places):
                continue
            if method in leaf.handlers:
                places = {name: _decoded(parts[place]) for name, place in leaf.variables.items()}
                return Found(leaf.handlers[method], leaf.path, places)
            allowed.update(leaf.handlers)
        return frozenset(allowed)

    def _leaf(self, path: str) -> _Leaf[Handler]:
        parts = path.split("/")
        variables = {part[1:-1]: place for place, part in enumerate(parts) if part.startswith("{")}
        if not variables:
            return self._fixed.setdefault(path, _Leaf(path, variables, {}))
        shape = self._shape(len(parts), list(variables.values()))
        return shape.leaves.setdefault(shape.fixed(parts), _Leaf(path, variables, {}))

    def _shape(self, count: int, places: list[int]) -> _Shape[Handler]:
        shapes = self._shapes.setdefault(count, [])
        for shape in shapes:
            if shape.places == places:
                return shape
        fixed = itemgetter(*(place for place in range(count) if place not in places))
        shapes.append(_Shape(places, fixed, {}))
        shapes.sort(key=lambda shape: shape.places[0], reverse=True)
        return self._shape(count, places)


def _is_value(part: str) -> bool:
    """Whether a variable can have this value; it is none that would be taken for the name of a variable."""
    return bool(part) and "{" not in part and "}" not in part


def _decoded(part: str) -> str:
    return part.replace("%2F", "/").replace("%25", "%") if "%" in part else part
