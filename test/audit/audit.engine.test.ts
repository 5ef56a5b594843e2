import { expect, it } from "vitest";
import type { StoredEntry } from "../../src/audit/audit.ts";
import { call, callJson, corners, polygon, send, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

interface Page {
  entries: StoredEntry[];
  next_cursor: number | null;
}
const audit = async (query = "") => (await call<Page>(service, `/v1/audit${query}`)).body;

it("lists creations, corrections, cancellations and deletions, but no question, post or refusal", async () => {
  await sendNew(service, [trip({ trip_id: "a b", source: "s" }), trip({ trip_id: "c", source: "s" })]);
  const { body: receipt } = await send(service, [trip({ trip_id: "d" }), trip({ origin: null })]);
  await callJson(service, "PUT", "/v1/regions/Box", { boundary: polygon(corners(7, 45, 8, 46)) });
  await callJson(service, "PUT", "/v1/trips/s/a%20b", trip({ trip_id: "a b", source: "s", driver_id: "d1" }));
  const { headers } = await call(service, "/v1/trips/s/c", { method: "DELETE" });
  await call(service, "/v1/trips/s/nobody", { method: "DELETE" });
  await call(service, "/v1/trips?source=s");
  const mended = "row,source,started_at,origin_lon,origin_lat\n2,s,2018-05-21T08:00:00,7.6,45\n";
  const type = { method: "POST", headers: { "content-type": "text/csv" }, body: mended };
  expect((await call(service, `/v1/batches/${receipt.batch_id}/rejects`, type)).status).toBe(200);
  await call(service, "/v1/regions/Box", { method: "DELETE" });

  const { entries } = await audit();
  const told = entries.map(({ action, target }) => [action, target]);
  expect(told).toEqual([
    ["DELETE /v1/regions/{name}", "/v1/regions/Box"],
    ["POST /v1/batches/{id}/rejects", `/v1/batches/${receipt.batch_id}/rejects`],
    ["DELETE /v1/trips/{source}/{trip_id}", "/v1/trips/s/c"],
    ["PUT /v1/trips/{source}/{trip_id}", expect.stringMatching(/^\/v1\/trips\/s\/a%20b/)],
    ["PUT /v1/regions/{name}", "/v1/regions/Box"],
  ]);
  const cancelled = entries[2];
  expect(cancelled).toMatchObject({ actor: null, client: "127.0.0.1", request_id: headers.get("x-request-id") });
  expect(Date.parse(cancelled?.at ?? "")).toBeLessThanOrEqual(Date.now());
});

it("is read in pages and filtered by action, and refuses unknown parameters", async () => {
  const all = (await audit()).entries;
  const first = await audit("?limit=2");
  expect(first.entries).toEqual(all.slice(0, 2));
  expect((await audit(`?limit=1000&cursor=${first.next_cursor}`)).entries).toEqual(all.slice(2));
  const action = encodeURIComponent("DELETE /v1/regions/{name}");
  expect((await audit(`?action=${action}`)).entries).toEqual(all.slice(0, 1));
  expect((await audit("?actor=nobody")).entries).toEqual([]);
  expect((await audit(`?to=${all[1]?.at}`)).entries).toEqual(all.slice(2));
  expect((await audit(`?from=${all[1]?.at}`)).entries).toEqual(all.slice(0, 2));
  expect((await call(service, "/v1/audit?from=yesterday")).body).toMatchObject({ code: "invalid_parameter" });
});
