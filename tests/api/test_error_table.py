"""CONTRACT.md section 4: one table, and every cause is in it."""

import typing

import pytest
from msgspec import Struct
from msgspec.structs import fields

from schemas.rejections import Rejection
from service.api.refusals.causes import EdgeProblem
from service.api.refusals.table import TABLE, refusal_of

CAUSES: tuple[type[Struct], ...] = (*typing.get_args(Rejection), *typing.get_args(EdgeProblem))


def test_every_rejection_and_every_problem_of_the_edge_has_a_row() -> None:
    assert set(TABLE) == set(CAUSES)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
def test_a_row_says_what_is_wrong_in_words(cause: type[Struct]) -> None:
    facts = {field.name: 7 if field.type is int else "it" for field in fields(cause)}

    refusal = refusal_of(cause(**facts))  # type: ignore[arg-type]  # the union of all causes, taken apart

    assert "{" not in refusal.message
    assert refusal.message.endswith((".", "it"))


def test_no_cause_is_answered_by_423_or_a_type_outside_the_documented_six() -> None:
    assert 423 not in {row.status for row in TABLE.values()}
    assert {row.type for row in TABLE.values()} == {
        "api_error",
        "authentication_error",
        "invalid_request_error",
        "rate_limit_error",
        "permission_error",
        "validation_error",
    }
