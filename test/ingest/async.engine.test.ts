import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { findBatch } from "../../src/batches/find-batch.db.ts";
import type { Receipt } from "../../src/batches/receipt.ts";
import { finishBatch, storeChunk } from "../../src/ingest/batch-progress.db.ts";
import { newMemory } from "../../src/storage/insert-trips.db.ts";
import { call, countOf, type Problem, type Reply, type SendOptions, send, trip } from "../harness/api.ts";
import {
  engine,
  freshDatabase,
  inDatabase,
  isFull,
  startTestService,
  type TestService,
  useService,
} from "../harness/index.ts";
import { takenIn } from "../parsing/taken-in.ts";

const KB = 1024;
const MB = 1024 * KB;

const service = useService({ syncBodyBytes: 64 * KB, maxBodyBytes: 4 * MB });

const later = { prefer: "respond-async" };
const sendLater = <T = Receipt>(body: unknown, { headers, ...more }: SendOptions = {}) =>
  send<T>(service, body, { ...more, headers: { ...later, ...headers } });

const isOver = ({ state }: Receipt) => state === "committed" || state === "failed";

/** The receipt once it is final. */
async function final(reply: Reply<Receipt>, from: { url: string } = service): Promise<Receipt> {
  expect([reply.status, reply.body.state].join()).toMatch(/^(202,queued|202,running|200,committed)$/);
  const self = reply.headers.get("location") ?? "";
  let receipt = reply.body;
  await expect
    .poll(
      async () => {
        receipt = (await call<Receipt>(from, self)).body;
        return isOver(receipt);
      },
      { timeout: 100_000, interval: 50 },
    )
    .toBe(true);
  return receipt;
}

const counts = ({ state, received, inserted, duplicates, rejected }: Receipt) => [
  state,
  received,
  inserted,
  duplicates,
  rejected,
];

// Nothing is left of what was to do, whatever became of it.
afterEach(async () => {
  const [left] = await service.sql`
    select (select count(*) from tripgrid.payload_parts) as parts, (select count(*) from tripgrid.batch_chunks) as chunks,
           (select count(*) from tripgrid.batches where state in ('queued', 'running')) as open`;
  expect(left).toEqual({ parts: 0, chunks: 0, open: 0 });
});

const HEADER = "trip_id,source,started_at,origin_lon,origin_lat";
const csvOf = (source: string, rows: number) =>
  `${HEADER}\n${Array.from({ length: rows }, (_, i) => `t${i + 1},${source},2018-05-21T08:00:00,7.67,45.05\n`).join("")}`;
const tripsOf = (source: string, rows: number) =>
  Array.from({ length: rows }, (_, i) => trip({ source, trip_id: `t${i + 1}` }));

