import { gzipSync } from "node:zlib";
import pLimit from "p-limit";
import { describe, expect, it } from "vitest";
import type { Chunk, Work } from "../../src/batches/work.ts";
import { AppError } from "../../src/errors.ts";
import { type ProcessDeps, processBatch, ROWS_A_CHUNK } from "../../src/ingest/process-batch.ts";
import { createRoom } from "../../src/kit/room.ts";
import { mappingFrom } from "../../src/mappings/mapping-definition.ts";
import { ROW_LIMITS } from "../../src/parsing/row-limits.ts";

const csvRow = (i: number) => `t${i},s,2018-05-21T08:00:00,7.67,45.05`;
const HEADER = "trip_id,source,started_at,origin_lon,origin_lat";
const csv = (rows: number) => `${HEADER}\n${Array.from({ length: rows }, (_, i) => `${csvRow(i + 1)}\n`).join("")}`;
const ndjson = (rows: number) =>
  Array.from(
    { length: rows },
    (_, i) => `{"trip_id":"t${i + 1}","source":"s","started_at":"2018-05-21T08:00:00","origin":[7.67,45.05]}\n`,
  ).join("");

async function* pieces(bytes: Buffer, size = 100_000) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Steps that write down what is asked of them. */
function steps(body: string | Buffer, more: Partial<ProcessDeps> = {}) {
  const log: string[] = [];
  const chunks: Chunk[] = [];
  const kept: { name: string; definition: unknown }[] = [];
  const aborting = new AbortController();
  const deps: ProcessDeps = {
    open: (_, from) => pieces(Buffer.from(body).subarray(from)),
    start: async () => void log.push("start"),
    keepMapping: async (_, { name, definition }, columns) => {
      kept.push({ name, definition });
      log.push(`keep ${name} ${columns?.length ?? "-"}`);
    },
    storeChunk: async (chunk) => {
      chunks.push(chunk);
      log.push(`store ${chunk.chunk}`);
    },
    finish: async (_, error) => void log.push(error ? `finish: ${error.code}` : "finish"),
    customMappings: async () => [],
    lookupsFor: async () => new Map(),
    bulk: pLimit(2),
    writers: 2,
    startRange: () => ({ min: "2000-01-01", max: "2027-01-01" }),
    limits: ROW_LIMITS,
    room: createRoom(192 * 1024 * 1024),
    pass: async () => {},
    signal: aborting.signal,
    ...more,
  };
  const stored = (chunk: number) => chunks.find((one) => one.chunk === chunk);
  const rowsOf = (chunk: number) => {
    const { trips = [], rejected = [] } = stored(chunk) ?? {};
    return [...trips, ...rejected].map(({ row }) => row).sort((a, b) => a - b);
  };
  /** What a work says of the chunks that were stored here. */
  const done = (...numbers: number[]): Work["chunks"] =>
    new Map(
      numbers.flatMap((chunk) => {
        const { received: rows = 0, endByte = Number.NaN } = stored(chunk) ?? {};
        return Number.isNaN(endByte) ? [] : [[chunk, { rows, endByte }]];
      }),
    );
  return { deps, log, chunks, kept, aborting, stored, rowsOf, done };
}

