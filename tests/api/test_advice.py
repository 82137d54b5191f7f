"""Every error code has its advice, and no other code has."""

from service.api.openapi.route_refusals import FIELD_CODES
from service.api.refusals.advice import WHAT_TO_DO
from service.api.refusals.table import TABLE


def test_the_advice_covers_exactly_the_codes() -> None:
    assert set(WHAT_TO_DO) == {row.code for row in TABLE.values()} | set(FIELD_CODES), (
        "an advice for each code: service/api/refusals/advice.py"
    )


def test_an_advice_is_whole_sentences() -> None:
    assert [code for code, advice in WHAT_TO_DO.items() if not (advice[0].isupper() and advice.endswith("."))] == []
