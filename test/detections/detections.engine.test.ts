import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { beginUndo } from "../../src/corrections/begin-undo.db.ts";
import { finishUndo } from "../../src/corrections/finish-undo.db.ts";
import { createClient, type Sql } from "../../src/database/client.ts";
import { STATS_BY, type StatsBy, type StoredDetection } from "../../src/detections/detections.ts";
import { compressOldDetections, dropOldDetections, foldCounts } from "../../src/detections/keep-detections.db.ts";
import { newMemory } from "../../src/storage/insert-trips.db.ts";
import { call, type Problem } from "../harness/api.ts";
import { countFrom, engine, useService } from "../harness/index.ts";
import { page, seen, sendDetections, stats } from "./send-detections.ts";

const service = useService();
async function clear(): Promise<void> {
  // In the order in which counts are folded, which the service does meanwhile: in another one each waits for the other.
  await service.sql`
    truncate tripgrid.detections, tripgrid.idempotency_keys, tripgrid_internal.detection_count_changes,
             tripgrid_internal.detection_counts, tripgrid_internal.detection_month_counts`;
  await service.sql`update tripgrid_internal.dropped_detections set n = 0`;
}
beforeEach(clear);

const A = "5e0c2a1e-8d0c-4a5e-9a39-4f1f0c8f7a11";

