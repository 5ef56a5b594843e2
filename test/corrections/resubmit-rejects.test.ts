import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { BatchToMend, MendedReceipt, MendedRows } from "../../src/batches/rejects.ts";
import { createResubmitRejects } from "../../src/corrections/resubmit-rejects.ts";
import { createAdmission } from "../../src/ingest/admission.ts";
import { createRoom } from "../../src/kit/room.ts";
import { native } from "../../src/mappings/native.ts";

/** What a mended file becomes before it is stored, where these records are the rejected ones. */
async function mend(
  body: string | Buffer,
  records: Record<number, string>,
  batch: Partial<BatchToMend> = {},
  contentEncoding?: string,
): Promise<MendedRows> {
  let stored: MendedRows | undefined;
  const resubmitRejects = createResubmitRejects({
    findBatch: async () => ({
      state: "committed",
      mapping: "native",
      columns: undefined,
      identity: "content",
      source: undefined,
      format: undefined,
      ...batch,
    }),
    findRecords: async (_, rows) =>
      new Map(
        Object.entries(records).flatMap(([row, record]) => (rows.includes(Number(row)) ? [[Number(row), record]] : [])),
      ),
    findMapping: async (name) => (name === "native" ? native : undefined),
    lookupsFor: async () => new Map(),
    storeResubmitted: async (rows) => {
      stored = rows;
      return {} as MendedReceipt;
    },
    admission: createAdmission(1, createRoom(16 * 1024 * 1024)),
    maxBodyBytes: 1024 * 1024,
    minTime: "2000-01-01",
    now: () => new Date("2026-06-15T12:00:00Z"),
  });
  await resubmitRejects({
    batchId: "b",
    body: { stream: new Blob([body as never]).stream(), contentLength: undefined, contentEncoding },
    contentType: undefined,
  });
  if (!stored) throw new Error("nothing came");
  return stored;
}

const HEADER = "row,source,started_at,origin,duration_s,driver_id,n,text,attributes";
const was = JSON.stringify({
  source: "s",
  started_at: "noon",
  origin: [0, 91],
  duration_s: 5,
  driver_id: 7,
  n: 1,
  text: "2",
});

describe("a row of JSON that comes back in a CSV", () => {
  it("is read from its text, and gets back the types of what has no type by the mapping", async () => {
    const row = '1,s,2018-05-21T08:00,"[0,1]",6,7,3,4,"{""k"":[1]}"';
    const { trips } = await mend(`${HEADER},new\n${row},5\n`, { 1: was });
    expect(trips[0]?.trip).toMatchObject({ origin: [0, 1], durationS: 6, driverId: "7" });
    expect(trips[0]?.trip.attributes).toEqual({ n: 3, text: "4", k: [1], new: "5" });
  });

  it("that is still faulty is kept with the types that it had, and without what is empty", async () => {
    const { rejected } = await mend(`${HEADER}\n1,s,noon,"{""lon"":0,""lat"":1}",6,7,x,4,\n`, { 1: was });
    expect(JSON.parse(rejected[0]?.record ?? "")).toEqual({
      ...{ source: "s", started_at: "noon", origin: { lon: 0, lat: 1 } },
      ...{ duration_s: 6, driver_id: "7", n: "x", text: "4" },
    });
  });

  it("and was no object is mended by the text that it was", async () => {
    const good = JSON.stringify({ source: "s", started_at: "2018-05-21T08:00", origin: [0, 1] });
    const file = `${HEADER}\n1,${`"${good.replaceAll('"', '""')}"`}\n2,5\n3,a,b\n`;
    const { trips, rejected } = await mend(file, { 1: `${good}}`, 2: "5", 3: "[]" });
    expect(trips.map(({ row }) => row)).toEqual([1]);
    expect(rejected.map(({ row, record }) => [row, record])).toEqual([
      [2, "5"],
      [3, '["a","b"]'],
    ]);
  });
});

describe("a mended row", () => {
  const columns = ["source", "started_at", "origin", "driver_id", "n"];

  it("of a CSV is read as a CSV, also where it comes back as JSON", async () => {
    const row = { row: 1, source: "s", started_at: "2018-05-21T08:00", origin: [0, 1], driver_id: 7, n: 1.5 };
    const { trips } = await mend(JSON.stringify(row), { 1: "{}" }, { columns });
    expect(trips[0]?.trip).toMatchObject({ origin: [0, 1], driverId: "7", attributes: { n: "1.5" } });
  });

  it.each([
    ["fits the header", "s,2018-05-21T08:00,POINT (0 1),7,x", 1, undefined],
    ["is too short", "s,2018-05-21T08:00", 0, '["s","2018-05-21T08:00"]'],
    ["never closes a quote", 's,"x', 0, '["s,\\"x"]'],
    ["is empty", "", 0, '[""]'],
  ])("as text that %s", async (_, raw, trips, kept) => {
    const mended = await mend(JSON.stringify({ row: 1, raw }), { 1: '["a"]' }, { columns });
    expect([mended.trips.length, mended.rejected[0]?.record]).toEqual([trips, kept]);
  });

  it("that is rejected no more is not looked at, so its batch may be one without a mapping", async () => {
    const mended = await mend('[{"row": 5}, {"row": 2}]', {}, { state: "failed", mapping: null });
    const { sent: _, ...rest } = mended;
    expect(rest).toEqual({ batchId: "b", received: 2, trips: [], rejected: [], notRejected: [5, 2] });
  });

  it("whose mapping is gone is refused", async () => {
    await expect(mend('[{"row": 1}]', { 1: "{}" }, { mapping: "gone" })).rejects.toThrow(/mapping gone/);
  });
});

describe("a mended file", () => {
  const file = (bytes: number) => `row,source,started_at,origin\n1,s,noon,${"x".repeat(bytes)}\n`;

  it("that is larger than what may be held is refused, packed or not", async () => {
    await expect(mend(file(1024 * 1024), {})).rejects.toMatchObject({ code: "body_too_large" });
    const packed = gzipSync(file(1024 * 1024));
    await expect(mend(packed, {}, {}, "gzip")).rejects.toMatchObject({ code: "body_too_large" });
    expect((await mend(gzipSync(file(10)), { 1: "{}" }, {}, "gzip")).rejected.length).toBe(1);
  });

  it("that is none is refused", async () => {
    await expect(mend("", {})).rejects.toMatchObject({ code: "invalid_csv" });
    await expect(mend("[{]", {})).rejects.toMatchObject({ code: "invalid_json" });
    await expect(mend("x", {}, {}, "gzip")).rejects.toMatchObject({ code: "invalid_encoding" });
  });
});
