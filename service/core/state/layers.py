"""Maps over maps: what a batch would change, apart from what the log holds until the batch is in it."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_GONE: Final[Any] = object()
"""Stands for a key that was removed."""


class Layer(MutableMapping[K, V]):
    """A map that reads through to the one below and changes nothing in it. No value is None."""

    __slots__ = ("_below", "_own")

    def __init__(self, below: MutableMapping[K, V]) -> None:
        self._below = below
        self._own: dict[K, Any] = {}

    def get(self, key: K, default: Any = None) -> Any:
        """The value, or `default`."""
        found = self._own.get(key)
        if found is None:
            return self._below.get(key, default)
        return default if found is _GONE else found

    def __getitem__(self, key: K) -> V:
        """The value. Raises KeyError."""
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        value: V = found
        return value

    def __setitem__(self, key: K, value: V) -> None:
        """Put a value into this layer."""
        self._own[key] = value

    def __delitem__(self, key: K) -> None:
        """Remove a key for this layer. Raises KeyError if it is not there."""
        self[key]
        self._own[key] = _GONE

    def __iter__(self) -> Iterator[K]:
        """The keys of both, each once."""
        yield from (key for key in self._below if key not in self._own)
        yield from (key for key, value in self._own.items() if value is not _GONE)

    def __len__(self) -> int:
        """How many keys; looks at each."""
        return sum(1 for _ in self)

    def lie_over(self, below: MutableMapping[K, V]) -> None:
        """Read through to another map, which holds what the one below held."""
        self._below = below

    def pour(self) -> None:
        """Make the changes of this layer in the map below, which has not changed since."""
        for key, value in self._own.items():
            if value is _GONE:
                self._below.pop(key, None)  # none: it came and went in this layer
            else:
                self._below[key] = value
