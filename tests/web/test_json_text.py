"""Bodies as untrusted text."""

from decimal import Decimal

import pytest

from service.web.json_text import DEPTH_MAX, BadJsonError, canonical_json, read_json


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
def test_what_is_not_json_we_take_is_refused_in_words(text: bytes) -> None:
    with pytest.raises(BadJsonError):
        read_json(text)


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
