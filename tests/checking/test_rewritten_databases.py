"""What a superuser rewrites is named by kind and place; and a bundle that would hold it is not made, or fails."""

from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from projections.replay.replay import HistoryBrokenError
from schemas.values import LogId, UnixSeconds
from service.checking.faults import FaultKind
from service.checking.rounds import one_round
from service.checking.self_check import SelfCheck, SelfCheckPace
from service.evidence.key_file import load
from service.evidence.sealing.tree import EvidenceBrokenError
from service.evidence.verifying.verify import parse_key, verify
from service.log.postgres_log import PostgresLog
from tests.checking.conftest import Clone
from tests.checking.edit import Edit
from tests.checking.edits import EDITS
from tests.support.evidence.bundles import a_bundle, witness_signers

AT = UnixSeconds(1_800_000_000)
TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('log', 'evidence', 'counters', 'gaps', 'invoices', 'register') AND c.relkind = 'r'
"""


async def rewrite(clone: Clone, edit: Edit) -> str:
    """Make the edit as a superuser for whom no trigger fires; the place where it must be found."""
    connection = await asyncpg.connect(clone.url)
    try:
        for row in await connection.fetch(TABLES):
            await connection.execute(f"ALTER TABLE {row[0]} DISABLE TRIGGER ALL")
        value: Any = await connection.fetchval(edit.find)
        assert value is not None, "there is what is rewritten"
        changed = 0
        for statement in edit.change:
            done = await connection.execute(statement, *([value] if "$1" in statement else []))
            changed += done.startswith("ALTER") or int(done.rpartition(" ")[2]) > 0
        assert changed == len(edit.change), "each statement changes something"
        return edit.place.format(value)
    finally:
        await connection.close()


def a_self_check(clone: Clone) -> SelfCheck:
    """One that does not wait."""
    return SelfCheck(lambda: one_round(clone.settings), LogId(1), pace=SelfCheckPace(rate=10_000_000), clock=lambda: AT)


async def test_what_nobody_rewrote_is_found_right(clone: Clone) -> None:
    self_check = a_self_check(clone)
    with capture_logs() as lines:
        await self_check.round()
    assert lines == []
    assert (self_check.status().faults, self_check.status().rounded_at) == ({}, AT)


@pytest.mark.parametrize("name", EDITS)
async def test_what_was_rewritten_is_named(clone: Clone, tmp_path: Path, name: str) -> None:
    edit = EDITS[name]
    place = await rewrite(clone, edit)
    self_check = a_self_check(clone)
    with capture_logs() as lines:
        await self_check.round()
    told = [line for line in lines if line["event"] == "selfcheck.fault"]
    assert [line for line in told if line["kind"] == edit.kind and place in line["place"]], told
    status = self_check.status()
    assert status.faults[edit.kind] >= 1
    assert status.because is not None
    if edit.is_exported:
        assert await refusal(clone, tmp_path / "after.zip") is not None


async def refusal(clone: Clone, target: Path) -> str | None:
    """Why a bundle of it cannot be made, or does not verify."""
    witnesses = [signer.verifier_key for signer in witness_signers()]
    log = await PostgresLog.open(clone.url)
    try:
        await a_bundle(log, target, firm_id=clone.firm_id, witnesses=[str(key) for key in witnesses])
    except (EvidenceBrokenError, HistoryBrokenError, ValueError) as error:
        return str(error)
    finally:
        await log.close()
    # An auditor took the keys down before.
    keys = load(clone.settings.data_dir / "evidence.json").verifier_keys(LogId(1))
    fault = verify(target, [parse_key(str(key)) for key in keys], [parse_key(str(key)) for key in witnesses]).fault
    return None if fault is None else repr(fault)


async def test_a_bundle_of_what_nobody_rewrote_verifies(clone: Clone, tmp_path: Path) -> None:
    assert await refusal(clone, tmp_path / "whole.zip") is None


async def test_what_was_told_once_is_not_told_again_and_what_is_right_again_is_said(clone: Clone) -> None:
    self_check = a_self_check(clone)
    await rewrite(clone, EDITS["no answer"])
    await rewrite(clone, EDITS["total"])
    with capture_logs() as lines:
        for _ in range(3):
            await self_check.round()
    assert [line["event"] for line in lines] == ["selfcheck.fault"] * 2


def test_every_kind_of_fault_is_made_by_an_edit() -> None:
    assert {edit.kind for edit in EDITS.values()} | {FaultKind.EVENT_IMPOSSIBLE} == set(FaultKind)
