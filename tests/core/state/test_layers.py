"""A layer over a map, compared with a copy of it that is changed."""

from hypothesis import given
from hypothesis import strategies as st

from service.core.state.layers import Layer

KEYS = st.integers(0, 8)
CHANGES = st.lists(st.tuples(KEYS, st.none() | st.integers(1, 99)), max_size=20)


@given(st.dictionaries(KEYS, st.integers(1, 99)), CHANGES)
def test_a_layer_is_the_map_with_its_changes_and_leaves_it_alone(
    below: dict[int, int], changes: list[tuple[int, int | None]]
) -> None:
    before, plain = dict(below), dict(below)
    layer = Layer(below)
    for key, value in changes:
        if value is not None:
            layer[key] = plain[key] = value
        elif key in plain:
            del layer[key], plain[key]
    assert below == before
    assert dict(layer) == plain
    assert len(layer) == len(plain)
    for key in range(10):
        assert (key in layer) == (key in plain)
        assert layer.get(key) == plain.get(key)
        assert layer.get(key, -1) == plain.get(key, -1)
    layer.pour()
    assert below == plain
