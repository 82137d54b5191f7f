"""Maps in the order of their keys: immutable values, of which a change copies a small part.

A map is cut into shelves of at most SHELF_WIDTH entries. A change copies one shelf and the list of shelves: with a
million entries that is 10 us, and 1 us with a thousand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

SHELF_WIDTH: Final = 512

K = TypeVar("K")
V = TypeVar("V")


class SortedMap(Struct, Generic[K, V], frozen=True, eq=False):
    """Each key once, with its value. `firsts` has the first key of each shelf; no shelf is empty.

    Keys and values lie apart, so that a key is found by comparing keys alone, without a call for each.
    """

    firsts: tuple[Any, ...] = ()
    keys: tuple[tuple[Any, ...], ...] = ()
    values: tuple[tuple[Any, ...], ...] = ()

    def __eq__(self, other: object) -> bool:
        """Whether the entries are the same; how they lie on shelves depends on the order in which they came."""
        if not isinstance(other, SortedMap):
            return NotImplemented
        return list(self.items()) == list(other.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType] - entries of any types

    __hash__ = None  # type: ignore[assignment]  # what compares by its entries is no key

    def at_or_below(self, key: K) -> tuple[K, V] | None:
        """The entry with the greatest key that is not above `key`; None if there is none."""
        shelf = bisect_right(self.firsts, key) - 1
        if shelf < 0:
            return None
        place = bisect_right(self.keys[shelf], key) - 1
        return self.keys[shelf][place], self.values[shelf][place]

    def above(self, key: K) -> tuple[K, V] | None:
        """The entry with the least key above `key`; None if there is none."""
        return next(self.items_above(key), None)

    def items_above(self, key: K) -> Iterator[tuple[K, V]]:
        """The entries above `key`, ascending."""
        shelf = max(bisect_right(self.firsts, key) - 1, 0)
        if shelf < len(self.keys):
            place = bisect_right(self.keys[shelf], key)
            yield from zip(self.keys[shelf][place:], self.values[shelf][place:], strict=True)
        for keys, values in zip(self.keys[shelf + 1 :], self.values[shelf + 1 :], strict=True):
            yield from zip(keys, values, strict=True)

    def items(self) -> Iterator[tuple[K, V]]:
        """All entries, ascending."""
        for keys, values in zip(self.keys, self.values, strict=True):
            yield from zip(keys, values, strict=True)

    def put(self, key: K, value: V) -> SortedMap[K, V]:
        """This map with `value` under `key`."""
        if not self.keys:
            return SortedMap((key,), ((key,),), ((value,),))
        shelf = bisect_right(self.firsts, key) - 1
        shelf = max(shelf, 0)
        keys, values = self.keys[shelf], self.values[shelf]
        place = bisect_left(keys, key)
        if place == len(keys):
            return self._with(shelf, (*keys, key), (*values, value))
        if keys[place] == key:
            return self._with(shelf, keys, (*values[:place], value, *values[place + 1 :]))
        return self._with(shelf, (*keys[:place], key, *keys[place:]), (*values[:place], value, *values[place:]))

    def without(self, key: K) -> SortedMap[K, V]:
        """This map without `key`, which must be in it."""
        shelf = bisect_right(self.firsts, key) - 1
        assert shelf >= 0, "the key is in the map"
        keys, values = self.keys[shelf], self.values[shelf]
        place = bisect_left(keys, key)
        assert keys[place] == key, "the key is in the map"
        return self._with(shelf, keys[:place] + keys[place + 1 :], values[:place] + values[place + 1 :])

    def _with(self, shelf: int, keys: tuple[Any, ...], values: tuple[Any, ...]) -> SortedMap[K, V]:
        """This map with another content of one shelf: none, which removes it, or too much for one."""
        after = shelf + 1
        firsts: tuple[Any, ...]
        all_keys: tuple[tuple[Any, ...], ...]
        all_values: tuple[tuple[Any, ...], ...]
        if len(keys) > SHELF_WIDTH:
            # Numbers mostly come in order: what is put behind all others begins a shelf, and the one before stays full.
            cut = len(keys) - 1 if after == len(self.firsts) else len(keys) // 2
            firsts, all_keys, all_values = (keys[0], keys[cut]), (keys[:cut], keys[cut:]), (values[:cut], values[cut:])
        elif keys:
            firsts, all_keys, all_values = (keys[0],), (keys,), (values,)
        else:
            firsts, all_keys, all_values = (), (), ()
        if len(self.firsts) == 1:
            return SortedMap(firsts, all_keys, all_values)
        return SortedMap(
            self.firsts[:shelf] + firsts + self.firsts[after:],
            self.keys[:shelf] + all_keys + self.keys[after:],
            self.values[:shelf] + all_values + self.values[after:],
        )


def sorted_map(items: Iterable[tuple[K, V]]) -> SortedMap[K, V]:
    """A map of entries whose keys differ, in any order."""
    entries = sorted(items, key=_key)
    cuts = [entries[start : start + SHELF_WIDTH] for start in range(0, len(entries), SHELF_WIDTH)]
    return SortedMap(
        tuple(cut[0][0] for cut in cuts),
        tuple(tuple(key for key, _ in cut) for cut in cuts),
        tuple(tuple(value for _, value in cut) for cut in cuts),
    )


def _key(entry: tuple[Any, Any]) -> Any:
    return entry[0]
