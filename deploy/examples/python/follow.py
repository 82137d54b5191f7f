#!/usr/bin/env python3
"""Follows the log into a SQLite file, exactly once in effect: a table of what became of every document.

    pip install -r requirements.txt
    python follow.py [--database FILE] [--nats-url URL] [--durable NAME]

Without a URL it reads `nats_url` of demo.json, which `deploy/up` writes. Kill it and start it again, kill NATS, put
back an older copy of the file: it goes on behind the last event the file contains. Two copies at a time need two files
and two names of a durable consumer, or each takes the other's events.

JetStream delivers at least once. The sequence of the last message is stored in the same transaction as its effect, and
what is not newer is skipped: so every event takes effect once. Its id is stored too. A consumer begins at the message
that was last, and if another one is in its place an operator had the stream made anew without events that were lost:
then what is stored is not what the log says, and it stops.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path

import nats
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

STREAM = "NUMBERING_1"
BATCH = 200
WAIT_SECONDS = 2.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS progress (
    one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL, message_id TEXT NOT NULL
);
INSERT OR IGNORE INTO progress VALUES (1, 0, '');
CREATE TABLE IF NOT EXISTS series (series_id TEXT PRIMARY KEY, name TEXT, position INTEGER NOT NULL, events INTEGER);
CREATE TABLE IF NOT EXISTS document (document_id TEXT PRIMARY KEY, full_number TEXT NOT NULL, state TEXT NOT NULL);
"""
STATES = {
    "document-voided/1": "voided",
    "document-unvoided/1": "standing",
    "number-withdrawn/1": "withdrawn",
}


class MissedError(Exception):
    """An event did not arrive; nothing after it may be counted."""


class RewrittenError(Exception):
    """The stream has another event where the last one was that is stored."""


class Store:
    """The effect of the events, and how far they have been taken in."""

    def __init__(self, file: str) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(SCHEMA)

    def sequence(self) -> int:
        """The last message whose effect is stored."""
        return int(self._db.execute("SELECT sequence FROM progress").fetchone()[0])

    def take(self, messages: list[tuple[int, str, bytes]]) -> None:
        """Store the effect of these messages, and which was last: all of it or nothing.

        Raises MissedError and RewrittenError.
        """
        self._db.execute("BEGIN IMMEDIATE")
        try:
            last, last_id = self._db.execute("SELECT sequence, message_id FROM progress").fetchone()
            for sequence, message_id, body in messages:
                if sequence > last:
                    self._apply(sequence, last, json.loads(body))
                    last, last_id = sequence, message_id
                elif sequence == last:  # else delivered again
                    _compare(last_id, message_id)
            self._db.execute("UPDATE progress SET sequence = ?, message_id = ?", (last, last_id))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def _apply(self, sequence: int, last: int, record: dict) -> None:
        if sequence != last + 1:
            raise MissedError(f"message {last + 1} is missing: got {sequence}")
        # A consumer of some subjects only sees jumps in the sequence; `previous` still tells it of a hole in a series.
        series = record["stream"]
        row = self._db.execute("SELECT position FROM series WHERE series_id = ?", (series,)).fetchone()
        if record["previous"] != (row[0] if row else 0):
            raise MissedError(f"an event of series {series} before {record['position']} is missing")
        self._db.execute(
            "INSERT INTO series VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE "
            "SET position = excluded.position, events = events + 1",
            (series, record["series_name"], record["position"]),
        )
        event = record["event"]
        if event["type"] == "reservation-consumed/1":
            values = (event["document_id"], event["full_number"], "standing")
            self._db.execute("INSERT INTO document VALUES (?, ?, ?)", values)
        elif event["type"] in STATES:
            values = (STATES[event["type"]], event["document_id"])
            self._db.execute("UPDATE document SET state = ? WHERE document_id = ?", values)


def _compare(stored: str, delivered: str) -> None:
    if stored != delivered:
        raise RewrittenError(f"message {stored} is now {delivered}")


async def follow(store: Store, url: str, durable: str) -> None:
    """Take events in until cancelled, whatever NATS does meanwhile. Raises MissedError and RewrittenError."""
    connection = await nats.connect(url, max_reconnect_attempts=-1, allow_reconnect=True, error_cb=_quiet)
    try:
        asked_from = -1
        while True:
            try:
                await _take_all(connection.jetstream(), store, durable)
            except MissedError:
                # What was on its way when a connection broke is delivered later. Asked for anew, it must come.
                if asked_from == store.sequence():
                    raise
                asked_from = store.sequence()
            except (NatsError, OSError, TimeoutError):
                pass  # NATS is gone, or back without its store; the relay then fills it with the same sequences
            await asyncio.sleep(0.2)
    finally:
        await connection.close()


async def _take_all(jetstream: nats.js.JetStreamContext, store: Store, durable: str) -> None:
    due: int | None = await _place_consumer(jetstream, durable, store.sequence())
    subscription = await jetstream.pull_subscribe_bind(durable, STREAM)
    while True:
        messages = []
        with suppress(TimeoutError):
            messages = await subscription.fetch(BATCH, timeout=WAIT_SECONDS)
        if not messages:
            await jetstream.consumer_info(STREAM, durable)  # raises if stream or consumer are gone
            continue
        first = messages[0].metadata.sequence.stream
        if due not in {None, first}:
            raise MissedError(f"message {due} is missing: got {first}")  # unseen, it may be another one by now
        due = None
        store.take([(each.metadata.sequence.stream, each.headers["Nats-Msg-Id"], each.data) for each in messages])
        # Only now: what was not stored is delivered again, what was is skipped.
        for message in messages:
            await message.ack()
        print(f"at {store.sequence()}", flush=True)


async def _place_consumer(jetstream: nats.js.JetStreamContext, durable: str, sequence: int) -> int:
    """Have the durable consumer deliver next what the store takes next: the store is right, also if it went back.

    Returns the sequence of the message that has to come first.
    """
    with suppress(NotFoundError):
        found = await jetstream.consumer_info(STREAM, durable)
        # A consumer ends with its stream, so if everything is acknowledged, its stream is still the one that was read.
        # What was delivered and not acknowledged may never have been looked at, and would come after what follows it.
        is_at_sequence = found.delivered is not None and found.delivered.stream_seq == sequence
        if is_at_sequence and found.num_ack_pending == 0:
            return sequence + 1
        await jetstream.delete_consumer(STREAM, durable)
    first = max(sequence, 1)  # once more the last one, to see that it still is the same
    await jetstream.add_consumer(
        STREAM,
        ConsumerConfig(
            durable_name=durable,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=5,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=first,
        ),
    )
    return first


async def _quiet(_error: Exception) -> None:
    """The loop tries again; nats-py would print every attempt."""


def _address() -> str:
    """`nats_url` of the demo."""
    default = Path.home() / ".local/share/invoice-numbering"
    demo = Path(os.environ.get("NUMBERING_DATA_DIR", default)) / "demo.json"
    return str(json.loads(demo.read_text())["nats_url"])


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--database", default="numbers.sqlite", help="the SQLite file (default: %(default)s)")
    parser.add_argument("--nats-url", help="where NATS is (default: as demo.json says)")
    parser.add_argument("--durable", default="example-follow", help="its consumer's name (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        asyncio.run(follow(Store(arguments.database), arguments.nats_url or _address(), arguments.durable))
    except KeyboardInterrupt:
        pass
    except RewrittenError as error:
        sys.exit(f"The stream was made anew with other events: {error}. Delete {arguments.database} and start again.")


if __name__ == "__main__":
    main()
