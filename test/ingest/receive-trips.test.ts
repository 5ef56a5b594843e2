import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Batch } from "../../src/batches/batch.ts";
import type { IngestRequest } from "../../src/batches/ingest-request.ts";
import type { Receipt } from "../../src/batches/receipt.ts";
import { createAdmission } from "../../src/ingest/admission.ts";
import { createIngest, SYNC_ROWS } from "../../src/ingest/receive-trips.ts";
import { createRoom } from "../../src/kit/room.ts";
import type { Mapping } from "../../src/mappings/mapping.ts";
import { native } from "../../src/mappings/native.ts";
import { requestOf, takenIn } from "../parsing/taken-in.ts";

const MB = 1024 * 1024;

/** What a request becomes before it is stored. */
async function batchOf(body: string | Buffer, request: Partial<IngestRequest> = {}): Promise<Batch> {
  const { batch } = await takenIn(body, request, { now: () => new Date("2026-06-15T12:00:00Z") });
  if (!batch) throw new Error("it was queued");
  return batch;
}

const points: Mapping["columns"] = {
  lon: { to: "origin_lon", type: "number" },
  lat: { to: "origin_lat", type: "number" },
};

const unlimited = {
  lookupsFor: async () => new Map(),
  receiveContainer: () => Promise.reject(new Error("no container")),
  queuePayload: () => Promise.reject(new Error("not to be queued")),
  customMappings: async () => [],
  admission: createAdmission(100, createRoom(100 * MB)),
  syncBodyBytes: 10_000,
  maxBodyBytes: 10_000,
  minTime: "2000-01-01",
};

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
      code: "no_mapping",
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
      await digest(body, { callback: "https://fleet.example/" }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it("is not made without a key", async () => {
    expect((await batchOf(body)).idempotency).toBeUndefined();
  });
});

