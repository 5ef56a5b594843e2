/** Trips with megabytes of attributes, packed to nothing: a trip has a bound, and a page ends by bytes, too. */
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { ask, expectProblem, finalReceipt, oneTrip, post, useTarget } from "./harness/index.ts";

const target = useTarget();
const count = 150;

it("a page of trips is bounded, whatever they carry", async () => {
  const note = "x".repeat(3_900_000);
  // A member of gzip for each row: all of them as one text would be too long for the sender.
  const row = () => gzipSync(`${oneTrip({ source: "big", attributes: { note } })}\n`);
  const body = Buffer.concat(Array.from({ length: count }, row));
  const headers = { "content-type": "application/x-ndjson", "content-encoding": "gzip", prefer: "respond-async" };
  const reply = await post(target.url, body, headers);
  if (reply.status !== 202) expectProblem(reply, 413, 422);
  const receipt = await finalReceipt(target.url, reply, 150_000);
  if (receipt?.state === "committed") expect(receipt.inserted + receipt.rejected).toBe(count);
  const pages = await Promise.all(
    Array.from({ length: 4 }, () => ask(target.url, { path: "/v1/trips?source=big&limit=1000" })),
  );
  for (const page of pages) {
    // A source without a trip is none that there is.
    if (page.status !== 200) expectProblem(page, ...(receipt?.inserted ? [] : [404]), 429, 503);
    else expect(page.text.length).toBeLessThan(16 * 1024 * 1024);
  }
});

it("many trips at the bound are read in pages that end by bytes", async () => {
  const note = "y".repeat(60_000);
  const total = 400;
  for (let sent = 0; sent < total; sent += 50) {
    const rows = Array.from({ length: 50 }, (_, i) =>
      oneTrip({ trip_id: `${sent + i}`, source: "at bound", attributes: { note } }),
    );
    const reply = await post(target.url, rows.join("\n"), { "content-type": "application/x-ndjson" });
    expect([reply.status, reply.text.slice(0, 300)]).toMatchObject([200, expect.any(String)]);
  }
  const seen = new Set<string>();
  let cursor: string | null = "";
  for (let pages = 0; cursor !== null && pages < 200; pages++) {
    const path = `/v1/trips?source=at%20bound&limit=1000${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
    const page = await ask(target.url, { path });
    expect(page.status).toBe(200);
    expect(page.text.length).toBeLessThan(16 * 1024 * 1024);
    const { trips, next_cursor } = JSON.parse(page.text) as {
      trips: { trip_id: string }[];
      next_cursor: string | null;
    };
    for (const { trip_id } of trips) seen.add(trip_id);
    cursor = next_cursor;
  }
  expect(seen.size).toBe(total);
});
