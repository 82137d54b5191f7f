"""CONTRACT.md section 4: one table of refusals, and every cause is in it."""

import typing

import pytest
from msgspec import Struct
from msgspec.structs import fields

from schemas.rejections import (
    IdempotencyAnswerLost,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    Rejection,
    ReservationUnknown,
)
from service.api.catalogue import ROUTES
from service.api.refusals.causes import EdgeProblem
from service.api.refusals.field_faults import invalid, malformed, missing
from service.api.refusals.table import TABLE, bad_fields, refusal_of

OF_EVERY_POST = {IdempotencyAnswerLost, IdempotencyKeyReused, IdempotencyInProgress}
CAUSES: tuple[type[Struct], ...] = (*typing.get_args(Rejection), *typing.get_args(EdgeProblem))


def test_every_rejection_and_every_problem_of_the_edge_has_a_row() -> None:
    assert set(TABLE) == set(CAUSES), "a row for each: service/api/refusals/table.py or edge_rows.py"


def test_every_rejection_is_documented_at_a_call_that_may_answer_it() -> None:
    documented = {cause for route in ROUTES for cause in route.refusals} | OF_EVERY_POST
    assert set(typing.get_args(Rejection)) - documented == set(), "name it in `refusals` of its routes"


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
def test_a_row_says_what_is_wrong_in_words(cause: type[Struct]) -> None:
    facts = {field.name: 7 if field.type is int else "it" for field in fields(cause)}

    refusal = refusal_of(cause(**facts))  # type: ignore[arg-type]  # the union of all causes, taken apart

    assert "{" not in refusal.message
    assert refusal.message.endswith((".", "it"))


def test_no_cause_is_answered_by_423_or_a_type_outside_the_documented_six() -> None:
    """CONTRACT.md D13 and D15."""
    assert 423 not in {row.status for row in TABLE.values()}
    assert {row.type for row in TABLE.values()} == {
        "api_error",
        "authentication_error",
        "invalid_request_error",
        "rate_limit_error",
        "permission_error",
        "validation_error",
    }


def test_what_is_not_there_has_one_code_but_for_the_token_of_an_invoice() -> None:
    """CONTRACT.md D14."""
    codes = {cause: row.code for cause, row in TABLE.items() if row.status == 404}

    assert codes.pop(ReservationUnknown) == "reservation_missing"
    assert set(codes.values()) == {"resource_missing"}


def test_what_is_wrong_with_fields_is_answered_by_400() -> None:
    """CONTRACT.md D16."""
    assert {row.status for row in TABLE.values() if row.type == "validation_error"} == {400}
    for faults in ([missing("a")], [invalid("a", "b"), malformed("c", "d")]):
        refusal = bad_fields(faults).refusal
        assert (refusal.status, refusal.type) == (400, "validation_error")