describe("a request", () => {
  const head = ({ queued }: Awaited<ReturnType<typeof takenIn>>) => [queued?.bytes.length, queued?.rest !== undefined];
  const small = JSON.stringify([row]);
  const packed = (bytes: Buffer) => ({
    body: { stream: new Blob([bytes as never]).stream(), contentLength: bytes.length, contentEncoding: "gzip" },
  });

  it("up to the limits is stored at once, packed or not", async () => {
    const limit = { syncBodyBytes: small.length };
    expect((await takenIn(small, {}, limit)).batch?.received).toBe(1);
    expect((await takenIn("", packed(gzipSync(small)), { syncBodyBytes: 100 })).batch?.received).toBe(1);
  });

  it("whose sender prefers not to wait is queued unchanged", async () => {
    const { queued } = await takenIn(small, { respondAsync: true });
    const parts: Buffer[] = [queued?.bytes ?? Buffer.alloc(0)];
    for await (const part of queued?.rest ?? []) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe(small);
  });

  it("over the limit is queued whole: the part that was read and the rest", async () => {
    const long = Buffer.alloc(300_000, " ");
    const { queued } = await takenIn(long, {}, { syncBodyBytes: 1000 });
    expect(queued?.bytes.length).toBeGreaterThan(1000);
    let bytes = queued?.bytes.length ?? 0;
    for await (const chunk of queued?.rest ?? []) bytes += chunk.length;
    expect(bytes).toBe(long.length);
  });

  it("that unpacks past the limit is queued packed", async () => {
    const bytes = gzipSync(" ".repeat(2000));
    const taken = await takenIn("", packed(bytes), { syncBodyBytes: 1000 });
    expect(head(taken)).toEqual([bytes.length, false]);
    expect(taken.queued?.bytes).toEqual(bytes);
  });

  it("of more rows than one transaction takes is queued", async () => {
    const csv = (rows: number) => `source,started_at,origin\n${"s,,\n".repeat(rows)}`;
    const type = { contentType: "text/csv" };
    expect((await takenIn(csv(SYNC_ROWS), type)).batch?.received).toBe(SYNC_ROWS);
    const long = csv(SYNC_ROWS + 1);
    expect(head(await takenIn(long, type))).toEqual([long.length, false]);
  });

  const announced = (contentLength: number | undefined, contentEncoding?: string, body = small) => ({
    body: { stream: new Blob([body as never]).stream(), contentLength, contentEncoding },
  });

  it("gives back the room that it holds, whatever happens", async () => {
    const room = createRoom(64 * MB);
    const deps = { admission: createAdmission(10, room), syncBodyBytes: 200_000 };
    const long = " ".repeat(500_000);
    const padded = small.padEnd(150_000, " ");
    await takenIn("", announced(small.length), deps);
    await takenIn("", announced(undefined, undefined, padded), deps);
    await takenIn("", announced(500_000, undefined, long), deps);
    await takenIn("", announced(undefined, undefined, long), deps);
    await expect(takenIn("", announced(small.length, "gzip"), deps)).rejects.toMatchObject({
      code: "invalid_encoding",
    });
    const broken = announced(undefined, undefined, `${"[".repeat(100_000)}`);
    await expect(takenIn("", broken, deps)).rejects.toMatchObject({ code: "invalid_json" });
    const refusing = { ...deps, loadTrips: () => Promise.reject(new Error("no")) };
    await expect(takenIn("", announced(undefined, undefined, padded), refusing)).rejects.toThrow("no");
    expect(room.held()).toEqual({ bodies: 0, rows: 0, answers: 0, events: 0 });
    expect(deps.admission.limits().remaining).toBe(10);
  });

  /** Sends a body three times at once, of which so many should be there as rows at one time. */
  async function expectAtOnce(expected: number, bytes: Buffer, contentEncoding?: string): Promise<void> {
    const done: (() => void)[] = [];
    const ingest = createIngest({
      ...unlimited,
      // Rows have half of it: 4.4 MB, which 200,000 bytes take as rows.
      admission: createAdmission(100, createRoom(8_800_000)),
      syncBodyBytes: 200_000,
      maxBodyBytes: 200_000,
      loadTrips: async () => {
        await new Promise<void>((go) => done.push(go));
        return {} as Receipt;
      },
    });
    const sent = [1, 2, 3].map(() => {
      const body = { stream: new Blob([bytes as never]).stream(), contentLength: bytes.length, contentEncoding };
      return ingest({ ...requestOf(""), body });
    });
    await expect.poll(() => done.length).toBe(expected);
    await new Promise((go) => setTimeout(go, 50));
    expect(done.length).toBe(expected);
    for (let i = 0; i < sent.length; i++) {
      await expect.poll(() => done.length).toBeGreaterThan(i);
      done[i]?.();
    }
    await Promise.all(sent);
  }

  it("waits as rows for the rows of others, unless it is small, packed or not", async () => {
    // Of two bytes one may begin a value, so it takes 21 times its text.
    const padded = (bytes: number) => Buffer.from(`["${",x".repeat((bytes - 4) / 2)}"]`);
    await expectAtOnce(3, padded(16 * 1024));
    await expectAtOnce(3, gzipSync(padded(16 * 1024)), "gzip");
    await expectAtOnce(1, padded(150_000));
    await expectAtOnce(1, gzipSync(padded(150_000)), "gzip");
    await expectAtOnce(3, padded(60_000));
    await expectAtOnce(2, padded(80_000));
    // A member of nothing behind it makes the whole of it say that it unpacks to nothing.
    const lying = Buffer.concat([gzipSync(padded(150_000)), gzipSync("")]);
    expect(lying.readUInt32LE(lying.length - 4)).toBe(0);
    await expectAtOnce(1, lying, "gzip");
  });

  it("is refused if there is no room for its rows within the deadline", async () => {
    const room = createRoom(64 * MB);
    const others = room.hold("rows");
    await others.take(32 * MB);
    const deps = { admission: createAdmission(10, room), syncBodyBytes: 200_000, deadlineMs: 30 };
    const padded = small.padEnd(150_000, " ");
    await expect(takenIn(padded, {}, deps)).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 2 });
    expect([room.isFull("rows"), deps.admission.limits().remaining]).toEqual([false, 10]);
    others.release();
    expect(room.held().rows).toBe(0);
    expect((await takenIn(padded, {}, deps)).batch?.received).toBe(1);
  });

  it("of many short rows takes room for their faults too", async () => {
    const room = createRoom(64 * MB);
    let held = 0;
    const loadTrips = async () => {
      held = room.held().rows;
      return {} as Receipt;
    };
    await takenIn(`[${"{},".repeat(5000)}{}]`, {}, { admission: createAdmission(1, room), loadTrips }).catch(() => {});
    expect(held).toBeGreaterThan(2 * MB);
    expect(room.held().rows).toBe(0);
  });

  it("is refused if there is no room for what comes of it, however much it announces", async () => {
    const room = createRoom(4 * MB);
    await room.hold("bodies").take(MB - 64 * 1024);
    const deps = { admission: createAdmission(10, room) };
    const long = small.padEnd(65_000, " ");
    expect(
      (await takenIn("", announced(60_000_000, undefined, small), { ...deps, maxBodyBytes: 100 * MB })).queued,
    ).toBeDefined();
    expect((await takenIn("", announced(undefined, undefined, long), deps)).batch).toBeDefined();
    await expect(takenIn("", announced(undefined, undefined, long.repeat(2)), deps)).rejects.toMatchObject({
      code: "too_many_requests",
    });
  });

  it("is not let in where there are too many, and nothing of it is read", async () => {
    const stream = new Blob([small]).stream();
    const sent = { body: { stream, contentLength: undefined, contentEncoding: undefined } };
    const admission = createAdmission(1, createRoom(MB));
    admission.enter();
    await expect(takenIn("", sent, { admission })).rejects.toMatchObject({ code: "too_many_requests" });
    expect(stream.locked).toBe(false);
  });

  it("asks for the mappings that were defined here only if no built-in one will do", async () => {
    let asked = 0;
    const own: Mapping = {
      ...native,
      name: "own",
      columns: { who: { to: "source", type: "text" }, at: { to: "started_at", type: "time" }, ...points },
    };
    const deps = {
      customMappings: async () => {
        asked++;
        return [own];
      },
    };
    expect((await takenIn(small, {}, deps)).batch?.mapping).toBe("native");
    expect((await takenIn(small, { mapping: "native" }, deps)).batch?.mapping).toBe("native");
    expect(asked).toBe(0);
    const foreign = JSON.stringify({ who: "s", at: row.started_at, lon: 7, lat: 45 });
    const { batch } = await takenIn(foreign, {}, deps);
    expect([batch?.mapping, batch?.trips.length, asked]).toEqual(["own", 1, 1]);
    expect((await takenIn(foreign, { mapping: "own" }, deps)).batch?.trips.length).toBe(1);
  });
});

describe("equal requests with one key at once", () => {
  it("are one, and one after them is another", async () => {
    const batches: string[] = [];
    const started: (() => void)[] = [];
    const ingest = createIngest({
      ...unlimited,
      loadTrips: async ({ batchId }) => {
        batches.push(batchId);
        await new Promise<void>((go) => started.push(go));
        return { batch_id: batchId } as Receipt;
      },
    });
    const sent = (more: Partial<IngestRequest> = {}) =>
      ingest({ ...requestOf(JSON.stringify([row])), idempotencyKey: "k", ...more }) as Promise<Receipt>;
    const all = [sent(), sent(), sent(), sent({ identity: "row" }), sent({ idempotencyKey: "l" })];
    // Nothing is stored before all of them have come.
    await expect.poll(() => started.length).toBe(3);
    for (const go of started) go();
    const receipts = await Promise.all(all);
    expect(new Set(receipts.map(({ batch_id }) => batch_id)).size).toBe(3);
    expect(new Set(receipts.slice(0, 3).map(({ batch_id }) => batch_id)).size).toBe(1);
    const later = sent();
    await expect.poll(() => started.length).toBe(4);
    started.at(-1)?.();
    expect((await later).batch_id).toBe(batches[3]);
  });
});
