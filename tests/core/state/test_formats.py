"""Which formats meet, found without comparing each pair (CONTRACT.md D87)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.number_formats import can_print_the_same
from schemas.values import DocumentType, FirmId, Mode, SeriesId
from service.core.state import formats as all_formats
from service.core.state.formats import Formats

KEY = (FirmId("firm"), Mode.LIVE, DocumentType.FISCAL)
OTHER = (FirmId("firm"), Mode.LIVE, DocumentType.PROFORMA)

TEXTS = st.text("F12-", max_size=4)
A_FORMAT = st.builds(
    "{}{}{}{}{}".format, TEXTS, st.sampled_from(["", "{year}", "2026"]), TEXTS, st.just("{number}"), TEXTS
)


@given(st.integers(0, 30), st.lists(A_FORMAT, max_size=25), st.lists(A_FORMAT, max_size=5), A_FORMAT)
def test_the_formats_that_meet_one_are_those_that_comparing_each_finds(
    recent_max: int, below: list[str], layered: list[str], asked: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(all_formats, "RECENT_MAX", recent_max)
        compare(below, layered, asked)


def compare(below: list[str], layered: list[str], asked: str) -> None:
    formats = Formats()
    for each in below:
        formats.put(KEY, each, SeriesId(each))
    formats.put(OTHER, asked, SeriesId("of another type"))
    layer = Formats(formats)
    for each in layered:
        layer.put(KEY, each, SeriesId(each))
    met = sorted(each for each in below if can_print_the_same(asked, each))
    met_by_all = sorted(met + [each for each in layered if can_print_the_same(asked, each)])
    assert sorted(layer.that_meet(KEY, asked)) == met_by_all
    assert sorted(formats.that_meet(KEY, asked)) == met, "a layer changes nothing below"
    formats.take_over(layer)
    assert sorted(formats.that_meet(KEY, asked)) == sorted(formats.copy().that_meet(KEY, asked)) == met_by_all
