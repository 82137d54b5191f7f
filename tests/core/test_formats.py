"""Which formats meet, found without comparing each pair (CONTRACT.md D87)."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.number_formats import can_print_the_same
from schemas.values import SeriesId
from service.core.formats import Formats

TEXTS = st.text("F12-", max_size=4)
A_FORMAT = st.builds(
    "{}{}{}{}{}".format, TEXTS, st.sampled_from(["", "{year}", "2026"]), TEXTS, st.just("{number}"), TEXTS
)


@given(st.lists(A_FORMAT, max_size=25), A_FORMAT)
def test_the_formats_that_meet_one_are_those_that_comparing_each_finds(formats: list[str], asked: str) -> None:
    found = Formats()
    for index, each in enumerate(formats):
        found = found.put(each, SeriesId(f"{index}"))
    meeting = [SeriesId(f"{i}") for i, each in enumerate(formats) if can_print_the_same(asked, each)]
    assert sorted(found.that_meet(asked)) == sorted(meeting)
