// A till written against the client that @hey-api/openapi-ts makes; it prints what it saw as JSON.
// usage: node till_of_hey_api.js BASE_URL API_KEY DEVICE_TOKEN

import * as numbering from "./hey";
import { createClient, createConfig } from "./hey/client";

const [baseUrl, key, deviceToken] = process.argv.slice(2);

const as = (credential: string | undefined) => createClient(createConfig({ baseUrl, auth: () => credential }));

async function main(): Promise<void> {
  const office = { client: as(key), throwOnError: true } as const;
  const till = { client: as(deviceToken), throwOnError: true } as const;

  const opened = await numbering.openSeries({ ...office, body: { name: "HEY/1", document_type: "fiscal" } });
  const path = { id: opened.data.data.id };
  const locked = (await numbering.lockSeries({ ...till, path })).data.data;
  const reserved = (await numbering.reserveNumbers({ ...till, path, body: { count: 3 } })).data.data.data;
  const token = (place: number) => ({ token: reserved[place]?.token ?? "" });

  const sale = { client_data: { name: "Ștefan" }, items: [{ description: "Paper", quantity: 2, price: 10.5 }] };
  const offline = { ...sale, reservation_token: token(0).token };
  const headers = { "Idempotency-Key": "sale-1" };
  const consumed = (await numbering.createInvoice({ ...till, headers, body: offline })).data.data;
  const repeated = await numbering.createInvoice({ ...till, headers, body: offline });
  const issued = (await numbering.createInvoice({ ...till, body: sale })).data.data;
  const voiding = { path: { id: issued.id }, body: { reason: "wrong client" } };
  const voided = (await numbering.voidInvoice({ ...office, ...voiding })).data.data;
  await numbering.releaseReservation({ ...till, path: token(1) });
  const refused = await numbering.releaseReservation({ client: till.client, path: token(0) });
  const report = (await numbering.listGaps({ ...office, path })).data.data;
  const listed = (await numbering.listSeries({ ...office, query: { document_type: "fiscal" } })).data.data;
  const seen = {
    locked_by: locked.lock?.device_id,
    series: listed.data.map((each) => each.name),
    reserved: reserved.map((each) => each.number),
    consumed: [consumed.number_idx, consumed.client?.name, consumed.total],
    repeated: [repeated.response.headers.get("Idempotent-Replayed"), repeated.data.data.id === consumed.id],
    issued: issued.number_idx,
    voided: [voided.status, voided.void_reason],
    refused: refused.error?.error.code,
    gaps: report.data.map((gap) => [gap.first, gap.last, gap.reason]),
    pending: report.equation.pending,
  };
  console.log(JSON.stringify(seen));
}

void main();
