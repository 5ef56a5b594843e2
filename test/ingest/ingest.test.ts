import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Batch, IngestRequest, Receipt } from "../../src/batch.ts";
import { createIngest } from "../../src/ingest/ingest.ts";

/** What a request becomes before it is stored. */
async function batchOf(body: string | Buffer, request: Partial<IngestRequest> = {}): Promise<Batch> {
  let stored: Batch | undefined;
  const ingest = createIngest({
    loadTrips: async (batch) => {
      stored = batch;
      return {} as Receipt;
    },
    maxBodyBytes: 1024 * 1024,
    minTime: "2000-01-01",
    now: () => new Date("2026-06-15T12:00:00Z"),
  });
  await ingest({
    body: { stream: new Blob([body as never]).stream(), contentLength: undefined, contentEncoding: undefined },
    contentType: undefined,
    mapping: undefined,
    identity: "content",
    withVerdicts: false,
    idempotencyKey: undefined,
    ...request,
  });
  if (!stored) throw new Error("nothing came");
  return stored;
}

const row = { source: "s", started_at: "2018-05-21T02:54:04", origin: [7.67, 44.99] };

describe("a batch", () => {
  it("holds the trips and the rejects of a request with the numbers of their rows", async () => {
    const batch = await batchOf(JSON.stringify([row, { ...row, trip_id: "b", origin: [0, 131] }, 5, row]));
    expect(batch).toMatchObject({ received: 4, mapping: "native", columns: undefined });
    expect(batch.trips.map((trip) => trip.row)).toEqual([1, 4]);
    expect(batch.rejected).toMatchObject([
      { row: 2, tripId: "b", source: "s", problems: [{ field: "origin", code: "out_of_range" }] },
      { row: 3, tripId: undefined, source: undefined, problems: [{ field: "row", code: "invalid_row" }], record: "5" },
    ]);
    expect(JSON.parse(batch.rejected[0]?.record ?? "")).toEqual({ ...row, trip_id: "b", origin: [0, 131] });
  });

  it("is recognised by the fields of all its first rows, not of the first one only", async () => {
    const booking = { booking_id: 5, from_date: "1/1/2013 2:00:00", from_lat: 12.9, from_long: 77.6 };
    const batch = await batchOf(JSON.stringify([{}, booking]));
    expect([batch.mapping, batch.trips.map((trip) => trip.row)]).toEqual(["xrides", [2]]);
  });

  it("gives the same id to the same content, with whatever offset its instants were sent", async () => {
    const sent = ["2018-05-21T02:54:04.5+02:00", "2018-05-21T00:54:04.5Z", "2018-05-20T21:54:04.50-0300"];
    const { trips } = await batchOf(JSON.stringify(sent.map((time) => ({ ...row, started_at: time, ended_at: time }))));
    expect(trips.length).toBe(3);
    expect(new Set(trips.map(({ trip }) => trip.tripId)).size).toBe(1);
  });

  it("keeps a CSV's header", async () => {
    const { columns, mapping } = await batchOf("source,started_at,origin,note\ns,2018-05-21T02:54:04,POINT (1 2),x\n");
    expect([mapping, columns]).toEqual(["native", ["source", "started_at", "origin", "note"]]);
  });

  it("may begin as late as a year from now and no later", async () => {
    const batch = await batchOf(
      JSON.stringify(["2027-06-15T23:00:00", "2027-06-16T00:00:00"].map((started_at) => ({ ...row, started_at }))),
    );
    expect([batch.trips.length, batch.rejected[0]?.row]).toEqual([1, 2]);
  });

  it("has an id of its own for each row, if the sender says so", async () => {
    const [same, other] = await Promise.all([batchOf(JSON.stringify([row, row])), batchOf(JSON.stringify([row]))]);
    expect(new Set([...same.trips, ...other.trips].map(({ trip }) => trip.tripId)).size).toBe(1);
    const one = await batchOf(JSON.stringify([row, row]), { identity: "row" });
    const two = await batchOf(JSON.stringify([row, row]), { identity: "row" });
    expect(new Set([...one.trips, ...two.trips].map(({ trip }) => trip.tripId)).size).toBe(4);
  });

  it("is refused with a mapping that there is not", async () => {
    await expect(batchOf(JSON.stringify([row]), { mapping: "nobody" })).rejects.toMatchObject({
      code: "invalid_parameter",
      extra: { errors: [{ field: "mapping" }] },
    });
  });

  it("is refused with a CSV whose header cannot make a trip, which names what it lacks", async () => {
    await expect(batchOf("source,note\ns,x\n")).rejects.toMatchObject({
      code: "invalid_csv",
      extra: { missing_columns: ["started_at", "origin, or origin_lon and origin_lat"] },
    });
  });
});

describe("the digest of a request", () => {
  const digest = async (body: string | Buffer, request: Partial<IngestRequest> = {}) =>
    Buffer.from(
      (await batchOf(body, { idempotencyKey: "k", ...request })).idempotency?.digest ?? new Uint8Array(),
    ).toString("hex");
  const body = JSON.stringify([row]);

  it("is the same for the same request, packed or not", async () => {
    const packed = gzipSync(body);
    expect(await digest(body)).toMatch(/^[0-9a-f]{64}$/);
    expect(await digest(body)).toBe(await digest(body));
    const sent = { stream: new Blob([packed as never]).stream(), contentLength: undefined, contentEncoding: "gzip" };
    expect(await digest(packed, { body: sent })).toBe(await digest(body));
  });

  it("differs with the body and with every parameter", async () => {
    const all = [
      await digest(body),
      await digest(`${body} `),
      await digest(body, { mapping: "native" }),
      await digest(body, { identity: "row" }),
      await digest(body, { withVerdicts: true }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it("is not made without a key", async () => {
    expect((await batchOf(body)).idempotency).toBeUndefined();
  });
});
