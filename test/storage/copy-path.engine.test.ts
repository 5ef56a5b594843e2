import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { copyTrips } from "../../src/storage/copy/copy-trips.db.ts";
import { insertTrips, type Memory, newMemory as memoryOf } from "../../src/storage/insert-trips.db.ts";
import { inTransaction } from "../../src/storage/trip-transaction.db.ts";
import type { SentTime } from "../../src/time/time-parts.ts";
import type { IdentifiedTrip } from "../../src/trips/trip.ts";
import { call, callJson, countOf, send } from "../harness/api.ts";
import { engine, useService } from "../harness/index.ts";

/** Copying is watched, because a test would pass if everything was inserted. */
const copying = vi.fn(copyTrips);
const newMemory = (canCopy: boolean) => memoryOf(canCopy, copying);
beforeEach(() => void copying.mockClear());

/** The embedded engine takes no COPY: there both ways are the same one, and must give the same all the same. */
const copies = engine !== "embedded";

const service = useService();

const REGIONS = { Rome: "Europe/Rome", "St. John's": "America/St_Johns", København: undefined };
beforeAll(async () => {
  for (const [name, time_zone] of Object.entries(REGIONS)) {
    if (time_zone) await callJson(service, "PUT", `/v1/regions/${encodeURIComponent(name)}`, { time_zone });
  }
});

type Row = { row: number; trip: IdentifiedTrip };

const text = fc
  .oneof(
    fc.constantFrom(
      "a",
      "Zürich 😀",
      "new\nline",
      "tab\t",
      '"quoted"',
      "back\\slash",
      "\\N",
      "NULL",
      "{a,b}",
      "\u0001",
      "𐀀",
      "\uffff",
    ),
    fc.string({ minLength: 1, maxLength: 8 }),
    fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }),
  )
  .map((value) => value.replaceAll("\0", "0").toWellFormed());

/** Times of a few days, some of them near a change of clocks, in all the ways in which they come. */
const time = fc
  .tuple(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom("2018-05-21", "2018-05-22", "2018-06-30", "2018-12-31") },
      { weight: 1, arbitrary: fc.constantFrom("2018-03-25", "2018-10-28", "2018-10-27", "2018-11-04", "2018-11-03") },
    ),
    fc.integer({ min: 0, max: 23 }),
    fc.constantFrom("00:00", "30:00", "59:59.999999", "00:00.5"),
    fc.oneof(
      { weight: 12, arbitrary: fc.constant((wall: string): SentTime => ({ kind: "naive", text: wall })) },
      { weight: 6, arbitrary: fc.constant((wall: string): SentTime => ({ kind: "instant", text: `${wall}+00:00` })) },
      {
        weight: 1,
        arbitrary: fc.constant((wall: string): SentTime => ({ kind: "instant", text: `${wall} Asia/Kolkata` })),
      },
    ),
  )
  .map(([day, hour, rest, make]) => make(`${day}T${String(hour).padStart(2, "0")}:${rest}`));

const degrees = (max: number) =>
  fc
    .oneof(fc.constantFrom(0, -max, max - 1e-9, 1e-12), fc.double({ min: -max, max: max - 1e-9, noNaN: true }))
    .map((d) => d + 0);
const point = fc.tuple(degrees(180), degrees(90));
const amount = fc.oneof(
  fc.constantFrom(0, 0.1, 1e-300, 1.7976931348623157e308, 12345.678),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const attributes = fc
  .dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })
  // What PostgreSQL cannot hold is refused long before.
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll(/\\u0000|\\ud[89a-f][0-9a-f]{2}/gi, "0")));

const trip: fc.Arbitrary<Omit<IdentifiedTrip, "source">> = fc.record({
  tripId: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom("same", "same too", "sämé") },
    { weight: 3, arbitrary: fc.tuple(text, fc.nat()).map(([text, n]) => `${text} ${n}`) },
  ),
  region: maybe(fc.constantFrom(...Object.keys(REGIONS))),
  startedAt: fc.oneof(fc.constant<SentTime>({ kind: "naive", text: "2018-05-21T08:00:00" }), time),
  endedAt: maybe(time),
  bookedAt: maybe(fc.oneof(time, fc.constant<SentTime>({ kind: "naive", text: "1901-02-03T04:05:06" }))),
  durationS: maybe(amount),
  distanceM: maybe(amount),
  origin: point,
  destination: maybe(point),
  driverId: maybe(text),
  riderId: maybe(text),
  vehicleModel: maybe(text),
  attributes: maybe(attributes),
});

