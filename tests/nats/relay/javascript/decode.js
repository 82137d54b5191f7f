// Reads a stream to its end and decodes each message with the official CloudEvents SDK. Prints the events as JSON.
//
//     node decode.js NATS_URL STREAM COUNT

import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { HTTP } from "cloudevents";

const [address, stream, count] = process.argv.slice(2);
const url = new URL(address);
const connection = await connect({
  servers: url.host,
  user: decodeURIComponent(url.username) || undefined,
  pass: decodeURIComponent(url.password) || undefined,
});
const consumer = await jetstream(connection).consumers.get(stream);
const events = [];
for await (const message of await consumer.consume()) {
  const headers = Object.fromEntries([...message.headers].map(([name, [value]]) => [name.toLowerCase(), value]));
  const event = HTTP.toEvent({ headers, body: message.string() });
  event.validate();
  events.push(event.toJSON());
  if (events.length === Number(count)) break;
}
console.log(JSON.stringify(events));
await connection.close();
