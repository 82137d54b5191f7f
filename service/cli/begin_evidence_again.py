"""`numbering evidence begin-again`: the evidence goes on under a new name, after events that were sealed are lost."""

from pathlib import Path
from typing import Any

import click
import uvloop

from schemas.values import DEFAULT_LOG, LogId, Position
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import err, print_json
from service.cli.screen.log_lines import write_log_lines
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.screen.printable_option import printable_option
from service.cli.starting.present import database_url, present_settings
from service.clock import now
from service.configuration.settings import Settings
from service.evidence.checkpoints import Checkpoint, parse_checkpoint
from service.evidence.key_file import Broken, EvidenceKeys, evidence_keys_path, load
from service.evidence.key_file import begin_again as begin_keys_again
from service.evidence.notes import NoteError, parse_note
from service.evidence.sealing.last_view import LastView
from service.evidence.sealing.sealer import EVENTS_MAX
from service.evidence.sealing.store import EvidenceStore, stored_tree
from service.evidence.sealing.tree import EvidenceBrokenError, Tree
from service.evidence.signatures import Verified
from service.log.postgres_log import PostgresLog


@click.command("begin-again")
@click.option("--reason", required=True, help="Why sealed events are lost, for ever, in the note: name no person.")
@click.option("--name", help="The new name. Default: the first name and a number.")
@click.option(
    "--last-note",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The last note, if the data directory does not have it: from NATS, a witness or an auditor.",
)
@click.option("--ml-dsa", "has_ml_dsa", is_flag=True, help="Sign with an ML-DSA-44 key as well.")
def begin_again(*, reason: str, name: str | None, last_note: Path | None, has_ml_dsa: bool) -> None:
    """Let the evidence go on after `numbering resume --accept-loss`: sealed events are lost, so the old tree cannot.

    New keys under a new name go on with the tree that the database has. A note that both keys sign says what was lost.
    Restart the process that seals; give the new key to auditors and witnesses, as if it were the first one.
    """
    said = printable_option(reason, "--reason")
    settings = present_settings()
    write_log_lines(settings)
    broken = uvloop.run(_broken(settings, said, last_note))
    path = evidence_keys_path(settings)
    keys = begin_keys_again(path, DEFAULT_LOG, now(), broken, name=name, has_ml_dsa=has_ml_dsa)
    print_json(_described(keys, broken))
    err().print("restart the process that seals; then give the new verifier key to auditors and witnesses")


async def _broken(settings: Settings, reason: str, last_note: Path | None) -> Broken:
    """What was lost and what is kept. Raises CommandFault if nothing was."""
    keys = load(evidence_keys_path(settings))
    with explaining_postgres(database_url(settings)):
        log = await PostgresLog.open(database_url(settings))
        try:
            return await _compared(log, keys, reason, _last_signed(settings, keys, last_note))
        finally:
            await log.close()


def _last_signed(settings: Settings, keys: EvidenceKeys, last_note: Path | None) -> Checkpoint:
    """The largest tree that is known to have been signed under the present name. Raises CommandFault if none is."""
    view = LastView(settings.data_dir, DEFAULT_LOG)
    paths = [path for path in (view.path, last_note) if path is not None and path.exists()]
    found = [_signed(path.read_bytes(), keys, str(path)) for path in paths]
    present = [each for each in found if each.origin == keys.origin(DEFAULT_LOG)]
    if not present:
        raise CommandFault(f"no note of {keys.origin(DEFAULT_LOG)} is in {view.path}; name one with --last-note")
    return max(present, key=lambda each: each.size)


def _signed(written: bytes, keys: EvidenceKeys, where: str) -> Checkpoint:
    try:
        verified = Verified.of(parse_note(written), keys.verifier_keys(DEFAULT_LOG))
        return parse_checkpoint(verified.note.text)
    except NoteError as error:
        raise CommandFault(f"the note in {where} is none of this log: {error}") from error


async def _compared(log: PostgresLog, keys: EvidenceKeys, reason: str, lost: Checkpoint) -> Broken:
    store = EvidenceStore(log.pool, log.log_id)
    newest = await store.newest_note()
    if newest is None:
        raise CommandFault("the database has no note, so there is no tree to go on with; restore a backup that has one")
    kept = _signed(newest.note, keys, "the database")
    try:
        tree = await stored_tree(store, newest.tree_size)
    except EvidenceBrokenError as error:
        raise CommandFault(f"the evidence in the database is broken: {error}") from error
    if (tree.edge.size, tree.root) != (kept.size, kept.root):
        raise CommandFault(
            "the tiles in the database are not those of its newest note; restore a backup where they are"
        )
    if kept.size >= lost.size:
        raise CommandFault(f"nothing that was signed is lost: the database has a note of {kept.size} events")
    head = await log.head()
    if head >= lost.size and await _root_at(store, tree, lost.size) == lost.root:
        raise CommandFault(f"the log has all {lost.size} events that were sealed; the sealer goes on by itself")
    return Broken(lost, Checkpoint(kept.origin, tree.edge.size, tree.root), reason)


async def _root_at(store: EvidenceStore, tree: Tree, size: int) -> bytes:
    """The root of the first `size` events of the log, of which the tree has the first ones."""
    edge = tree.edge.copy()
    while edge.size < size:
        end = min(size, edge.size + EVENTS_MAX)
        edge.grow((await store.entries(Position(edge.size), Position(end))).entries)
        if edge.size < end:
            return b""
    return edge.root()


def _described(keys: EvidenceKeys, broken: Broken) -> dict[str, Any]:
    log_id = LogId(DEFAULT_LOG)
    found = keys.verifier_keys(log_id)
    return {
        "origin": keys.origin(log_id),
        "origin_before": broken.lost.origin,
        "lost_size": broken.lost.size,
        "kept_size": broken.kept.size,
        "verifier_keys": [str(key) for key in found if key.name == keys.origin(log_id)],
        "note": keys.rotations(log_id)[found[0]],
    }