/** Some hundred trips. A property draws only their seed: what fails is shown by that, and not by all of them. */
const trips = (seed: number) =>
  fc.sample(fc.array(trip, { minLength: 300, maxLength: 360, size: "max" }), { seed, numRuns: 1 })[0] ?? [];

const rowsOf = (source: string, trips: readonly Omit<IdentifiedTrip, "source">[], from = 1): Row[] =>
  trips.map((one, i) => ({ row: from + i, trip: { source, ...one } }));

/** Inserts rows in one transaction. */
async function store(rows: Row[], memory: Memory): Promise<Set<number>> {
  const times = rows.map(({ trip }) => trip.startedAt);
  const [done] = await inTransaction(
    { sql: service.sql, patientSql: service.sql, partitions: new Set(), memory },
    times,
    (tx) => insertTrips(tx, [{ trips: rows }], memory),
  );
  return done?.inserted ?? new Set();
}

/** All that is stored of a source, as text that tells every bit of it. */
async function stored(source: string): Promise<string[]> {
  const rows = await service.sql<{ row: string }[]>`
    select concat_ws('|', to_jsonb(t) - 'source' - 'origin' - 'destination' - 'batch', encode(st_asewkb(origin), 'hex'),
                     encode(st_asewkb(destination), 'hex'), extract(epoch from started_at - local_time at time zone 'UTC'))
           as row
    from tripgrid.trips t where source = ${source} order by trip_id, local_time`;
  return rows.map(({ row }) => row);
}

let sources = 0;
const newSource = () => `source ${++sources}`;

/** How often rows were copied, and whether they were stored by that. */
const copied = () => Promise.all(copying.mock.results.map(({ value }) => value as Promise<boolean>));

describe("a large batch", () => {
  it("is stored as many small ones are, and of equal trips the lowest row", async () => {
    let times = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const some = trips(seed);
        copying.mockClear();
        const [large, small, single] = [newSource(), newSource(), newSource()];
        const inserted = await store(rowsOf(large, some), newMemory(copies));
        expect(await store(rowsOf(small, some), newMemory(false))).toEqual(inserted);
        const parts: number[] = [];
        const memory = newMemory(copies);
        for (let from = 0; from < some.length; from += 150) {
          const part = await store(rowsOf(single, some.slice(from, from + 150), from + 1), memory);
          parts.push(...part);
        }
        expect(new Set(parts)).toEqual(inserted);
        const [a, b, c] = await Promise.all([large, small, single].map(stored));
        expect(a).toEqual(b);
        expect(a).toEqual(c);
        expect(a?.length).toBe(inserted.size);
        for (const done of await copied()) {
          expect(done).toBe(true);
          times++;
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
    expect(times > 0).toBe(copies);
  });

  it("with trips that are there already, or were cancelled, leaves these as they are", async () => {
    let conflicts = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.constantFrom("stored", "cancelled", "both"), async (seed, what) => {
        const some = trips(seed);
        const [large, small] = [newSource(), newSource()];
        const inserted: Set<number>[] = [];
        for (const [source, canCopy] of [
          [large, copies],
          [small, false],
        ] as const) {
          const rows = rowsOf(source, some);
          // A few that are elsewhere in the batch again, with other details.
          const before = rows.slice(20, 40).map(({ row, trip }) => ({ row, trip: { ...trip, driverId: "first" } }));
          if (what !== "cancelled") await store(before, newMemory(false));
          if (what !== "stored") {
            await store(rows.slice(100, 120), newMemory(false));
            await service.sql`
              with gone as (delete from tripgrid.trips where source = ${source}
                              and trip_id = any (${rows.slice(100, 120).map(({ trip }) => trip.tripId)})
                            returning source, trip_id, local_time)
              insert into tripgrid.cancelled_trips (source, trip_id, local_time) select * from gone`;
          }
          const memory = newMemory(canCopy);
          inserted.push(await store(rows, memory));
          // Who met one that is there already does not try again at once.
          const results = await copied();
          copying.mockClear();
          conflicts += results.filter((isStored) => !isStored).length;
          expect(memory.copying?.has(source) ?? false).toBe(results.includes(false));
        }
        expect(inserted[0]).toEqual(inserted[1]);
        expect(await stored(large)).toEqual(await stored(small));
        const [row] = await service.sql<{ count: number }[]>`
          select count(*) from tripgrid.trips join tripgrid.cancelled_trips using (source, trip_id, local_time)`;
        expect(row?.count).toBe(0);
      }),
      { numRuns: 9, endOnFailure: true },
    );
    expect(conflicts > 0).toBe(copies);
  });

  it("with the same trip twice, of which only the database can tell one's times, keeps the lower row", async () => {
    const others = Array.from({ length: 300 }, (_, i) => ({ tripId: `other ${i}` }));
    const base = { origin: [7, 45] as const, startedAt: { kind: "naive", text: "2018-06-01T08:00:00" } as SentTime };
    const near: SentTime = { kind: "naive", text: "2018-10-28T02:30:00" };
    const first = { ...base, tripId: "twice", region: "Rome", endedAt: near, driverId: "first" };
    const second = { ...base, tripId: "twice", region: "Rome", driverId: "second" };
    for (const [pair, driver] of [
      [[first, second], "first"],
      [[second, first], "second"],
    ] as const) {
      const source = newSource();
      const some = [...others.map((one) => ({ ...base, ...one })), ...pair] as Omit<IdentifiedTrip, "source">[];
      const inserted = await store(rowsOf(source, some), newMemory(copies));
      expect([inserted.has(301), inserted.has(302), inserted.size]).toEqual([true, false, 301]);
      const { body } = await call(service, `/v1/trips/${encodeURIComponent(source)}/twice`);
      expect(body).toMatchObject({ driver_id: driver });
    }
  });

  it("that cannot be copied is refused as it would be, and nothing of it is stored", async () => {
    const source = newSource();
    const some = Array.from({ length: 300 }, (_, i) => ({
      tripId: `${i}`,
      startedAt: { kind: "naive", text: "2018-06-01T08:00:00" } as SentTime,
      // One that no table takes, which nobody gets past the way in with.
      origin: (i === 222 ? [200, 45] : [7, 45]) as IdentifiedTrip["origin"],
    }));
    const sent = rowsOf(source, some as Omit<IdentifiedTrip, "source">[]);
    await expect(store(sent, newMemory(copies))).rejects.toThrow("Geohash");
    expect(await stored(source)).toEqual([]);
  });
});