describe("trips whose sender prefers not to wait", () => {
  it("are acknowledged with the address of their receipt, and then stored", async () => {
    await send(service, trip({ source: "later", trip_id: "old" }));
    const reply = await sendLater([
      trip({ source: "later", trip_id: "old" }),
      trip({ source: "later", trip_id: "new" }),
      trip({ source: "later", trip_id: "new" }),
      trip({ source: "later", trip_id: "bad", origin: [0, 99] }),
      5,
    ]);
    expect(reply.status).toBe(202);
    const self = `/v1/batches/${reply.body.batch_id}`;
    expect(reply.headers.get("location")).toBe(self);
    expect(reply.headers.get("preference-applied")).toBe("respond-async");
    expect(reply.body).toMatchObject({ committed_at: null, links: { self, events: `${self}/events` }, progress: {} });
    const receipt = await final(reply);
    expect(counts(receipt)).toEqual(["committed", 5, 1, 2, 2]);
    expect(receipt.rejects.map(({ row, trip_id, code }) => [row, trip_id, code])).toEqual([
      [4, "bad", "out_of_range"],
      [5, null, "invalid_row"],
    ]);
    expect(receipt).toMatchObject({ mapping: "native", committed_at: expect.stringMatching(/Z$/) });
    expect(receipt).not.toHaveProperty("progress");
    expect(await countOf(service, "later")).toBe(2);
  });

  it.each([
    ["respond-async, wait=10", true],
    ["handling=lenient; x=1, Respond-Async; y", true],
    ["wait=10", false],
    ["respond-asynchronously", false],
  ])("say so by one of their preferences: %s", async (prefer, isLater) => {
    const reply = await send(service, trip({ source: "preference" }), { headers: { prefer } });
    expect([reply.status, reply.headers.get("preference-applied")]).toEqual(
      isLater ? [202, "respond-async"] : [200, null],
    );
    await final(reply);
  });

  it.each<[string, (source: string) => unknown, SendOptions?]>([
    ["CSV", (s) => csvOf(s, 12_000), { type: "text/csv" }],
    ["CSV without a name and with a byte order mark", (s) => `\uFEFF${csvOf(s, 12_000).replaceAll("\n", "\r\n")}`],
    [
      "NDJSON",
      (s) =>
        tripsOf(s, 12_000)
          .map((row) => JSON.stringify(row))
          .join("\n"),
      { type: "application/x-ndjson" },
    ],
    ["a JSON array", (s) => tripsOf(s, 12_000)],
    ["gzipped CSV", (s) => gzipSync(csvOf(s, 12_000)), { type: "text/csv", headers: { "content-encoding": "gzip" } }],
    ["gzipped JSON", (s) => gzipSync(JSON.stringify(tripsOf(s, 12_000))), { headers: { "content-encoding": "gzip" } }],
  ])("come as %s, and go by chunks", async (name, body, options) => {
    const source = `form ${name}`;
    const receipt = await final(await sendLater(body(source), options));
    expect(counts(receipt)).toEqual(["committed", 12_000, 12_000, 0, 0]);
    expect(await countOf(service, source)).toBe(12_000);
    const [row] = await service.sql`
      select count(distinct xmin::text) as transactions from tripgrid.trips where source = ${source}`;
    expect(row?.transactions).toBe(3);
  });

  it("may have ids of their own for each row, which a second batch has others of", async () => {
    const rows = [trip({ source: "by row" }), trip({ source: "by row" })];
    for (const total of [2, 4]) {
      await final(await sendLater(rows, { query: "identity=row" }));
      expect(await countOf(service, "by row")).toBe(total);
    }
  });

  it("get a verdict each, if that is asked for", async () => {
    const bad = { row: 7001, trip_id: "t7001", verdict: "rejected" };
    const rows = tripsOf("verdicts", 12_000);
    rows[7000] = { ...rows[7000], origin: [0, 99], started_at: "yesterday" };
    rows[9000] = { ...rows[0] };
    const reply = await sendLater(rows, { query: "verdicts=all" });
    expect(reply.body).not.toHaveProperty("verdicts");
    const receipt = await final(reply);
    expect(counts(receipt)).toEqual(["committed", 12_000, 11_998, 1, 1]);
    expect(receipt.verdicts?.map(({ row }) => row)).toEqual(rows.map((_, i) => i + 1));
    expect(receipt.verdicts?.[7000]).toMatchObject(bad);
    expect(receipt.verdicts?.[7000]?.problems).toHaveLength(2);
    const verdicts = [receipt.verdicts?.[0], receipt.verdicts?.[9000]].map((one) => one?.verdict);
    expect(verdicts.sort()).toEqual(["duplicate", "inserted"]);
    expect(receipt.verdicts?.filter(({ verdict }) => verdict === "inserted")).toHaveLength(11_998);
  });

  it("are counted row by row, also where all of them are rejected", async () => {
    const bad = Array.from({ length: 6_000 }, (_, i) => ({ trip_id: `b${i + 1}` }));
    const receipt = await final(await sendLater(bad));
    expect(counts(receipt)).toEqual(["committed", 6_000, 0, 0, 6_000]);
    expect(receipt.rejects.map(({ row }) => row)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    const [kept] = await service.sql`
      select count(*), min(row), max(row) from tripgrid.rejected_rows where batch_id = ${receipt.batch_id}`;
    expect(kept).toEqual({ count: 6_000, min: 1, max: 6_000 });
  });

  it("may be none", async () => {
    expect(counts(await final(await sendLater([])))).toEqual(["committed", 0, 0, 0, 0]);
    expect(counts(await final(await sendLater(`${HEADER}\n`)))).toEqual(["committed", 0, 0, 0, 0]);
  });

  it("after a quote that is never closed are lost, and that is one rejected row", async () => {
    const csv = `${csvOf("open quote", 5_000)}"t,open quote,2018-05-21T08:00:00,7.67,45.05\nt,x\n`;
    const receipt = await final(await sendLater(csv));
    expect(counts(receipt)).toEqual(["committed", 5_001, 5_000, 0, 1]);
    expect(receipt.rejects).toMatchObject([{ row: 5_001, code: "invalid_row" }]);
  });
});

describe("a large body", () => {
  it("is acknowledged before its rows are stored, also without Prefer: respond-async", async () => {
    const reply = await send(service, csvOf("large", 3_000));
    expect([reply.status, reply.headers.get("preference-applied")]).toEqual([202, null]);
    expect(counts(await final(reply))).toEqual(["committed", 3_000, 3_000, 0, 0]);
  });

  it("is so too if it is large only once it is unpacked", async () => {
    const packed = gzipSync(csvOf("large packed", 3_000));
    expect(packed.length).toBeLessThan(64 * KB);
    const reply = await send(service, packed, { headers: { "content-encoding": "gzip" } });
    expect([reply.status, reply.headers.get("preference-applied")]).toEqual([202, null]);
    expect(counts(await final(reply))).toEqual(["committed", 3_000, 3_000, 0, 0]);
  });

  it("up to the limit is stored at once", async () => {
    const reply = await send(service, tripsOf("small", 100));
    expect([reply.status, reply.body.inserted]).toEqual([200, 100]);
  });
});

describe("a batch that cannot be read", () => {
  it.each<[string, unknown, SendOptions, string]>([
    ["a header that does not fit", "a,b\n1,2\n", {}, "no_mapping"],
    ["nothing in it", "", { type: "text/csv" }, "invalid_csv"],
    ["no JSON", '[{"source": "s"},', { type: "application/json" }, "invalid_json"],
    ["JSON that holds no rows", "5", { type: "application/json" }, "invalid_body"],
  ])("has failed, and says why: %s", async (_, body, options, code) => {
    const receipt = await final(await sendLater(body, options));
    expect(counts(receipt)).toEqual(["failed", 0, 0, 0, 0]);
    expect(receipt).toMatchObject({ error: { code, detail: expect.stringMatching(/.{10}/) }, committed_at: null });
    expect(await countOf(service, "failed")).toBe(0);
  });
});

it("a mapping that there is not is said at once, and nothing is kept", async () => {
  const reply = await sendLater<Problem>(csvOf("no mapping", 1), { query: "mapping=nobody" });
  expect([reply.status, reply.body.code]).toEqual([400, "invalid_parameter"]);
  expect(await countOf(service, "no mapping")).toBe(0);
});

describe("a request whose batch failed", () => {
  it("can be sent again with its key, as it was or mended", async () => {
    const source = "failed key";
    const headers = { "idempotency-key": source };
    const bad = "a,b\n1,2\n";
    const ids: string[] = [];
    for (let i = 0; i < 2; i++) {
      const reply = await sendLater(bad, { headers });
      expect(reply.status).toBe(202);
      expect(await final(reply)).toMatchObject({ state: "failed", error: { code: "no_mapping" } });
      ids.push(reply.body.batch_id);
    }
    expect(new Set(ids).size).toBe(2);
    const mended = await final(await sendLater(csvOf(source, 2), { headers }));
    expect(counts(mended)).toEqual(["committed", 2, 2, 0, 0]);
    // Now the key is used.
    expect((await sendLater<Problem>(bad, { headers })).status).toBe(422);
    expect(await countOf(service, source)).toBe(2);
  });
});

/** So many are taken at one time, however slow the machine is. */
const POSTS = 30;

it("many small posts are all done, each with verdicts of its own", async () => {
  const source = "many";
  const replies = await Promise.all(
    Array.from({ length: POSTS }, (_, i) =>
      sendLater([trip({ source, trip_id: `m${i}` }), trip({ source, trip_id: `n${i}` }), { trip_id: `x${i}` }], {
        query: "verdicts=all",
      }),
    ),
  );
  expect(new Set(replies.map(({ body }) => body.batch_id)).size).toBe(POSTS);
  for (const [i, reply] of replies.entries()) {
    const receipt = await final(reply);
    expect(counts(receipt)).toEqual(["committed", 3, 2, 0, 1]);
    expect(receipt.verdicts?.map(({ row, trip_id, verdict }) => [row, trip_id, verdict])).toEqual([
      [1, `m${i}`, "inserted"],
      [2, `n${i}`, "inserted"],
      [3, `x${i}`, "rejected"],
    ]);
  }
  expect(await countOf(service, source)).toBe(2 * POSTS);
});

describe("a body that is refused", () => {
  const noise = Buffer.from(csvOf("refused", 40_000));
  const broken = gzipSync(noise, { level: 0 });
  broken.fill(0, broken.length - 300_000, broken.length - 200_000);
  const gzip = { "content-encoding": "gzip" };

  it.each<[string, Buffer, Record<string, string>, number, string]>([
    ["not gzip", noise, gzip, 400, "invalid_encoding"],
    ["broken gzip", broken, gzip, 400, "invalid_encoding"],
    ["gzip cut short", gzipSync(noise).subarray(0, -9), gzip, 400, "invalid_encoding"],
    ["of another encoding", noise, { "content-encoding": "br" }, 415, "unsupported_encoding"],
    ["too large", Buffer.concat([noise, noise, noise]), {}, 413, "body_too_large"],
    ["too large inside", gzipSync(Buffer.alloc(65 * MB)), gzip, 413, "body_too_large"],
  ])("leaves nothing behind, and has not used its key: %s", async (name, body, headers, status, code) => {
    const key = { "idempotency-key": `refused ${name}` };
    const before = await service.sql`select count(*) from tripgrid.batches`;
    const reply = await sendLater<Problem>(body, { type: "text/csv", headers: { ...key, ...headers } });
    expect([reply.status, reply.body.code]).toEqual([status, code]);
    expect(await service.sql`select count(*) from tripgrid.batches`).toEqual(before);
    const good = await sendLater(trip({ source: "refused then good", trip_id: name }), { headers: key });
    expect(counts(await final(good))).toEqual(["committed", 1, 1, 0, 0]);
  });
});

describe("a request with an idempotency key that is queued", () => {
  const rows = (n = 3) => Array.from({ length: n }, () => trip({ source: "keys" }));
  const byRow = { query: "identity=row" };
  const key = (name: string) => ({ headers: { ...later, "idempotency-key": name } });

  it("does its work once however often it comes, and gives one receipt", async () => {
    // Behind this one the others wait for their turn.
    const front = await sendLater(csvOf("front", 12_000));
    const first = await sendLater(rows(), { ...byRow, ...key("again") });
    const second = await sendLater(rows(), { ...byRow, ...key("again") });
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body.batch_id).toBe(first.body.batch_id);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    // Who would wait this time cannot be given more than there is, and packed it is the same request.
    const packed = { ...key("again").headers, prefer: "wait=5", "content-encoding": "gzip" };
    const third = await send(service, gzipSync(JSON.stringify(rows())), { ...byRow, headers: packed });
    expect([third.status, third.body.batch_id]).toEqual([isOver(third.body) ? 200 : 202, first.body.batch_id]);
    await final(front);
    const receipt = await final(first);
    expect(counts(receipt)).toEqual(["committed", 3, 3, 0, 0]);
    const after = await sendLater(rows(), { ...byRow, ...key("again") });
    expect([after.status, after.headers.get("preference-applied")]).toEqual([200, null]);
    expect(after.body).toEqual(receipt);
    expect(await countOf(service, "keys")).toBe(3);
  });

  it("is a 422 if the key was used for another one, queued or stored", async () => {
    const first = await sendLater(rows(), { ...byRow, ...key("other") });
    const refused = async () => {
      for (const headers of [key("other").headers, { "idempotency-key": "other" }]) {
        const { status, body } = await send<Problem>(service, rows(4), { ...byRow, headers });
        expect([status, body.code, body.batch_id]).toEqual([422, "idempotency_key_reused", first.body.batch_id]);
      }
    };
    await refused();
    await final(first);
    await refused();
    const stored = await send(service, rows(1), { ...byRow, headers: { "idempotency-key": "stored" } });
    const other = await sendLater<Problem>(rows(2), { ...byRow, ...key("stored") });
    expect([other.status, other.body.batch_id]).toEqual([422, stored.body.batch_id]);
  });

  it("sent several times at once is one batch", async () => {
    const before = await countOf(service, "keys");
    const sent = Array.from({ length: 6 }, () => sendLater(rows(50), { ...byRow, ...key("at once") }));
    const replies = await Promise.all(sent);
    expect(new Set(replies.map(({ body }) => body.batch_id)).size).toBe(1);
    for (const reply of replies) expect(counts(await final(reply))).toEqual(["committed", 50, 50, 0, 0]);
    expect(await countOf(service, "keys")).toBe(before + 50);
  });
});

