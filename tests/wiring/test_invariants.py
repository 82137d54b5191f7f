"""A broken invariant ends the process, in whatever task it breaks; without asserts the process does not start."""

import asyncio
import os
import subprocess
import sys

import pytest

from service.api.answering import Answering
from service.api.calling.reply import Exchange, Result
from service.invariants import BrokenInvariants
from service.metrics import new_metrics
from tests.support.service.command_line import Outcome, refused


@pytest.mark.parametrize(("option", "environment"), [(["-O"], {}), ([], {"PYTHONOPTIMIZE": "1"})])
def test_python_without_asserts_is_refused_with_a_sentence(option: list[str], environment: dict[str, str]) -> None:
    command = [sys.executable, *option, "-m", "service", "--version"]
    ended = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert "without -O" in refused(Outcome(ended.returncode, ended.stdout, ended.stderr))


async def test_what_a_handler_reports_ends_everything_that_runs_beside_it() -> None:
    invariants = BrokenInvariants()
    beside = asyncio.create_task(run_beside(invariants))
    first = AssertionError("a number has two fates")
    invariants.report(first)
    invariants.report(AssertionError("what followed from it"))
    with pytest.raises(ExceptionGroup) as ended:
        await beside
    assert ended.value.exceptions == (first,)


async def test_a_request_that_meets_one_is_answered_and_ends_the_process() -> None:
    invariants = BrokenInvariants()
    beside = asyncio.create_task(run_beside(invariants))
    told = await Answering(new_metrics(), invariants.report).answer(Exchange("http", "GET", "none"), broken_work())
    assert told.status == 500
    with pytest.raises(ExceptionGroup) as ended:
        await beside
    assert str(ended.value.exceptions[0]) == "a number has two fates"


async def broken_work() -> Result:
    """Work that finds a broken invariant."""
    raise AssertionError("a number has two fates")


async def run_beside(invariants: BrokenInvariants) -> None:
    """A process that runs until the test ends it."""
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(invariants.raise_reported())
        await asyncio.Event().wait()


async def test_without_a_report_nothing_ends() -> None:
    watching = asyncio.create_task(BrokenInvariants().raise_reported())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not watching.done()
    watching.cancel()
