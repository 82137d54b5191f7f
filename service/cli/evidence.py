"""`numbering evidence` and `numbering witness`: keys, how far the evidence is, and a witness of ours."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import click
import uvloop

from schemas.values import DEFAULT_LOG
from service.cli.begin_evidence_again import begin_again
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import print_json
from service.cli.screen.log_lines import announce, write_log_lines
from service.cli.screen.operator_errors import explaining_postgres
from service.cli.starting.present import database_url, present_settings
from service.clock import now
from service.configuration.settings import Settings, read_settings
from service.evidence.checkpoints import parse_checkpoint
from service.evidence.key_file import BREAK, EvidenceKeys, create, evidence_keys_path, load, rotate
from service.evidence.notes import parse_note
from service.evidence.sealing.store import EvidenceStore
from service.evidence.witnessing.server import ensure_keys, read_log_keys, witnessing
from service.log.identity import LogIdentity
from service.log.postgres_log import PostgresLog
from service.whole_file import replace_file

UNNAMED = "numbering.invalid/{installation}"
"""What origins begin with, where the operator chose nothing."""

ml_dsa_option = click.option("--ml-dsa", "has_ml_dsa", is_flag=True, help="Sign with an ML-DSA-44 key as well.")


@click.group()
def evidence() -> None:
    """The keys that sign what the log holds, and how far that is."""


@evidence.command("create")
@click.option("--name", help="The address of the service without the scheme. Default: the id of the installation.")
@ml_dsa_option
def create_keys(name: str | None, *, has_ml_dsa: bool) -> None:
    """Make the key file. The name stays for ever; the file belongs on the machine that seals, and into a safe."""
    settings = present_settings()
    write_log_lines(settings)
    chosen = name or unnamed(uvloop.run(_identity(database_url(settings))))
    print_json(_described(settings, create(evidence_keys_path(settings), chosen, has_ml_dsa=has_ml_dsa)))


@evidence.command("rotate")
@ml_dsa_option
def rotate_keys(*, has_ml_dsa: bool) -> None:
    """Put new keys in force, for which the present ones vouch; then restart the process that seals.

    The secrets of the present keys are deleted. What they signed stays verifiable.
    """
    settings = present_settings()
    print_json(_described(settings, rotate(evidence_keys_path(settings), [DEFAULT_LOG], now(), has_ml_dsa=has_ml_dsa)))


evidence.add_command(begin_again)


@evidence.command("key")
def show_keys() -> None:
    """Print the verifier keys, the present one first, one a line, as C2SP signed-note writes them."""
    for key in load(evidence_keys_path(present_settings())).verifier_keys(DEFAULT_LOG):
        click.echo(str(key))


@evidence.command("fingerprint")
def show_fingerprints() -> None:
    """Print what two people compare: kind, id and SHA-256 of each key, the present one first."""
    for key in load(evidence_keys_path(present_settings())).verifier_keys(DEFAULT_LOG):
        click.echo(f"{key.kind.name.lower()} {key.id.hex()} {key.fingerprint}")


@evidence.command("status")
def show_status() -> None:
    """Print the newest note's size, the head of the log, and its co-signatures, the newest time stamp."""
    settings = present_settings()
    write_log_lines(settings)
    print_json(uvloop.run(_status(database_url(settings))))


@evidence.command("stamps")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A directory, made if it is missing."
)
def write_stamps(out: Path) -> None:
    """Write each time-stamped note, and the stamp beside it, for `openssl ts -verify`."""
    settings = present_settings()
    write_log_lines(settings)
    try:
        out.mkdir(parents=True, exist_ok=True)
        print_json(uvloop.run(_stamps(database_url(settings), out)))
    except OSError as error:
        raise CommandFault(f"cannot write to {out}: {error.strerror}") from error


@click.command()
@click.option("--name", required=True, help="Its name, an address without the scheme; it stays for ever.")
@click.option("--directory", type=click.Path(path_type=Path), required=True, help="Where its keys and views are kept.")
@click.option("--logs", type=click.Path(path_type=Path), required=True, help="A file: a log's verifier key a line.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address it listens on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8090, show_default=True, help="The port it listens on.")
def witness(name: str, directory: Path, logs: Path, host: str, port: int) -> None:
    """Co-sign the notes of logs, as C2SP tlog-witness says, until SIGINT or SIGTERM. It needs no database.

    The first start makes its keys. It prints their verifier keys for those who trust it.
    """
    write_log_lines(read_settings(), "witness")
    keys = ensure_keys(directory, name)
    for signer in keys.signers():
        click.echo(str(signer.verifier_key))

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with witnessing(directory, keys, read_log_keys(logs), host, port, now):
            announce(f"witnessing on {host} port {port}")
            await stop.wait()

    uvloop.run(serve())


def unnamed(identity: LogIdentity) -> str:
    """What the origins of an installation begin with, if its operator chose nothing."""
    return UNNAMED.format(installation=identity.installation)


def _described(settings: Settings, keys: EvidenceKeys) -> dict[str, Any]:
    found = keys.verifier_keys(DEFAULT_LOG)
    return {
        "evidence_keys_file": str(evidence_keys_path(settings)),
        "origin": keys.origin(DEFAULT_LOG),
        "verifier_keys": [str(key) for key in found],
        "fingerprints": [key.fingerprint for key in found],
    }


async def _identity(url: str) -> LogIdentity:
    with explaining_postgres(url):
        log = await PostgresLog.open(url)
        try:
            return await log.identity()
        finally:
            await log.close()


async def _stamps(url: str, out: Path) -> dict[str, Any]:
    """Write them one after another: an answer has up to 64 KB, and there may be one an hour for years."""
    sizes: list[int] = []
    with explaining_postgres(url):
        log = await PostgresLog.open(url)
        try:
            store = EvidenceStore(log.pool, log.log_id)
            for size in await store.stamped_sizes():
                for stamp in await store.stamps(size, size):
                    replace_file(out / f"{size}.note", stamp.note)
                    replace_file(out / f"{size}.tsr", stamp.response)
                sizes.append(size)
        finally:
            await log.close()
    return {"directory": str(out), "time_stamped": sizes}


async def _status(url: str) -> dict[str, Any]:
    with explaining_postgres(url):
        log = await PostgresLog.open(url)
        try:
            store = EvidenceStore(log.pool, log.log_id)
            head, newest = await log.head(), await store.newest_note()
            lines = [] if newest is None else await store.cosignatures(newest.size)
            keys, every_key = await store.verifier_keys(), await store.every_key()
            stamped = await store.stamped_sizes()
        finally:
            await log.close()
    if newest is None:
        raise CommandFault("nothing is sealed yet; a process that seals needs the keys of `numbering evidence create`")
    checkpoint = parse_checkpoint(parse_note(newest.note).text)
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "head": head,
        "root": checkpoint.root.hex(),
        "cosigned_by": [line.split(" ")[1] for line in lines],
        "time_stamped": stamped[-1] if stamped else None,
        "verifier_keys": [key for key, _ in keys],
        "breaks": [note for _, note in reversed(every_key) if note is not None and note.startswith(BREAK)],
    }
