"""`numbering rebuild` says what became of the copy; its exit status says whether the new copy took its place."""

import asyncio

import asyncpg
import pytest

from tests.support.service.command_line import Command, Outcome

OF_OLD = "COMMENT ON SCHEMA gaps IS '0 older'"
WRONG = "INSERT INTO gaps.gap VALUES ('nosuch', 1, 1, 'released', NULL, 1, 'key:1', NULL, 1, 'key:1', 1, 1)"


def result(outcome: Outcome) -> str:
    """The last column of the only line of output."""
    _, line = outcome.stdout.splitlines()
    return line.split(maxsplit=4)[4]


def change(database_url: str, statement: str) -> None:
    """A change that a superuser makes in a copy."""

    async def run() -> None:
        connection = await asyncpg.connect(database_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


@pytest.fixture
def command_with_copy(command: Command) -> Command:
    """The command, with a copy of the gaps in the database."""
    assert command("rebuild", "gaps").exit_code == 0
    return command


def test_a_copy_that_the_log_reproduces_is_said_to_be_the_same(command_with_copy: Command) -> None:
    rebuilt = command_with_copy("rebuild", "gaps")
    assert (rebuilt.exit_code, result(rebuilt)) == (0, "same as before, swapped in")


def test_a_copy_of_an_older_definition_is_not_said_to_be_the_same(
    command_with_copy: Command, database_url: str
) -> None:
    change(database_url, OF_OLD)
    rebuilt = command_with_copy("rebuild", "gaps")
    assert (rebuilt.exit_code, result(rebuilt)) == (
        0,
        "not compared: the old copy was of another definition; swapped in",
    )
    assert result(command_with_copy("rebuild", "gaps")) == "same as before, swapped in"


def test_a_copy_that_differs_stays_until_force_is_used(command_with_copy: Command, database_url: str) -> None:
    change(database_url, WRONG)
    refused = command_with_copy("rebuild", "gaps")
    assert (refused.exit_code, result(refused)) == (1, "DIFFERS from the old copy, left out")
    assert "--force swaps the new copy in" in refused.stderr

    forced = command_with_copy("rebuild", "gaps", "--force")
    assert (forced.exit_code, result(forced)) == (0, "DIFFERS from the old copy, swapped in by force")
    assert forced.stderr == ""
    assert result(command_with_copy("rebuild", "gaps")) == "same as before, swapped in"
