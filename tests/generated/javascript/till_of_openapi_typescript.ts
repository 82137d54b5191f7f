// A till written against the types that openapi-typescript makes, with openapi-fetch; it prints what it saw as JSON.
// usage: node till_of_openapi_typescript.js BASE_URL API_KEY DEVICE_TOKEN

import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

const [baseUrl, key, deviceToken] = process.argv.slice(2);

const as = (credential: string | undefined) =>
  createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${credential}` } });

function done<T>(answer: { data?: { data: T }; error?: components["schemas"]["Failure"] }): T {
  if (answer.data === undefined) throw new Error(answer.error?.error.message);
  return answer.data.data;
}

async function main(): Promise<void> {
  const office = as(key);
  const till = as(deviceToken);

  const series = done(await office.POST("/v1/invoice-series", { body: { name: "OTS/1", document_type: "fiscal" } }));
  const path = { id: series.id };
  const locked = done(await till.POST("/v1/invoice-series/{id}/lock", { params: { path } }));
  const batch = await till.POST("/v1/invoice-series/{id}/reserve-numbers", { params: { path }, body: { count: 3 } });
  const reserved = done(batch).data;
  const token = (place: number): string => reserved[place]?.token ?? "";

  const sale = { client_data: { name: "Ștefan" }, items: [{ description: "Paper", quantity: 2, price: 10.5 }] };
  const offline = { ...sale, reservation_token: token(0) };
  const once = { header: { "Idempotency-Key": "sale-1" } };
  const consumed = done(await till.POST("/v1/invoices", { params: once, body: offline }));
  const repeated = await till.POST("/v1/invoices", { params: once, body: offline });
  const issued = done(await till.POST("/v1/invoices", { body: sale }));
  const voiding = { params: { path: { id: issued.id } }, body: { reason: "wrong client" } };
  const voided = done(await office.POST("/v1/invoices/{id}/void", voiding));
  const release = (of: string) =>
    till.POST("/v1/invoice-series/reservations/{token}/release", { params: { path: { token: of } } });
  done(await release(token(1)));
  const refused = await release(token(0));
  const report = done(await office.GET("/v1/invoice-series/{id}/gaps", { params: { path } }));
  const listed = await office.GET("/v1/invoice-series", { params: { query: { document_type: "fiscal" } } });
  const seen = {
    locked_by: locked.lock?.device_id,
    series: done(listed).data.map((each) => each.name),
    reserved: reserved.map((each) => each.number),
    consumed: [consumed.number_idx, consumed.client?.name, consumed.total],
    repeated: [repeated.response.headers.get("Idempotent-Replayed"), done(repeated).id === consumed.id],
    issued: issued.number_idx,
    voided: [voided.status, voided.void_reason],
    refused: refused.error?.error.code,
    gaps: report.data.map((gap) => [gap.first, gap.last, gap.reason]),
    pending: report.equation.pending,
  };
  console.log(JSON.stringify(seen));
}

void main();
