"""The strategies from which histories are drawn."""

from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from tests.model.reservation_rules import NUMBER_MAX
from tests.model.words import Issue, OpenSeries, Who
from tests.support.service.model_service import ONE, STRANGERS, TTL_SECONDS


@dataclass(frozen=True)
class By:
    """Which caller asks which replica, under which Idempotency-Key."""

    who: Who
    replica: int
    key: str | None


KEYS: Final = st.sampled_from([None] * 6 + ["k1", "k2"])
REPLICAS: Final = st.integers(0, 1)
ANYBODY: Final = st.builds(By, st.sampled_from(ONE[:5] * 3 + ONE[5:] + STRANGERS), REPLICAS, KEYS)
"""Mostly callers of one partition, so that they use the same series and documents."""

PLACES: Final = st.integers(0, 9)
"""Which one of the existing series, tokens or documents: 0 is the newest."""

YES_OR_NO: Final = st.booleans()
COUNTS: Final = st.sampled_from([1, 2, 3, 5, None, 50, 0, 51])
DAYS: Final = st.sampled_from([0, 0, 0, 1, -1, -400, -500, 366, 367, -11_000])
DAYS_OR_NONE: Final = st.none() | DAYS
PAUSES: Final = st.sampled_from([1, 1, 60, 60, TTL_SECONDS - 1, TTL_SECONDS, 15 * 3600])
REASONS: Final = st.sampled_from([None, "Wrong"])
VOID_REASONS: Final = st.sampled_from([None, "Wrong", "Wrong", " \u2003"])
SEEN_NUMBERS: Final = st.sampled_from([None, None, None, "its own", 1_000_000])
"""Which number the caller of an update thinks that the document has."""


_TYPES: Final = st.sampled_from(["fiscal"] * 4 + ["proforma"])
SERIES: Final = st.builds(
    OpenSeries,
    name=st.sampled_from(["FACT", "Fact", "PF", "X.1"]),
    document_type=_TYPES,
    start_number=st.sampled_from([1, 1, 1, 7, 99_998, NUMBER_MAX - 2]),
    is_primary=YES_OR_NO,
    format=st.sampled_from(
        [None] * 6 + ["F{number}", "F1{number}", "{year}{number}", "X.1-2026-{number}", "X.1{number}"]
    ),
)
INVOICES: Final = st.builds(
    Issue,
    series=st.none(),
    token=st.none(),
    document_type=_TYPES,
    days=DAYS_OR_NONE,
    force_chronology=YES_OR_NO,
    is_draft=st.sampled_from([False] * 5 + [True]),
    names_rate=YES_OR_NO,
)
"""Without series and token: only the history knows them."""

TYPES_ASKED: Final = st.none() | _TYPES
