// Keeps a live count of the gaps of every series: numbers that were taken and carry no document.
//
//     npm ci
//     node gaps.js [NATS_URL]        default: nats_url of demo.json, which `deploy/up` writes
//
// It keeps nothing on disk: it reads the stream from its first message, then follows it. Sequence and position are the
// same number, so "have I missed one" is a comparison. Prints a line of JSON whenever a count changes.
//
// After each interruption it begins with the last message it has. If another one is in its place, an operator had the
// stream made anew without events that were lost, and the counts are not what the log says.

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

const STREAM = "NUMBERING_1";
const RETRY_MS = 500;

// How many numbers an event turns into gaps. A voided document keeps its number: that is not a gap.
const GAPS = {
  "reservation-released/1": () => 1,
  "reservation-expired/1": (event) => event.ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0),
  "number-withdrawn/1": () => 1,
  "numbers-lost/1": (event) => event.last - event.first + 1,
};

const counts = new Map(); // series id -> { name, gaps, position }
let sequence = 0; // the last message that is counted
let messageId; // and its id

/** What must not be glossed over. */
class Wrong extends Error {}

/** Count one message; throws if it is not the one that follows. */
function count(message) {
  const record = message.json();
  const id = message.headers.get("Nats-Msg-Id");
  if (message.seq === sequence && id !== messageId) {
    throw new Wrong(`the stream was made anew: message ${sequence} was ${messageId} and is ${id}. Start me again.`);
  }
  if (message.seq <= sequence) return; // seen before a reconnection
  if (message.seq !== sequence + 1) throw new Wrong(`message ${sequence + 1} is missing: got ${message.seq}`);
  const series = counts.get(record.stream) ?? { name: record.series_name, gaps: 0, position: 0 };
  // The same check for one series alone: all that a consumer with a filter can do.
  if (record.previous !== series.position) throw new Wrong(`an event of ${record.stream} is missing`);
  const gaps = GAPS[record.event.type]?.(record.event) ?? 0;
  counts.set(record.stream, { ...series, gaps: series.gaps + gaps, position: record.position });
  sequence = message.seq;
  messageId = id;
  if (gaps > 0) console.log(JSON.stringify({ sequence, series: record.series_name, gaps: series.gaps + gaps }));
}

/** Follow the stream until the connection or the stream is lost. */
async function follow(js) {
  const consumer = await js.consumers.get(STREAM, { opt_start_seq: Math.max(sequence, 1) });
  const messages = await consumer.consume({ idle_heartbeat: 5_000 });
  watch(messages);
  let name;
  for await (const message of messages) {
    name ??= message.info.consumer;
    if (message.info.consumer !== name) {
      // Mended by the library, it went on after the last message without a look at that one: begin with it again.
      messages.stop();
      return;
    }
    count(message);
  }
}

/** An ordered consumer mends itself; a stream that was lost and made anew is better asked for again. */
async function watch(messages) {
  for await (const status of messages.status()) {
    if (["heartbeats_missed", "stream_not_found", "consumer_not_found", "consumer_deleted"].includes(status.type)) {
      messages.stop();
    }
  }
}

/** Where NATS is. */
function address() {
  if (process.argv[2]) return process.argv[2];
  const data = process.env.NUMBERING_DATA_DIR ?? join(homedir(), ".local/share/invoice-numbering");
  return JSON.parse(readFileSync(join(data, "demo.json"), "utf8")).nats_url;
}

const url = new URL(address());
const connection = await connect({
  servers: url.host,
  user: decodeURIComponent(url.username) || undefined,
  pass: decodeURIComponent(url.password) || undefined,
  maxReconnectAttempts: -1, // NATS may be away for hours
  waitOnFirstConnect: true,
});
for (;;) {
  try {
    await follow(jetstream(connection));
  } catch (error) {
    if (error instanceof Wrong) {
      console.error(error.message);
      process.exit(1);
    }
    console.error(`not following: ${error.message}`);
  }
  await pause(RETRY_MS);
}