function workOn(body: string | Buffer, request: Partial<Work["request"]> = {}, more: Partial<Work> = {}): Work {
  return {
    batchId: "b",
    number: 1,
    request: {
      contentType: undefined,
      contentEncoding: undefined,
      mapping: undefined,
      identity: "content",
      withVerdicts: false,
      ...request,
    },
    mapping: undefined,
    columns: undefined,
    bytes: Buffer.byteLength(body),
    chunks: new Map(),
    ...more,
  };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

const wait = () => new Promise((turn) => setTimeout(turn, 5));

/** Stores whose ends the test decides. */
function gate() {
  const ends: { chunk: number; end: (error?: Error) => void }[] = [];
  const storeChunk = ({ chunk }: Chunk) =>
    new Promise<void>((resolve, reject) => {
      ends.push({ chunk, end: (error) => (error ? reject(error) : resolve()) });
    });
  return { ends, storeChunk };
}

describe("a batch is worked off", () => {
  it("in chunks that are numbered, as its rows are", async () => {
    const body = csv(2 * ROWS_A_CHUNK + 1);
    const { deps, log, rowsOf, stored } = steps(body);
    await processBatch(workOn(body), deps);
    expect(log.slice(0, 2)).toEqual(["start", "keep native 5"]);
    expect(log.slice(2, -1).sort()).toEqual(["store 0", "store 1", "store 2"]);
    expect(log.at(-1)).toBe("finish");
    expect(rowsOf(0)).toEqual(range(1, ROWS_A_CHUNK));
    expect(rowsOf(1)).toEqual(range(ROWS_A_CHUNK + 1, 2 * ROWS_A_CHUNK));
    expect(rowsOf(2)).toEqual([2 * ROWS_A_CHUNK + 1]);
    expect(range(0, 2).map((chunk) => stored(chunk)?.received)).toEqual([ROWS_A_CHUNK, ROWS_A_CHUNK, 1]);
    expect([stored(0), stored(2)]).toMatchObject([
      { batchId: "b", endByte: csv(ROWS_A_CHUNK).length, bytesDone: csv(ROWS_A_CHUNK).length, withVerdicts: false },
      { endByte: body.length, bytesDone: body.length },
    ]);
  });

  it.each([
    ["CSV", csv(ROWS_A_CHUNK + 10)],
    ["NDJSON", ndjson(ROWS_A_CHUNK + 10)],
    [
      "JSON",
      `[${ndjson(ROWS_A_CHUNK + 10)
        .trimEnd()
        .replaceAll("\n", ",")}]`,
    ],
  ])("with the same result packed or not: %s", async (_, body) => {
    const plain = steps(body);
    await processBatch(workOn(body), plain.deps);
    const packed = gzipSync(body);
    const other = steps(packed);
    await processBatch(workOn(packed, { contentEncoding: "gzip" }), other.deps);
    const trips = ({ chunks }: typeof plain) =>
      chunks.toSorted((a, b) => a.chunk - b.chunk).map(({ trips, endByte }) => ({ trips, endByte }));
    expect(trips(plain)).toHaveLength(2);
    expect(trips(other)).toEqual(trips(plain));
    for (const { chunks } of [plain, other]) expect(chunks.every(({ bytesDone }) => bytesDone > 0)).toBe(true);
    expect(Math.max(...other.chunks.map(({ bytesDone }) => bytesDone))).toBe(packed.length);
  });

  it("with the rows that are no trips", async () => {
    const body = `${csv(2)}t3,s,yesterday,7.67,45.05\nshort\n${csvRow(5)}\n`;
    const { deps, stored } = steps(body);
    await processBatch(workOn(body, { withVerdicts: true }), deps);
    expect(stored(0)).toMatchObject({ received: 5, withVerdicts: true });
    expect(stored(0)?.trips.map(({ row }) => row)).toEqual([1, 2, 5]);
    expect(stored(0)?.rejected.map(({ row, problems }) => [row, problems[0].code])).toEqual([
      [3, "invalid_time"],
      [4, "invalid_row"],
    ]);
  });

  it.each(["source,started_at,origin\n", "[]", ""])("without rows, if it has none: %j", async (body) => {
    const { deps, log } = steps(body);
    await processBatch(workOn(body), deps);
    expect(log.at(-1)).toBe(body === "" ? "finish: invalid_csv" : "finish");
    expect(log.filter((line) => line.startsWith("store"))).toEqual([]);
  });
});

describe("a batch that is resumed", () => {
  const rows = 3 * ROWS_A_CHUNK + 7;
  const numbers = (chunks: Chunk[]) => chunks.map(({ chunk }) => chunk).sort();

  it.each<[string, string, number[] | undefined]>([
    ["CSV", csv(rows), [0, 1]],
    ["CSV", csv(rows), [1, 3]],
    ["CSV", csv(rows), [0, 2]],
    ["CSV", csv(rows), [0, 1, 2, 3]],
    ["NDJSON", ndjson(rows), [0, 1]],
    ["NDJSON", ndjson(rows), [0, 2, 3]],
    ["JSON", `[${ndjson(rows).trimEnd().replaceAll("\n", ",")}]`, [0, 1]],
    ["JSON", `[${ndjson(rows).trimEnd().replaceAll("\n", ",")}]`, [2]],
  ])("skips the chunks that are stored, and does the others just as before: %s %#", async (_, body, done = []) => {
    const first = steps(body);
    await processBatch(workOn(body), first.deps);
    const isCsv = body.startsWith(HEADER);
    const known = { mapping: "native", columns: isCsv ? HEADER.split(",") : undefined };
    const form = isCsv ? "csv" : body.startsWith("[") ? "json" : "ndjson";
    for (const packed of [false, true]) {
      const again = steps(packed ? gzipSync(body) : body);
      const chunks = first.done(...done);
      const work = workOn(body, { form, ...(packed ? { contentEncoding: "gzip" } : {}) }, { ...known, chunks });
      await processBatch(work, again.deps);
      expect(numbers(again.chunks)).toEqual(range(0, 3).filter((chunk) => !done.includes(chunk)));
      for (const chunk of again.chunks) {
        const { trips, rejected, endByte, received } = first.stored(chunk.chunk) as Chunk;
        expect(chunk).toMatchObject({ endByte, received });
        expect([chunk.trips, chunk.rejected]).toEqual([trips, rejected]);
      }
      expect(again.log.filter((line) => line.startsWith("keep"))).toEqual([]);
      expect(again.log.at(-1)).toBe("finish");
    }
  });

  it("begins after what is stored, and reads that no more", async () => {
    const body = csv(rows);
    const first = steps(body);
    await processBatch(workOn(body), first.deps);
    // The part that is skipped need not even be what it was.
    const end = first.stored(1)?.endByte ?? 0;
    const changed = `${"?".repeat(end)}${body.slice(end)}`;
    const again = steps(changed);
    const chunks = first.done(0, 1);
    await processBatch(workOn(changed, {}, { mapping: "native", columns: HEADER.split(","), chunks }), again.deps);
    expect(again.chunks.map(({ chunk }) => again.rowsOf(chunk).length).sort()).toEqual([ROWS_A_CHUNK, 7]);
  });

  it("numbers its rows on from those that are stored, however many each chunk has", async () => {
    const body = csv(10);
    const { deps, chunks, rowsOf } = steps(body);
    const done = new Map([
      [0, { rows: 1, endByte: csv(1).length }],
      [1, { rows: 3, endByte: csv(4).length }],
    ]);
    await processBatch(workOn(body, {}, { mapping: "native", columns: HEADER.split(","), chunks: done }), deps);
    expect(chunks.map(({ chunk, received }) => [chunk, received])).toEqual([[2, 6]]);
    expect(rowsOf(2)).toEqual(range(5, 10));
    expect(chunks[0]?.trips.map(({ trip }) => trip.tripId)).toEqual(range(5, 10).map((i) => `t${i}`));
  });

  it("and of which nothing more could be read does not count that again", async () => {
    const body = `${csv(ROWS_A_CHUNK - 1)}t,"open\n`;
    const first = steps(body);
    await processBatch(workOn(body), first.deps);
    expect(first.chunks.map(({ received, rejected }) => [received, rejected.length])).toEqual([[ROWS_A_CHUNK, 1]]);
    const again = steps(body);
    const chunks = first.done(0);
    await processBatch(workOn(body, {}, { mapping: "native", columns: HEADER.split(","), chunks }), again.deps);
    expect(again.log).toEqual(["start", "finish"]);
  });
});

describe("a sender's own mapping", () => {
  const body = "id,who,t,lon,lat\nt1,s,2018-05-21T08:00:00,7.67,45.05\n";
  const columns = { id: "trip_id", who: "source", t: "started_at", lon: "origin_lon", lat: "origin_lat" };
  const mine = mappingFrom("mine", { columns });
  const tripIds = (chunks: Chunk[]) => chunks.map(({ trips }) => trips.map(({ trip }) => trip.tripId));

  it("that was recognised is kept as it is", async () => {
    const { deps, kept, chunks } = steps(body, { customMappings: async () => [mine] });
    await processBatch(workOn(body), deps);
    expect(kept).toMatchObject([{ name: "mine", definition: { columns: { t: "started_at" } } }]);
    expect(mappingFrom("mine", kept[0]?.definition)).toEqual(mine);
    expect(tripIds(chunks)).toEqual([["t1"]]);
  });

  it.each([
    ["named", { mapping: "mine" }, {}],
    ["recognised when it was begun", {}, { mapping: "mine" }],
  ])("that was kept is used, though it is gone by now: %s", async (_, request, more) => {
    const { deps, log, chunks } = steps(body);
    await processBatch(workOn(body, { ...request, definition: { columns } }, more), deps);
    expect(log.at(-1)).toBe("finish");
    expect(tripIds(chunks)).toEqual([["t1"]]);
  });

  it("of which nothing was kept is none, if it is built in", async () => {
    const { deps, kept } = steps(csv(1));
    await processBatch(workOn(csv(1)), deps);
    expect(kept).toEqual([{ name: "native", definition: undefined }]);
  });
});

describe("what keeps a batch", () => {
  it.each<[string, string | Buffer, Partial<Work["request"]>, string]>([
    ["a header that does not fit", "a,b\n1,2\n", {}, "no_mapping"],
    ["no JSON", '[{"a":1},', { contentType: "application/json" }, "invalid_json"],
    ["no gzip", "plain", { contentEncoding: "gzip" }, "invalid_encoding"],
    ["a mapping that there is not", csv(1), { mapping: "nobody" }, "invalid_parameter"],
  ])("from being read ends it as failed: %s", async (_, body, request, code) => {
    const { deps, log } = steps(body);
    await processBatch(workOn(body, request), deps);
    expect(log).toEqual(["start", `finish: ${code}`]);
  });

  it("from being read to its end ends it as failed once nothing of it is being stored any more", async () => {
    const { ends, storeChunk } = gate();
    const cut = gzipSync(csv(3 * ROWS_A_CHUNK), { level: 0 }).subarray(0, -20);
    const { deps, log } = steps(cut, { storeChunk, writers: 5, bulk: pLimit(5) });
    const done = processBatch(workOn(cut, { contentEncoding: "gzip" }), deps);
    await expect.poll(() => ends.length).toBeGreaterThan(0);
    for (let i = 0; i < 40; i++) await wait();
    expect(log).toEqual(["start", "keep native 5"]);
    for (const { end } of ends) end();
    await done;
    expect(log.at(-1)).toBe("finish: invalid_encoding");
  });

  it("from being stored is thrown once the others have ended, and nothing more is begun", async () => {
    const { ends, storeChunk } = gate();
    const body = csv(4 * ROWS_A_CHUNK);
    const { deps, log } = steps(body, { storeChunk });
    let result: unknown;
    const done = processBatch(workOn(body), deps).catch((error) => {
      result = error;
    });
    await expect.poll(() => ends.length).toBe(2);
    ends[1]?.end(new Error("no"));
    for (let i = 0; i < 10; i++) await wait();
    expect(result).toBeUndefined();
    for (const { end } of ends) end();
    await done;
    expect(result).toEqual(new Error("no"));
    expect(ends.length).toBeLessThan(4);
    expect(log).toEqual(["start", "keep native 5"]);
  });

  it.each<[string, Partial<ProcessDeps>]>([
    ["no mapping can be looked up", { customMappings: () => Promise.reject(new AppError("query_timeout", "Long.")) }],
    [
      "the payload cannot be fetched",
      {
        // biome-ignore lint/correctness/useYield: it comes to nothing
        open: async function* () {
          throw new AppError("database_unavailable", "Away.");
        },
      },
    ],
    ["a chunk takes too long", { storeChunk: () => Promise.reject(new AppError("query_timeout", "Long.")) }],
    ["something else is wrong", { storeChunk: () => Promise.reject(new AppError("internal", "Wrong.")) }],
  ])("and is no fault of its payload is thrown, and does not end it: %s", async (_, more) => {
    const body = "x,y\n1,2\n";
    const { deps, log } = steps("storeChunk" in more ? csv(1) : body, more);
    await expect(processBatch(workOn(body), deps)).rejects.toBeInstanceOf(AppError);
    expect(log.filter((line) => line.startsWith("finish"))).toEqual([]);
  });

  it("from being stored is thrown as it is where the database is away", async () => {
    const away = new AppError("database_unavailable", "Away.");
    const { deps, log } = steps(csv(3), { storeChunk: () => Promise.reject(away) });
    await expect(processBatch(workOn(csv(3)), deps)).rejects.toBe(away);
    expect(log).toEqual(["start", "keep native 5"]);
  });
});

describe("chunks of one batch", () => {
  it("are stored in chunks of a limited size", async () => {
    const { ends, storeChunk } = gate();
    const body = csv(6 * ROWS_A_CHUNK);
    const { deps } = steps(body, { storeChunk, writers: 3, bulk: pLimit(3) });
    const done = processBatch(workOn(body), deps);
    for (let next = 0; next < 6; next++) {
      await expect.poll(() => ends.length).toBe(Math.min(6, next + 3));
      for (let i = 0; i < 5; i++) await wait();
      expect(ends.length).toBe(Math.min(6, next + 3));
      ends[next]?.end();
    }
    await done;
  });

  it("under way are ended when the process is to stop; the batch is not", async () => {
    const { ends, storeChunk } = gate();
    const body = csv(5 * ROWS_A_CHUNK);
    const { deps, log, aborting } = steps(body, { storeChunk });
    let isDone = false;
    const done = processBatch(workOn(body), deps).then(() => {
      isDone = true;
    });
    await expect.poll(() => ends.length).toBe(2);
    aborting.abort();
    ends[0]?.end();
    for (let i = 0; i < 10; i++) await wait();
    expect(isDone).toBe(false);
    for (let i = 1; i < 5; i++) {
      ends[i]?.end();
      await wait();
    }
    await done;
    expect(ends.length).toBeLessThan(5);
    expect(log).toEqual(["start", "keep native 5"]);
  });
});

describe("a payload of which no block comes", () => {
  it.each([
    ["too long a row", `{"a":"${"x".repeat(20_000_000)}"}\n`, 2],
    ["blanks", "\n".repeat(20_000_000), 2],
    ["blanks in JSON, which is read twice", `[${" ".repeat(20_000_000)}]`, 4],
  ])("lets others have their turn: %s", async (_, body, least) => {
    let passes = 0;
    const room = createRoom(192 * 1024 * 1024);
    const pass = async () => {
      // Nobody has to wait for room until this one goes on.
      if (passes++ > 0 && passes <= least) expect(room.held().rows).toBe(0);
    };
    const { deps, log } = steps(body, { pass, room });
    await processBatch(workOn(body, body[0] === "\n" ? { contentType: "application/x-ndjson" } : {}), deps);
    expect(log.at(-1)).toBe("finish");
    // Beside those before each block.
    expect(passes).toBeGreaterThan(least);
    expect(room.held().rows).toBe(0);
  });
});

describe("room for rows", () => {
  const MB = 1024 * 1024;
  const share = (192 * MB) / 2;
  const hostile = `{"source":"s","started_at":"2018-05-21T08:00:00","origin":[7,45],"x":[${"{},".repeat(20_000)}{}]}\n`;

  it.each([
    ["NDJSON", ndjson(3 * ROWS_A_CHUNK)],
    ["CSV", csv(3 * ROWS_A_CHUNK)],
  ])("is there before more than the start of them is read: %s", async (_, body) => {
    const room = createRoom(192 * MB);
    const other = room.hold("rows");
    await other.take(share - MB);
    let read = 0;
    const open = async function* (_work: Work, from: number) {
      for await (const piece of pieces(Buffer.from(body).subarray(from))) {
        read += piece.length;
        yield piece;
      }
    };
    const { deps, log } = steps(body, { room, open });
    const done = processBatch(workOn(body), deps);
    await expect.poll(() => room.isFull("rows")).toBe(true);
    for (let i = 0; i < 5; i++) await wait();
    expect(read).toBeLessThanOrEqual(100_000);
    other.release();
    await done;
    expect(log.at(-1)).toBe("finish");
    expect(room.held().rows).toBe(0);
  });

  it("that one chunk takes is at most a quarter, and as much as its rows may need", async () => {
    const room = createRoom(192 * MB);
    const held: number[] = [];
    const storeChunk = async () => void held.push(room.held().rows);
    const body = hostile.repeat(50);
    const { deps } = steps(body, { room, storeChunk, writers: 1, bulk: pLimit(1) });
    await processBatch(workOn(body), deps);
    expect(held.length).toBeGreaterThan(2);
    expect(held[0]).toBeGreaterThan(21 * MB);
    // One that is stored, and the next one that is made meanwhile.
    expect(Math.max(...held)).toBeLessThanOrEqual(share / 2);
    expect(room.held().rows).toBe(0);
  });
});