describe("detections that are posted", () => {
  it("come out as they went in, with a UUID each", async () => {
    const full = seen({
      ...{ id: A.toUpperCase(), seen_at: "2025-03-05T07:12:09.5+02:00", camera: "north gate" },
      ...{ location: { lon: 7.6728, lat: 44.9957 }, plate: "X 1", attributes: { lane: 2 } },
    });
    const { status, body } = await sendDetections(service, [full, seen({ seen_at: "2025-03-04T10:00:00" })]);
    expect([status, body]).toMatchObject([
      200,
      { state: "committed", mapping: "detections", received: 2, inserted: 2, duplicates: 0, rejected: 0 },
    ]);
    const { detections, total, total_is_exact, next_cursor } = await page(service);
    expect([total, total_is_exact, next_cursor]).toEqual([2, true, null]);
    expect(detections[0]).toEqual({
      ...{ id: A, Year: 2011, Make: "Toyota", Model: "Land Cruiser", Category: "SUV" },
      ...{ seen_at: "2025-03-05T05:12:09.5Z", local_time: "2025-03-05T05:12:09.5", camera: "north gate" },
      ...{ location: [7.6728, 44.9957], attributes: { plate: "X 1", lane: 2 } },
    });
    expect(detections[1]).toMatchObject({ seen_at: "2025-03-04T10:00:00Z", local_time: "2025-03-04T10:00:00" });
    expect(detections[1]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    const { body: receipt } = await call<Receipt>(service, `/v1/batches/${body.batch_id}`);
    expect(receipt).toEqual(body);
  });

  it("are local to their location where the database has no time zone of its own", async () => {
    await service.sql`update tripgrid.settings set time_zone = null`;
    const turin = { location: [7.6728, 44.9957] };
    await sendDetections(service, [
      seen({ seen_at: "2025-07-05T07:00:00Z", Model: "c", ...turin }),
      seen({ seen_at: "2025-07-05T07:00:00", Model: "b", ...turin }),
      seen({ seen_at: "2025-07-04T07:00:00", Model: "a" }),
    ]);
    await service.sql`update tripgrid.settings set time_zone = 'UTC'`;
    expect(
      (await page(service)).detections.map(({ Model, seen_at, local_time }) => [Model, seen_at, local_time]),
    ).toEqual([
      ["c", "2025-07-05T07:00:00Z", "2025-07-05T09:00:00"],
      ["b", "2025-07-05T05:00:00Z", "2025-07-05T07:00:00"],
      ["a", "2025-07-04T07:00:00Z", "2025-07-04T07:00:00"],
    ]);
  });

  it("come as NDJSON and as CSV too, whatever the case of the names", async () => {
    const lines = [seen(), seen({ Make: "Fiat" })].map((one) => JSON.stringify(one)).join("\n");
    expect((await sendDetections(service, lines, { type: "application/x-ndjson" })).body.inserted).toBe(2);
    const csv = "year,make,model,category,camera,location_lon,location_lat,lane\n1999,Fiat,Panda,Car,,7.5,45,3\n";
    expect((await sendDetections(service, csv, { type: "text/csv" })).body.inserted).toBe(1);
    expect((await page(service, "year=1999")).detections).toMatchObject([
      { Make: "Fiat", location: [7.5, 45], attributes: { lane: "3" } },
    ]);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ["a year before cars", { Year: 1700 }, "Year", "out_of_range"],
    ["a year as text", { Year: "2011" }, "Year", "wrong_type"],
    ["a make that is missing", { Make: undefined }, "Make", "missing"],
    ["a make that is null", { Make: null }, "Make", "missing"],
    ["a make that is a number", { Make: 5 }, "Make", "wrong_type"],
    ["a make that is empty", { Make: " " }, "Make", "invalid_text"],
    ["a model given twice", { model: "Yaris" }, "model", "invalid_row"],
    ["an id that is no UUID", { id: "7" }, "id", "invalid_text"],
    ["a time that is none", { seen_at: "yesterday" }, "seen_at", "invalid_time"],
    ["a time before all times", { seen_at: "1870-01-01T00:00:00" }, "seen_at", "out_of_range"],
    ["a latitude beyond the pole", { location: [7, 95] }, "location", "out_of_range"],
    ["half a location", { location_lon: 7 }, "location_lat", "missing"],
    ["text that cannot be stored", { plate: "\0" }, "plate", "invalid_text"],
  ])("are rejected for %s, with the field and the reason", async (_, more, field, code) => {
    const { status, body } = await sendDetections(service, [seen(), seen(more)]);
    expect([status, body.inserted, body.rejected]).toEqual([200, 1, 1]);
    expect(body.rejects).toMatchObject([{ row: 2, field, code }]);
    expect((await page(service)).total).toBe(1);
  });

  it("are refused with the receipt if none is good, and all faults are kept with their rows", async () => {
    const { status, body } = await sendDetections<Problem & { receipt: Receipt }>(service, { Year: 1700, Make: 5 });
    expect([status, body.code, body.receipt.rejected]).toEqual([422, "no_valid_rows", 1]);
    expect(body.title).not.toContain("trip");
    const reply = await fetch(`${service.url}/v1/batches/${body.receipt.batch_id}/rejects?format=csv`);
    expect(await reply.text()).toContain("Year");
    const mended = await call(service, `/v1/batches/${body.receipt.batch_id}/rejects`, {
      method: "POST",
      body: '{"row":1}',
    });
    expect([mended.status, mended.body.detail]).toEqual([422, expect.stringContaining("POST /v1/detections")]);
  });

  it("are rejected for Python's quotes, with that reason", async () => {
    const python = "{'Year': 2011, 'Make': 'Toyota', 'Model': 'Land Cruiser', 'Category': 'SUV'}";
    const { body } = await sendDetections(service, `${python}\n${JSON.stringify(seen())}\n`, {
      type: "application/x-ndjson",
    });
    expect(body).toMatchObject({ inserted: 1, rejected: 1 });
    expect(body.rejects[0]).toMatchObject({ row: 1, code: "invalid_json" });
    expect(body.rejects[0]?.detail).toContain("Python's quotes");
  });

  it("count once for each idempotency key", async () => {
    const headers = { "idempotency-key": "k1" };
    const first = await sendDetections(service, [seen(), seen()], { headers });
    expect(first.body.inserted).toBe(2);
    expect((await sendDetections(service, [seen(), seen()], { headers })).body).toEqual(first.body);
    const other = await sendDetections<Problem>(service, [seen()], { headers });
    expect([other.status, other.body.code]).toEqual([422, "idempotency_key_reused"]);
    expect((await page(service)).total).toBe(2);
  });

  it("are duplicates if their id was sent before, at the same time or without one", async () => {
    const at = "2025-03-05T07:12:09Z";
    const { body } = await sendDetections(service, [seen({ id: A, seen_at: at }), seen({ id: A, seen_at: at })]);
    expect([body.inserted, body.duplicates]).toEqual([1, 1]);
    expect((await sendDetections(service, seen({ id: A }))).body.duplicates).toBe(1);
    expect((await sendDetections(service, seen({ id: A, seen_at: "2025-03-06T00:00:00Z" }))).body.inserted).toBe(1);
  });

  it("of two requests at once with an id and no time count once", async () => {
    const both = await Promise.all([1, 2, 3, 4].map(() => sendDetections(service, seen({ id: A }))));
    expect(both.map(({ body }) => body.inserted).sort()).toEqual([0, 0, 0, 1]);
  });

  it("have a verdict for each row if asked for", async () => {
    const { body } = await sendDetections(service, [seen({ id: A }), seen({ Year: 1 })], { query: "?verdicts=all" });
    expect(body.verdicts).toMatchObject([
      { row: 1, trip_id: A, verdict: "inserted" },
      { row: 2, verdict: "rejected" },
    ]);
  });

  it("are gone once their batch is undone, and are not counted any more", async () => {
    const { body } = await sendDetections(service, [seen({ camera: "a" }), seen({ Make: "Fiat" })]);
    await sendDetections(service, seen({ Make: "Fiat" }));
    await foldCounts(service.sql);
    const undone = await call<Receipt>(service, `/v1/batches/${body.batch_id}`, { method: "DELETE" });
    expect([undone.status, undone.body.state, undone.body.undone?.removed]).toEqual([200, "undone", 2]);
    expect((await page(service)).total).toBe(1);
    expect(await stats(service, "make")).toEqual([["Fiat", 1]]);
    expect(await stats(service, "camera")).toEqual([[null, 1]]);
  });

  it("are removed in steps, also from the columnstore, and an interrupted undo continues", async () => {
    const old = (i: number) => seen({ seen_at: `2020-03-0${1 + (i % 3)}T07:00:00Z`, Make: `m${i % 2}` });
    const { body } = await sendDetections(service, [0, 1, 2, 3, 4, 5, 6].map(old));
    await sendDetections(service, [old(0), old(1)]);
    await compressOldDetections(service.sql, engine, 1);
    const packed = () => service.sql`select from timescaledb_information.chunks
      where hypertable_schema = 'tripgrid' and hypertable_name = 'detections' and is_compressed`;
    if (engine === "timescaledb") expect(await packed()).not.toHaveLength(0);
    const store = {
      sql: service.sql,
      patientSql: service.sql,
      partitions: new Set<number>(),
      memory: newMemory(false),
    };
    let looks = 0;
    const interrupted = {
      get aborted() {
        return looks++ >= 2;
      },
    };
    await beginUndo(service.sql, body.batch_id, null);
    await finishUndo(store, body.batch_id, interrupted, 2);
    const receipt = async () => (await call<Receipt>(service, `/v1/batches/${body.batch_id}`)).body;
    expect(await receipt()).toMatchObject({ state: "undoing", undone: { removed: 4 } });
    expect((await page(service)).total).toBe(5);
    await finishUndo(store, body.batch_id, { aborted: false }, 2);
    expect(await receipt()).toMatchObject({ state: "undone", undone: { removed: 7 } });
    expect(await stats(service, "make")).toEqual([
      ["m0", 1],
      ["m1", 1],
    ]);
    // A statement may change a limited number of packed rows, so they are unpacked before.
    if (engine === "timescaledb") expect(await packed()).toHaveLength(0);
  });
});

describe("the list of detections", () => {
  beforeEach(async () => {
    const at = (hour: string, more: object) => seen({ seen_at: `2025-03-0${hour}:00:00Z`, ...more });
    await sendDetections(service, [
      at("1T23", { Model: "a", Make: "Fiat", Category: "Car", Year: 1999 }),
      at("2T00", { Model: "b", camera: "gate" }),
      at("2T23", { Model: "c", location: [7.5, 45] }),
      at("3T00", { Model: "d", location: [8.5, 45], camera: "gate" }),
    ]);
  });

  it.each([
    ["", "d c b a"],
    ["make=Fiat", "a"],
    ["category=SUV", "d c b"],
    ["year=2011&camera=gate", "d b"],
    ["model=c", "c"],
    ["from=2025-03-02", "d c b"],
    ["from=2025-03-02&to=2025-03-02", "c b"],
    ["to=2025-03-01", "a"],
    ["bbox=7,44,8,46", "c"],
    ["skip=1&limit=2", "c b"],
    ["make=nobody", ""],
  ])("%s: %s, newest first", async (query, models) => {
    const { detections, total } = await page(service, query);
    expect(detections.map(({ Model }) => Model).join(" ")).toBe(models);
    if (!query.includes("skip")) expect(total).toBe(detections.length);
  });

  it("is paged by a cursor without gaps while others come in", async () => {
    const models: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const { detections, next_cursor } = await page(service, `limit=1${cursor === "" ? "" : `&cursor=${cursor}`}`);
      models.push(...detections.map(({ Model }) => Model));
      await sendDetections(service, seen({ Model: "new" }));
      cursor = next_cursor;
    }
    expect(models).toEqual(["d", "c", "b", "a"]);
  });

  it.each(["limit=0", "skip=-1", "year=x", "cursor=x", "from=2025-03-02&to=2025-03-01", "bbox=1,2,3", "colour=red"])(
    "refuses %s",
    async (query) => {
      expect((await call(service, `/v1/detections?${query}`)).body).toMatchObject({ status: 400 });
    },
  );
});

