"""CONTRACT.md D119: which headers name a trace. The cases are those of the W3C Trace Context."""

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from schemas.record import encode_record, traceparent_in
from schemas.traceparent import is_sampled, is_traceparent, read_traceparent, span_id_of, trace_id_of
from tests.support.domain.golden import TRACE, every_event

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE_ID}-{SPAN_ID}-01"


def test_a_good_header_names_a_trace() -> None:
    found = read_traceparent([GOOD])
    assert found is not None
    assert found == GOOD
    assert (trace_id_of(found), span_id_of(found), is_sampled(found)) == (TRACE_ID, SPAN_ID, True)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (f"00-{TRACE_ID}-{SPAN_ID}-00", f"00-{TRACE_ID}-{SPAN_ID}-00"),
        (f"00-{TRACE_ID}-{SPAN_ID}-03", f"00-{TRACE_ID}-{SPAN_ID}-03"),
        (f"00-{TRACE_ID}-{SPAN_ID}-ff", f"00-{TRACE_ID}-{SPAN_ID}-03"),
        (f"01-{TRACE_ID}-{SPAN_ID}-09", f"00-{TRACE_ID}-{SPAN_ID}-01"),
        (f"cc-{TRACE_ID}-{SPAN_ID}-01-what-the-future-will-be", GOOD),
        (f" {GOOD}\t", GOOD),
    ],
    ids=["not sampled", "random id", "unknown flags", "next version", "longer version", "blanks around"],
)
def test_what_is_passed_on_is_of_version_00_with_the_flags_that_we_know(sent: str, read: str) -> None:
    assert read_traceparent([sent]) == read


@pytest.mark.parametrize(
    "sent",
    [
        "",
        GOOD[:-1],
        f"{GOOD}-more",
        f"{GOOD}.",
        f"cc{GOOD[2:]}.more",
        f"cc{GOOD[2:]}-{'x' * 255}",
        f"ff{GOOD[2:]}",
        f"0x{GOOD[2:]}",
        f"00-{'0' * 32}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"00-{TRACE_ID.upper()}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{SPAN_ID}-0g",
        GOOD.replace("-", "_"),
        f"{GOOD},{GOOD}",
        f"00-{TRACE_ID[:-1]}\n-{SPAN_ID}-01",
        f"00-{TRACE_ID[:-1]}\u0664-{SPAN_ID}-01",
    ],
    ids=lambda sent: repr(sent)[:60],
)
def test_what_is_malformed_names_none(sent: str) -> None:
    assert read_traceparent([sent]) is None
    assert not is_traceparent(sent)


def test_no_header_and_two_headers_name_none() -> None:
    assert read_traceparent([]) is None
    assert read_traceparent([GOOD, GOOD]) is None


def test_the_trace_is_found_in_the_bytes_of_each_record_that_has_one() -> None:
    records = every_event()
    found = [traceparent_in(encode_record(record)) for record in records]
    assert found == [None] * (len(records) - 1) + [TRACE]


def test_a_text_that_looks_like_a_trace_is_none() -> None:
    record = replace(every_event()[1], traceparent=UNSET, idempotency_key=f'"}},"traceparent":"{GOOD}"}}')
    assert traceparent_in(encode_record(record)) is None
    assert traceparent_in(encode_record(replace(record, traceparent=TRACE))) == TRACE


def test_a_trace_of_another_form_in_a_record_goes_into_no_header() -> None:
    canonical = encode_record(every_event()[-1])
    assert traceparent_in(canonical.replace(TRACE.encode(), b"a\\r\\nSteer: here")) is None
