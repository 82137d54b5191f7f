"""Bodies are read as untrusted text."""

import time
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.reading.json_text import DEPTH_MAX, VALUES_MAX, BadJsonError, canonical_json, read_json

SECONDS_MAX: Final = 1.0
"""Far more than a megabyte needs on a busy machine, and far less than an algorithm of quadratic cost would need."""


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"nul",
        b"{}x",
        b'{"a":1,}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1,"a":2}',
        b'{"x":{"a":1,"b":2,"a":3}}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\\ud800"}',
        b'{"a":["\\udc00x"]}',
        b'{"a":"\x00"}',
        b'{"a":"\n"}',
        b"[" * 10_000,
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"unknown":' + b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1) + b"}",
        b"1e99999999999999999999",
        "{}".encode("utf-16"),
    ],
)
def test_what_is_not_json_we_accept_is_refused(text: bytes) -> None:
    with pytest.raises(BadJsonError):
        read_json(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[1,\n2,]", "at line 2, column"),
        (b'{"a":"\n"}', "Invalid control character at line 1, column 7"),
        (b'["\xff"]', "it is not UTF-8 at byte 2"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b'{"a":{"b":1,"\\u0062":2}}', "the name 'b' is given twice in one object"),
        (b'{"%s":1,"%s":2}' % (b"n" * 60, b"n" * 60), f"the name '{'n' * 50}' is given twice in one object"),
        (b'["\\ud83dx"]', "a string holds half of a surrogate pair"),
        (b"[1e9999999999999999999]", "a number is too large"),
        (b"[" * 300, "arrays and objects nest deeper than 32|Expecting value at line 1, column 301"),
        (b"[" * 40 + b"1" + b"]" * 40, "arrays and objects nest deeper than 32"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_where(text: bytes, words: str) -> None:
    with pytest.raises(BadJsonError, match=words):
        read_json(text)


def test_a_number_keeps_its_form() -> None:
    """Every number becomes a Decimal with its written digits and exponent, or an int of at most 64 bits."""
    written = "[-0,-0.0,1E5,1.50,10.0,1e-400,123456789012345678,-12345678901234567,1234567890123456789]"

    found = read_json(written.encode())

    assert isinstance(found, list)
    assert [str(each) for each in found] == [
        *("0", "-0.0", "1E+5", "1.50", "10.0", "1E-400"),
        *("123456789012345678", "-12345678901234567", "1234567890123456789"),
    ]
    assert [type(each) for each in found] == [int, *[Decimal] * 5, int, int, Decimal]


def test_numbers_are_exact() -> None:
    assert read_json(b'[0.1, 1e999999, 12, 123456789012345678901234567890, "\\u00e9\\ud83d\\ude00"]') == [
        Decimal("0.1"),
        Decimal("1e999999"),
        12,
        Decimal(123456789012345678901234567890),
        "é😀",
    ]


def test_a_body_of_the_deepest_nesting_is_read() -> None:
    text = b"[" * DEPTH_MAX + b"]" * DEPTH_MAX

    assert canonical_json(read_json(text)) == text


def test_a_megabyte_of_digits_is_read_in_no_time() -> None:
    found = read_json(b"9" * 1_000_000)

    assert isinstance(found, Decimal)


def test_bodies_that_say_the_same_are_one() -> None:
    assert canonical_json(read_json(b'{"b": 1, "a": {"d": 1.50, "c": null}}')) == canonical_json(
        read_json(b'{"a":{"c":null,"d":1.50},"b":1}')
    )


@pytest.mark.parametrize(
    "forms",
    [
        ["12.5", "12.50", "1.25e1", "1.25E+1", "125e-1", "12.5000000000000000000000000000000000000000"],
        ["2", "2.0", "2e0", "20e-1", "0.2e1"],
        ["0", "0.0", "-0", "-0.0", "0e5", "0e-999999"],
        ["1e999999", "10e999998", "1.0e999999"],
        ["-1000000000000000000", "-1e18", "-1000000000000000000.0", "-100e16"],
        ["999999999999999999", "999999999999999999.0", "9.99999999999999999e17"],
        ["1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890.0"],
    ],
)
def test_numbers_of_one_value_are_one(forms: list[str]) -> None:
    """CONTRACT.md D90."""
    assert len({canonical_json(read_json(f'{{"a":[{form}]}}'.encode())) for form in forms}) == 1


def test_values_that_differ_in_the_least_are_two() -> None:
    """CONTRACT.md D90: no digit is lost, and a number, a text and a flag are three things."""
    texts = ["1", "10", "1.0000000000000000000000000000000000000001", '"1"', "true", "-1", "null", "[1]", "1e1000000"]

    assert len({canonical_json(read_json(text.encode())) for text in texts}) == len(texts)


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(0, 40))
def test_a_value_has_one_form_however_it_is_written(value: Decimal, zeros: int) -> None:
    """CONTRACT.md D90."""
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    other = Decimal((sign, (*digits, *[0] * zeros), exponent - zeros))

    one, two = (canonical_json(read_json(f"{each:E}".encode())) for each in (value, other))

    assert one == two
    assert Decimal(one.decode()) == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.decimals(allow_nan=False, allow_infinity=False),
        lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=3), children, max_size=4),
        max_leaves=12,
    )
)
def test_the_canonical_form_says_the_same_as_the_body(tree: Any) -> None:
    """CONTRACT.md D90."""
    written = canonical_json(tree)

    assert canonical_json(read_json(written)) == written
    assert read_json(written) == tree


NAMES: Final = [f'"{number:x}":0' for number in range(VALUES_MAX - 2)]


@pytest.mark.parametrize(
    "text",
    [
        ("{" + ",".join([*NAMES, NAMES[-1]]) + "}").encode(),
        b"[" + b",".join([b"[]"] * 300_000) + b"]",
        b'{"a":[' + b",".join([b'""'] * 300_000) + b',"\\u0041"]}',
        b"[" + b",".join([b"[" * 50 + b"]" * 50] * 10_000) + b"]",
        b'["' + b"x" * 1_000_000 + b'\\ud800"]',
    ],
)
def test_no_megabyte_holds_others_up_before_it_is_refused(text: bytes) -> None:
    began = time.process_time()

    with pytest.raises(BadJsonError):
        read_json(text)

    assert time.process_time() - began < SECONDS_MAX


@pytest.mark.parametrize("value", [b"0", b'""', b'"\\\\"', b'"\\",[{,"'])
def test_the_most_values_are_read_and_one_more_is_refused(value: bytes) -> None:
    most = b"[" + b",".join([value] * (VALUES_MAX - 1)) + b"]"

    tree = read_json(most)

    assert isinstance(tree, list)
    assert len(tree) == VALUES_MAX - 1
    with pytest.raises(BadJsonError, match="more than 30000 values"):
        read_json(most[:-1] + b"," + value + b"]")