it("a chunk that two workers store is stored once, and none of a batch that is over", async () => {
  const database = await freshDatabase();
  const batchId = "0b9a7a1c-6f0e-4b57-9b1b-2d8a51a1f111";
  const { batch } = await takenIn(JSON.stringify([...tripsOf("chunk", 3), 5]));
  if (!batch) throw new Error("the batch was not taken in");
  const { trips, rejected, sent } = batch;
  const chunk = {
    batchId,
    number: 1,
    trips,
    rejected,
    sent,
    endByte: 9,
    received: 4,
    withVerdicts: true,
    bytesDone: 9,
    busySeconds: 1,
  };
  await inDatabase(database, async (sql) => {
    const store = { sql, patientSql: sql, partitions: new Set<number>(), memory: newMemory(false) };
    await sql`insert into tripgrid.batches (batch_id, state, bytes) values (${batchId}, 'running', 10)`;
    const state = () => sql`
      select received, inserted, duplicates, rejected, (select count(*) from tripgrid.rejected_rows) as kept,
             (select count(*) from tripgrid.trips) as trips from tripgrid.batches`;
    const once = [{ received: 4, inserted: 3, duplicates: 0, rejected: 1, kept: 1, trips: 3 }];
    await storeChunk(store, { ...chunk, chunk: 0 });
    await storeChunk(store, { ...chunk, chunk: 0 });
    expect(await state()).toEqual(once);
    await finishBatch(sql, batchId, undefined);
    await storeChunk(store, { ...chunk, chunk: 1 });
    await finishBatch(sql, batchId, { code: "internal", detail: "too late" });
    expect(await state()).toEqual(once);
    expect(await findBatch(sql, batchId)).toMatchObject({ state: "committed", verdicts: { length: 4 } });
  });
  await database.drop();
});