describe("over HTTP", () => {
  const native = (source: string, n: number) =>
    Array.from({ length: n }, (_, i) => ({
      source,
      trip_id: `t${i % (n - 12)}`,
      region: ["Rome", "St. John's", undefined][i % 3],
      started_at: ["2018-05-21T08:00:00", "2018-05-21T08:00:00+02:00", "2018-10-28T02:30:00"][i % 3],
      ended_at: i % 4 ? "2018-05-21T08:12:34.5" : "2018-05-21T07:00:00",
      origin: [7 + i / 1000, 45],
      ...(i % 2 ? { destination: [7, 45 + i / 1000], driver_id: `d${i}`, distance_m: i / 3, attributes: { i } } : {}),
    }));

  it("600 rows in one request are the same as in requests of 150", async () => {
    // A trigger sees by which statement the service stores trips.
    await service.sql.unsafe(`
      create table public.statements (query text);
      create function public.note_statement() returns trigger language plpgsql as
        $$ begin insert into public.statements values (current_query()); return null; end $$;
      create trigger note_statement after insert on tripgrid.trips for each statement execute function public.note_statement()`);
    const one = await send(service, native("http large", 600));
    expect(one.body).toMatchObject({ received: 600, inserted: 588, duplicates: 12, rejected: 0 });
    let inserted = 0;
    for (let at = 0; at < 600; at += 150) {
      inserted += (await send(service, native("http small", 600).slice(at, at + 150))).body.inserted;
    }
    expect(inserted).toBe(588);
    expect(await stored("http large")).toEqual(await stored("http small"));
    const statements = await service.sql<{ is_copy: boolean }[]>`
      select query ~* '^\\s*copy' as is_copy from public.statements`;
    expect(statements.filter(({ is_copy }) => is_copy)).toHaveLength(copies ? 1 : 0);
    expect(statements.length).toBeGreaterThan(4);
  });

  it.each([50, 400])("%i rows that were cancelled are duplicates, and stay away", async (n) => {
    const source = `cancelled ${n}`;
    const rows = native(source, n + 12).slice(0, n);
    expect((await send(service, rows)).body.inserted).toBe(n);
    await service.sql`
      with gone as (delete from tripgrid.trips where source = ${source} and right(trip_id, 1) = '1'
                    returning source, trip_id, local_time)
      insert into tripgrid.cancelled_trips (source, trip_id, local_time) select * from gone`;
    const left = await countOf(service, source);
    expect(left).toBeLessThan(n);
    const again = await send(service, rows, { query: "verdicts=all" });
    expect(again.body).toMatchObject({ received: n, inserted: 0, duplicates: n, rejected: 0 });
    expect(await countOf(service, source)).toBe(left);
  });
});
