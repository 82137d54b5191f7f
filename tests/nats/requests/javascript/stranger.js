// A program of another team: it finds the service, requests numbers from it, and reads the events about them.
//
//     node stranger.js NATS_URL FIRM SERIES_ID CREDENTIAL
//
// It knows the NATS services protocol and the documents of this service, and has no code of ours. Prints one line of JSON.

import { jetstream } from "@nats-io/jetstream";
import { Svcm } from "@nats-io/services";
import { connect, headers } from "@nats-io/transport-node";

const [address, firm, seriesId, credential] = process.argv.slice(2);
const url = new URL(address);
const connection = await connect({ servers: url.host, user: url.username, pass: url.password });
const services = new Svcm(connection).client({ strategy: "stall", maxWait: 5_000 });

/** The reply of the only instance. */
async function only(answers) {
  const found = [];
  for await (const answer of await answers) found.push(answer);
  if (found.length !== 1) throw new Error(`${found.length} instances answered`);
  return found[0];
}

const anyone = await only(services.ping());
const ping = await only(services.ping("numbering"));
const info = await only(services.info(ping.name, ping.id));

/** Send a request to the subject that the service states in its INFO. */
async function ask(operation, body) {
  const { subject } = info.endpoints.find(({ name }) => name === operation);
  const sent = headers();
  sent.set("Authorization", `Bearer ${credential}`);
  const place = subject.replace("*", "live").replace("*", firm);
  const reply = await connection.request(place, JSON.stringify(body), { headers: sent, timeout: 15_000 });
  const code = reply.headers?.get("Nats-Service-Error-Code");
  return code ? { code } : reply.json().data;
}

/** Every event of the NATS stream up to the first one of this type. */
async function eventsUntil(type) {
  const consumer = await jetstream(connection).consumers.get("NUMBERING_1");
  const seen = [];
  for await (const message of await consumer.consume()) {
    const record = message.json();
    seen.push({ sequence: message.seq, position: record.position, type: record.event.type, subject: message.subject });
    if (record.event.type === type) return seen;
  }
}

await ask("lock", { series_id: seriesId });
const slots = (await ask("reserve", { series_id: seriesId, count: 3 })).data;
const refused = await ask("reserve", { series_id: seriesId, count: 0 });
await ask("release", { token: slots[2].token });
const events = await eventsUntil("reservation-released/1");
const stats = await only(services.stats(ping.name, ping.id));

const numbers = slots.map(({ number }) => number);
console.log(JSON.stringify({ anyone, ping, info, stats, numbers, refused, events }));
await connection.close();