describe("the statistics of detections", () => {
  const texts = fc.constantFrom("Fiat", "Toyota", "Škoda", 'a "b" \\c', "'");
  const detection = fc.record({
    Year: fc.integer({ min: 2009, max: 2012 }),
    ...{ Make: texts, Model: texts, Category: texts },
    camera: fc.option(texts, { nil: undefined }),
    seen_at: fc
      .date({ min: new Date("2024-11-28"), max: new Date("2025-01-08"), noInvalidDate: true })
      .map((date) => date.toISOString()),
    location: fc.option(fc.constantFrom([7.67, 45.07], [-73.9, 40.7]), { nil: undefined }),
  });
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.array(detection, { minLength: 1, maxLength: 20 }) },
    { weight: 1, arbitrary: fc.constantFrom("fold", "undo") },
  );

  // Within a month, whole months, with days at one end or both, and open ends.
  const spans = [
    { from: "2024-12-03", to: "2024-12-29" },
    { from: "2024-12-01", to: "2024-12-31" },
    { from: "2024-11-30", to: "2025-01-02" },
    { from: "2024-12-02", to: "9999-12-31" },
    { from: "0001-01-01", to: "2025-01-01" },
  ];

  it("equal a count of the stored detections at every moment", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        await clear();
        const batches: string[] = [];
        for (const one of steps) {
          const batch = one === "undo" ? batches.pop() : undefined;
          if (one === "fold") await foldCounts(service.sql);
          else if (batch) await call(service, `/v1/batches/${batch}`, { method: "DELETE" });
          else if (typeof one !== "string") batches.push((await sendDetections(service, one)).body.batch_id);
        }
        const { detections, total } = await page(service, "limit=1000");
        expect(total).toBe(detections.length);
        for (const by of STATS_BY) expect(sorted(await stats(service, by))).toEqual(sorted(counted(detections, by)));
        for (const { from, to } of spans) {
          const days = detections.filter(
            ({ local_time }) => local_time.slice(0, 10) >= from && local_time.slice(0, 10) <= to,
          );
          const query = new URLSearchParams(Object.entries({ from, to }).filter(([, day]) => !/^[09]/.test(day)));
          for (const by of ["make", "week"] as const) {
            expect(sorted(await stats(service, by, String(query)))).toEqual(sorted(counted(days, by)));
          }
        }
      }),
      { numRuns: Math.min(countFrom("TRIPGRID_TEST_CASES", 6, 100), 100) },
    );
  });

  it("are in order: the largest first, hours and weeks in theirs", async () => {
    await sendDetections(service, [
      ...[1, 2].map((day) => seen({ Make: "Fiat", seen_at: `2025-03-1${day}T14:00:00Z` })),
      seen({ seen_at: "2025-03-03T09:00:00Z" }),
    ]);
    expect(await stats(service, "make")).toEqual([
      ["Fiat", 2],
      ["Toyota", 1],
    ]);
    expect(await stats(service, "hour")).toEqual([
      [9, 1],
      [14, 2],
    ]);
    expect(await stats(service, "week")).toEqual([
      ["2025-W10", 1],
      ["2025-W11", 2],
    ]);
    expect(await stats(service, "make", "limit=1")).toEqual([["Fiat", 2]]);
  });

  it("read the counts only, whatever the number of detections", async () => {
    await sendDetections(service, seen());
    await foldCounts(service.sql);
    const plan = await service.sql<{ "QUERY PLAN": string }[]>`
      explain select value, sum(n) from tripgrid_internal.detection_counts where dimension = 'make' group by value`;
    const text = plan.map((line) => line["QUERY PLAN"]).join("\n");
    expect(text).toContain("detection_counts");
    expect(text).not.toMatch(/ on detections/);
  });

  it("show up in bi.detections_daily", async () => {
    await sendDetections(service, [
      seen({ seen_at: "2025-03-05T07:12:09Z" }),
      seen({ seen_at: "2025-03-05T08:00:00Z" }),
    ]);
    const rows = await service.sql`select day, value, detections from bi.detections_daily where dimension = 'make'`;
    expect(rows.map((row) => ({ ...row }))).toEqual([{ day: "2025-03-05", value: "Toyota", detections: 2 }]);
  });

  it("still count detections that were dropped for their age, which the list no longer has", async () => {
    await sendDetections(service, [seen({ seen_at: "2019-03-05T07:00:00Z" }), seen()]);
    expect(await dropOldDetections(service.sql, 52, { aborted: false })).toBe(1);
    expect((await page(service)).total).toBe(1);
    expect(await stats(service, "make")).toEqual([["Toyota", 2]]);
    expect(await dropOldDetections(service.sql, 52, { aborted: false })).toBe(0);
  });

  // Each has a session of its own, but on the embedded engine.
  let processes: Sql[];
  beforeAll(() => {
    const { searchPath } = service.prepared;
    processes = [1, 2, 3].map(() => createClient(service.address, { max: 1, searchPath }));
  });
  afterAll(() => Promise.all(processes.map((sql) => sql.end({ timeout: 5 }))));

  it("keep counting once what two processes drop at the same time", async () => {
    await sendDetections(service, [
      ...["2018-01-05", "2018-07-05", "2019-01-05"].map((day) => seen({ seen_at: `${day}T07:00:00Z` })),
      seen(),
    ]);
    const going = { aborted: false };
    const dropped = await Promise.all(processes.map((sql) => dropOldDetections(sql, 52, going)));
    expect(dropped.reduce((a, b) => a + b)).toBe(3);
    expect([(await page(service)).total, await stats(service, "make")]).toEqual([1, [["Toyota", 4]]]);
  });

  it.runIf(engine === "timescaledb")(
    "wait for no writer for long to drop chunks, and drop them the next time",
    async () => {
      await sendDetections(service, seen({ seen_at: "2018-01-05T07:00:00Z" }));
      const drop = () => dropOldDetections(processes[0] as Sql, 52, { aborted: false });
      await service.sql.begin(async (writer) => {
        await writer`lock table tripgrid.detections in row exclusive mode`;
        expect(await drop()).toBe(0);
      });
      expect(await drop()).toBe(1);
    },
  );
});

function counted(detections: readonly StoredDetection[], by: StatsBy): [string | number | null, number][] {
  const counts = new Map<string | number | null, number>();
  for (const one of detections) {
    const value = valueBy(one, by);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts];
}

function valueBy({ Year, Make, Model, Category, camera, local_time }: StoredDetection, by: StatsBy) {
  const values = { year: Year, make: Make, model: Model, category: Category, camera: camera ?? null };
  if (by === "hour") return Number(local_time.slice(11, 13));
  return by === "week" ? isoWeek(new Date(`${local_time.slice(0, 10)}T00:00:00Z`)) : values[by];
}

function isoWeek(day: Date): string {
  const thursday = new Date(day.getTime() + (4 - (day.getUTCDay() || 7)) * 86_400_000);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.ceil(((thursday.getTime() - first) / 86_400_000 + 1) / 7);
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}

const sorted = (pairs: readonly (readonly [unknown, number])[]) => pairs.map((pair) => JSON.stringify(pair)).sort();
