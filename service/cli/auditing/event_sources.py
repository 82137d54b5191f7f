"""Where `numbering replay` reads events from: the log, the NATS stream, or a bundle."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

import msgspec
from msgspec import MsgspecError, Struct
from nats.errors import TimeoutError as NatsTimeoutError

from projections.keeping.log_reading import read_between, read_head
from projections.keeping.one_moment import Connection
from projections.reports.as_of import AsOf, AtPosition, position_as_of
from schemas.record import Record, decode_record
from schemas.values import DEFAULT_LOG, FirmId, LogId, Mode, Position, SeriesId, UnixSeconds
from service.access.event_proofs import HEADER, EventProver
from service.access.key_file import KeyFile
from service.cli.auditing.readers import reader
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import progress
from service.configuration.settings import Settings
from service.nats.client.connection import connected
from service.nats.relay.cloud_event import subject_root
from service.nats.relay.stream import EventStream, StreamMessage
from service.nats.relay.tail import record_in
from service.wiring import nats_settings

BATCH: Final = 1_000
MESSAGE_SECONDS_MAX: Final = 10
NAME: Final = "numbering-replay"


async def log_records(as_of: AsOf | None) -> AsyncGenerator[Record]:
    """Every record of the log up to `as_of`, or to the end. Raises CommandFault and LogHoleError."""
    async with reader() as connection:
        head = await read_head(connection, DEFAULT_LOG)
        async for record in read_log(connection, await position_as_of(connection, DEFAULT_LOG, head, as_of)):
            yield record


async def read_log(connection: Connection, until: Position | None) -> AsyncGenerator[Record]:
    """Every record from the first one to position `until`, or to the end, with a bar that shows how far it is."""
    head = await read_head(connection, DEFAULT_LOG)
    end = head if until is None else min(head, until)
    with progress() as bar:
        task = bar.add_task("reading the log", total=end)
        after = 0
        while after < end:
            to = min(after + BATCH, end)
            for record in await read_between(connection, DEFAULT_LOG, Position(after), Position(to)):
                yield record
            after = to
            bar.update(task, completed=after)


async def stream_records(settings: Settings, as_of: AsOf | None) -> AsyncGenerator[Record]:
    """Every record of the NATS stream up to `as_of`, or to its end; each position must be there, and each proof right.

    Raises CommandFault, MissingSettingError, BrokerUnavailableError, NoJetStreamError and StreamRefusedError.
    """
    prover = EventProver.of(KeyFile(settings.keys_path)) if settings.keys_path.exists() else EventProver(())
    async with connected(nats_settings(settings), NAME) as client:
        stream = EventStream(client, DEFAULT_LOG)
        end = await stream.present_end()
        if end is None:
            raise CommandFault(f"there is no stream {stream.name}; `numbering relay` makes it")
        if end.missing and end.last:
            raise CommandFault(f"the stream lacks {end.missing} of the {end.last} events up to its end")
        subjects = f"{subject_root(DEFAULT_LOG)}.>"
        subscription = await client.jetstream().subscribe(subjects, stream=stream.name, ordered_consumer=True)  # pyright: ignore[reportUnknownMemberType] - untyped options
        with progress() as bar:
            task = bar.add_task("reading the stream", total=end.last)
            for due in range(1, end.last + 1):
                try:
                    message = await subscription.next_msg(timeout=MESSAGE_SECONDS_MAX)
                except NatsTimeoutError as error:
                    raise CommandFault(f"the stream gives no event after position {due - 1}") from error
                at = Position(message.metadata.sequence.stream)
                if at != due:
                    raise CommandFault(f"the stream has position {at} where position {due} is expected")
                found = StreamMessage(at, message.subject, message.data, (message.headers or {}).get(HEADER))
                record = record_in(found, DEFAULT_LOG, prover)
                if isinstance(record, str):
                    raise CommandFault(record)
                if is_later(record.record, as_of):
                    return
                yield record.record
                bar.update(task, completed=due)


class BundleSource(Struct, frozen=True):
    """What a bundle holds that is replayed, and the reports that it says follow from it."""

    path: Path
    log: LogId
    firm_id: FirmId
    mode: Mode
    series: tuple[SeriesId, ...] | None
    position: Position
    as_of: UnixSeconds | None

    async def records(self, as_of: AsOf | None) -> AsyncGenerator[Record]:
        """Every record up to `as_of`, or to the end. Raises CommandFault."""
        with ZipFile(self.path) as file, file.open("events.jsonl") as lines, progress() as bar:
            task = bar.add_task("reading the bundle", total=None)
            for number, line in enumerate(lines, 1):
                try:
                    record = decode_record(line)
                except MsgspecError as error:
                    raise CommandFault(f"events.jsonl, line {number}, is no event: {error}") from error
                if is_later(record, as_of):
                    return
                if not self._is_ours(record):
                    raise CommandFault(f"events.jsonl, line {number}: event {record.position} is not of this bundle")
                yield record
                if number % BATCH == 0:
                    bar.update(task, completed=number)
                    await asyncio.sleep(0)

    def member(self, name: str) -> bytes:
        """The bytes of a member. Raises CommandFault."""
        with ZipFile(self.path) as file:
            try:
                return file.read(name)
            except (KeyError, BadZipFile) as error:
                raise CommandFault(f"{self.path} has no {name} that can be read") from error

    def _is_ours(self, record: Record) -> bool:
        of = (record.log, record.firm_id, record.mode) == (self.log, self.firm_id, self.mode)
        return of and record.position <= self.position and (self.series is None or record.stream in self.series)


def open_bundle(path: Path) -> BundleSource:
    """The bundle in this file. Raises CommandFault if it is none."""
    try:
        with ZipFile(path) as file:
            manifest = msgspec.json.decode(file.read("manifest.json"), type=_Manifest)
    except (OSError, BadZipFile, KeyError, MsgspecError) as error:
        raise CommandFault(f"{path} is no bundle that can be read: {error}") from error
    series = None if manifest.series is None else tuple(manifest.series)
    return BundleSource(path, manifest.log, manifest.firm_id, manifest.mode, series, manifest.position, manifest.as_of)


def is_later(record: Record, as_of: AsOf | None) -> bool:
    """Whether the record came after this moment."""
    if as_of is None:
        return False
    return record.position > as_of.position if isinstance(as_of, AtPosition) else record.at > as_of.time


class _Manifest(Struct, frozen=True):
    log: LogId
    firm_id: FirmId
    mode: Mode
    series: list[SeriesId] | None
    position: Position
    as_of: UnixSeconds | None
