"""After a loss that an operator accepted the evidence goes on under another name, and says what was lost."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from zipfile import ZipFile

import asyncpg
import pytest
import pytest_asyncio

from service.checking.sealed_log import KnownElsewhere, check_evidence
from service.evidence.key_file import BREAK, EvidenceKeys, EvidenceKeysError, create, load
from service.evidence.sealing.last_view import LastView
from service.evidence.sealing.tree import EvidenceBrokenError
from service.evidence.signatures import Cosigner
from service.evidence.verifying.verify import main
from tests.support.domain.commands import a_document, a_key, an_issue
from tests.support.domain.history import History, a_history
from tests.support.evidence.bundles import a_bundle, with_firms
from tests.support.evidence.receipt_verifier import WrongError, fates
from tests.support.evidence.receipts import SealedLog, a_log
from tests.support.evidence.reference import verified_by
from tests.support.evidence.sealing import LOG, notes_of
from tests.support.servers.restores import copied
from tests.support.service.command_line import Outcome, printed, refused, run_apart
from tests.support.service.service_process import ServiceProcess
from tests.support.waiting import until


def issued(history: History, first: int, count: int) -> History:
    """The history with more documents, issued by a key."""
    for number in range(first, first + count):
        history.after((an_issue(a_document(f"inv_{number}")), a_key()))
    return history


@pytest_asyncio.fixture
async def restored(
    database_admin: asyncpg.Connection, database_url: str, tmp_path: Path
) -> AsyncIterator[tuple[SealedLog, History]]:
    """A log of 21 events that was restored from a copy of 11, all sealed, with the data directory that knows 21."""
    keys = create(tmp_path / "evidence.json", "numbers.example.com")
    async with a_log(database_url, tmp_path, keys) as log:
        await log.append(issued(a_history(), 1, 5))
        assert await log.seal() == 11
    async with copied(database_admin, database_url) as restored_url:
        async with a_log(database_url, tmp_path, keys) as log:
            await log.append(issued(issued(a_history(), 1, 5), 6, 5))
            assert await log.seal() == 21
        async with a_log(restored_url, tmp_path, keys) as log:
            yield log, issued(a_history(), 1, 5)


def begin_again(log: SealedLog, *arguments: str) -> Outcome:
    """`numbering evidence begin-again`, in a process of its own."""
    environment = {"NUMBERING_DATA_DIR": str(log.directory), "NUMBERING_DATABASE_URL": log.url}
    reason = ("--reason", "The disk broke, and the backup was a day old")
    return run_apart(("evidence", "begin-again", *reason, *arguments), environment)


async def test_the_sealer_stands_still_until_the_evidence_begins_again(
    restored: tuple[SealedLog, History], database_url: str
) -> None:
    log, history = restored
    before = log.keys
    issued(history, 100, 8)  # other events than those that were lost, and more of them
    await log.append(history)
    with pytest.raises(EvidenceBrokenError, match="another tree of 21 entries was signed here"):
        await log.seal()

    told = printed(begin_again(log))
    assert (told["origin_before"], told["origin"]) == ("numbers.example.com/log/1", "numbers.example.com/2/log/1")
    assert (told["lost_size"], told["kept_size"]) == (21, 11)
    again = load(log.directory / "evidence.json")
    assert await log.seal(again) == 27
    receipt = await log.receipt(6)
    assert receipt["checkpoint"].startswith("numbers.example.com/2/log/1\n27\n")
    assert fates(receipt, log.trusted()) == {6: "standing"}
    assert receipt["rotations"] == [], "a break is no rotation: nobody trusts the new key because of the old one"
    with pytest.raises(WrongError):
        fates(receipt, [str(before.verifier_keys(LOG)[0])])
    last_lost = LastView(log.directory, LOG).read()
    assert last_lost is not None
    assert last_lost.startswith(b"numbers.example.com/2/"), "the file follows the new tree"
    assert (await notes_of(log.url))[0].startswith(b"numbers.example.com/log/1\n"), "what was signed before stays"
    assert (await notes_of(database_url))[-1].startswith(b"numbers.example.com/log/1\n21\n")


async def test_the_note_of_the_break_says_what_was_lost_and_both_keys_sign_it(
    restored: tuple[SealedLog, History], database_url: str
) -> None:
    log, history = restored
    before = str(log.keys.verifier_keys(LOG)[0])
    told = printed(begin_again(log, "--name", "numbers.example.com/after-the-fire", "--ml-dsa"))
    after, post_quantum = told["verifier_keys"]

    assert set(verified_by(told["note"].encode(), [before, after])) == {before, after}
    text = told["note"].partition("\n\n")[0].split("\n")
    lost_note, kept_note = (await notes_of(database_url))[-1], (await notes_of(log.url))[-1]
    lost, kept = (note.decode().split("\n")[1:3] for note in (lost_note, kept_note))
    assert text == [
        BREAK,
        "numbers.example.com/log/1",
        before,
        after,
        " ".join(lost),
        " ".join(kept),
        "The disk broke, and the backup was a day old",
        post_quantum,
    ]
    assert base64.b64decode(lost[1]) != base64.b64decode(kept[1])

    await log.append(issued(history, 100, 1))
    await log.seal(load(log.directory / "evidence.json"))
    assert [note for _, note in await log.store.every_key() if note is not None] == [told["note"]]
    status = printed(
        run_apart(("evidence", "status"), {"NUMBERING_DATA_DIR": str(log.directory), "NUMBERING_DATABASE_URL": log.url})
    )
    assert status["breaks"] == [told["note"]]
    assert status["verifier_keys"] == [after, post_quantum]


async def test_the_check_of_the_database_finds_nothing_wrong_afterwards(restored: tuple[SealedLog, History]) -> None:
    log, history = restored
    assert begin_again(log).exit_code == 0
    again = load(log.directory / "evidence.json")
    await log.append(issued(history, 100, 3))
    await log.seal(again)
    known = KnownElsewhere(again.verifier_keys(LOG), (), LastView(log.directory, LOG).read())
    steps = [step async for step in check_evidence(log.log.pool, LOG, known)]
    assert [fault for step in steps for fault in step.faults] == []


async def test_a_witness_goes_on_under_the_new_name(restored: tuple[SealedLog, History]) -> None:
    log, history = restored
    witness = Cosigner("witness.example/w1", bytes([2]) * 32)
    await log.cosign(witness)  # of the tree before, which receipts pass over from now on
    assert begin_again(log).exit_code == 0
    await log.append(issued(history, 100, 1))
    await log.seal(load(log.directory / "evidence.json"))
    receipt = await log.receipt(1)
    assert receipt["checkpoint"].startswith("numbers.example.com/2/log/1\n13\n")
    await log.cosign(witness)
    cosigned = await log.receipt(1)
    assert fates(cosigned, log.trusted(), [str(witness.verifier_key)]) == {1: "standing"}
    assert "witness.example/w1" in cosigned["checkpoint"]


async def test_it_begins_again_only_where_sealed_events_are_lost(
    restored: tuple[SealedLog, History], database_url: str
) -> None:
    log, history = restored
    async with a_log(database_url, log.directory, log.keys) as whole:
        assert "nothing that was signed is lost" in refused(begin_again(whole))
    await log.append(issued(history, 6, 5))  # what was lost comes back, as `adopt-tail` brings it
    assert "the sealer goes on by itself" in refused(begin_again(log))
    assert await log.seal() == 21
    assert load(log.directory / "evidence.json") == log.keys

    LastView(log.directory, LOG).path.unlink()
    assert "name one with --last-note" in refused(begin_again(log))


async def test_a_bundle_has_the_present_origin_alone_and_verifies(
    restored: tuple[SealedLog, History], tmp_path: Path
) -> None:
    log, history = restored
    before = log.keys.verifier_keys(LOG)[0]
    await with_firms(log.url)
    assert begin_again(log).exit_code == 0
    await log.append(issued(history, 100, 3))
    await log.seal(load(log.directory / "evidence.json"))
    path = await a_bundle(log.log, tmp_path / "bundle.zip")
    assert main([str(path), "--key", log.trusted()[0]]) == 0
    assert main([str(path), "--key", str(before)]) == 1
    with ZipFile(path) as members:
        notes = [json.loads(line) for line in members.read("notes.jsonl").splitlines()]
    assert {note.split("\n")[0] for note in notes} == {"numbers.example.com/2/log/1"}


async def test_the_process_that_seals_goes_on(restored: tuple[SealedLog, History]) -> None:
    log, history = restored
    sealing = ServiceProcess(log.directory, log.url, "", arguments=("seal",))
    await log.append(issued(history, 100, 8))
    sealing.spawn()
    try:

        async def is_stopped() -> bool:
            return "evidence.stopped" in sealing.said()

        await until(is_stopped, "the sealer to find out")
    finally:
        sealing.kill()

    assert begin_again(log).exit_code == 0
    sealing.spawn()
    try:

        async def is_sealed() -> bool:
            newest = await log.store.newest_note()
            return newest is not None and newest.note.startswith(b"numbers.example.com/2/log/1\n27\n")

        await until(is_sealed, "a note under the new name")
    finally:
        assert sealing.stop() == 0


async def test_a_name_is_used_once(restored: tuple[SealedLog, History], tmp_path: Path) -> None:
    log, _ = restored
    lost = LastView(log.directory, LOG).read()
    assert lost is not None
    assert "another one than before" in refused(begin_again(log, "--name", "numbers.example.com"))
    LastView(log.directory, LOG).path.unlink()
    (tmp_path / "from-nats").write_bytes(lost)
    assert printed(begin_again(log, "--last-note", str(tmp_path / "from-nats")))["lost_size"] == 21
    keys: EvidenceKeys = load(log.directory / "evidence.json")
    assert {key.name for key in keys.verifier_keys(LOG)} == {"numbers.example.com/log/1", "numbers.example.com/2/log/1"}
    with pytest.raises(EvidenceKeysError):
        create(log.directory / "evidence.json", "numbers.example.com")
    assert json.loads((log.directory / "evidence.json").read_bytes())["retired"][0]["name"] == "numbers.example.com"
