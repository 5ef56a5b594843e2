/**
 * The query language against a naive evaluation of the same query over the trips as they were sent, on every engine: while the
 * rollups know nothing, once they know all, when they are behind with some weeks, where small groups are withheld, and when
 * weeks are retired.
 *
 * `TRIPGRID_TEST_CASES` says how many questions are asked, 150 unless told and 60 of the embedded engine. `TRIPGRID_TEST_SEED` repeats a run.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import { archiveWeeks } from "../../src/rollups/archive-weeks.db.ts";
import { compressOldTrips } from "../../src/rollups/compress-trips.db.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { call, callJson, corners, keepWeeksFor, polygon, sendNew } from "../harness/api.ts";
import { countFrom, engine, NO_REFRESH, useService } from "../harness/index.ts";
import { ask, mondayText } from "./support/naive.ts";
import { questions } from "./support/questions.ts";
import { type SentTrip, tripsOf } from "./support/trips.ts";

const cases = countFrom("TRIPGRID_TEST_CASES", engine === "embedded" ? 60 : 150, 5000);
const seed = Number(process.env.TRIPGRID_TEST_SEED ?? Date.now() % 2 ** 31);
/** The Monday in the middle of the trips, on which a partition begins. */
const RETIRED = "2024-12-30";
const boundaries = { Box: polygon(corners(7.62007, 45.05007, 7.68007, 45.09007)) };

interface Reply {
  columns: string[];
  rows: Record<string, string | number | null>[];
  truncated: boolean;
  source: string;
  retired_before?: string;
  withheld?: { min_trips: number; groups: number };
  detail?: string;
}

const sources: Record<string, number> = {};

describe(`queries (TRIPGRID_TEST_SEED=${seed})`, () => {
  const service = useService({}, NO_REFRESH);
  let session: Sql;
  let trips: SentTrip[] = tripsOf(seed, 500, "t");
  const isLate = (one: SentTrip) => ["2024-12-16", "2025-01-06"].includes(mondayText(one));

  beforeAll(async () => {
    session = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
    await callJson(service, "PUT", "/v1/regions/Box", { boundary: boundaries.Box });
    await sendNew(service, trips);
  });
  afterAll(() => session?.end({ timeout: 5 }));

  const setMinTrips = (k: number) => service.sql`update tripgrid.settings set min_trips = ${k}`;

  const PHASES: [string, () => Promise<unknown>, number, boolean][] = [
    ["while the rollups know nothing", async () => {}, 1, false],
    ["once they know all", () => refreshRollups(session, engine), 1, false],
    [
      "when they are behind with some weeks",
      async () => {
        const late = tripsOf(seed + 1, 300, "late").filter(isLate);
        await sendNew(service, late);
        const gone = trips.filter(isLate).slice(0, 20);
        for (const { trip_id, source } of gone)
          await call(service, `/v1/trips/${source}/${trip_id}`, { method: "DELETE" });
        trips = [...trips.filter((one) => !gone.includes(one)), ...late];
      },
      1,
      false,
    ],
    ["where groups of fewer than four are withheld", () => setMinTrips(4), 4, false],
    [
      "where the oldest are in the columnstore",
      async () => {
        await setMinTrips(1);
        await refreshRollups(session, engine);
        await compressOldTrips(session, engine, keepWeeksFor(RETIRED));
      },
      1,
      false,
    ],
    [
      "when weeks are retired",
      async () => {
        await archiveWeeks(session, engine, keepWeeksFor(RETIRED), { dropAfter: "0 seconds" });
        await setMinTrips(2);
      },
      2,
      true,
    ],
  ];

  describe.each(PHASES.map((phase, i) => [...phase, seed + i] as const))(
    "%s",
    (_, prepare, minTrips, isRetired, own) => {
      beforeAll(async () => {
        await prepare();
        await service.sql`analyze`;
      });

      it("are answered as by going through all trips", { timeout: 600_000 + cases * 200 }, async () => {
        const property = fc.asyncProperty(questions, async (query) => {
          const { status, body } = await callJson<Reply>(service, "POST", "/v1/query", query);
          expect(status, body.detail).toBe(200);
          sources[body.source] = (sources[body.source] ?? 0) + 1;
          const counted =
            isRetired && body.source === "trips" ? trips.filter((one) => mondayText(one) >= RETIRED) : trips;
          const expected = ask(query, counted, minTrips, boundaries);
          expect(body.columns).toEqual(expected.columns);
          const rows = body.rows.map((row) => body.columns.map((name) => row[name] ?? null));
          const settledRows = rows.map((row, i) => row.map((one, j) => settled(one, expected.rows[i]?.[j])));
          expect(settledRows).toEqual(expected.rows);
          expect(body.truncated).toBe(expected.truncated);
          expect(body.withheld).toEqual(minTrips > 1 ? { min_trips: minTrips, groups: expected.withheld } : undefined);
          if (body.source !== "trips") expect(body.retired_before).toBeUndefined();
          if (body.retired_before) expect([isRetired, body.retired_before]).toEqual([true, RETIRED]);
        });
        await fc.assert(property, { seed: own, numRuns: Math.ceil(cases / PHASES.length) });
      });
    },
  );

  it("were about all sources", () => {
    expect(Object.keys(sources)).toEqual(expect.arrayContaining(["trips", "hourly_regions"]));
    expect(
      Object.keys(sources).filter((name) => /^weekly_(origins|destinations)_\d$/.test(name)).length,
      JSON.stringify(sources),
    ).toBeGreaterThan(1);
  });
});

/** The expected number where the two differ by no more than sums in another order, or another formula for a distance, can. */
function settled(value: string | number | null, expected: unknown): unknown {
  if (typeof value !== "number" || typeof expected !== "number") return value;
  return Math.abs(value - expected) <= 1e-8 * Math.max(1, Math.abs(expected)) ? expected : value;
}