it.each(isFull(process.env) ? ["CSV", "NDJSON", "JSON", "gzip"] : ["NDJSON"])(
  "a batch is resumed where a service stopped, and no row is stored twice: %s",
  async (form) => {
    // So many that a service cannot have stored all of them by the time that it has stopped.
    const ROWS = engine === "embedded" ? 15_000 : 60_000;
    const database = await freshDatabase();
    const kept = { ...database, drop: async () => {} };
    const csv = csvOf("resumed", ROWS);
    const ndjson = tripsOf("resumed", ROWS).map((row) => JSON.stringify(row));
    const sent = { CSV: csv, NDJSON: ndjson.join("\n"), JSON: `[${ndjson.join(",")}]`, gzip: gzipSync(csv) }[form];
    const headers: Record<string, string> = form === "gzip" ? { ...later, "content-encoding": "gzip" } : later;
    let one: TestService = await startTestService({}, kept);
    let reply: Reply<Receipt>;
    try {
      reply = await send(one, sent, { query: "verdicts=all", headers });
      expect(reply.status).toBe(202);
      const self = reply.headers.get("location") ?? "";
      const received = async () => (await call<Receipt>(one, self)).body.received;
      await expect.poll(received, { timeout: 100_000, interval: 10 }).toBeGreaterThan(0);
    } finally {
      await one.stop();
    }
    const chunks = await inDatabase(database, (sql) => sql`select chunk from tripgrid.batch_chunks`);
    expect(chunks.length).toBeGreaterThan(0);
    one = await startTestService({}, database);
    try {
      const receipt = await final(reply, one);
      // Chunks stored twice would be counted twice, as duplicates.
      expect(counts(receipt)).toEqual(["committed", ROWS, ROWS, 0, 0]);
      expect(receipt.verdicts?.every(({ row, trip_id }, i) => row === i + 1 && trip_id === `t${i + 1}`)).toBe(true);
      expect(await countOf(one, "resumed")).toBe(ROWS);
    } finally {
      await one.stop();
    }
  },
);
