/**
 * Clusters and hot spots against a plain loop over the trips, for random areas, windows and filters, with weeks that the
 * rollups know, weeks that they do not, and on TimescaleDB trips in the columnstore.
 *
 * `TRIPGRID_TEST_CASES` and `TRIPGRID_TEST_SEED` as in weekly-averages.property.test.ts.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cluster } from "../../src/clusters/clusters.ts";
import { createClient, type Sql } from "../../src/database/client.ts";
import { compressOldTrips } from "../../src/rollups/compress-trips.db.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { keepWeeksFor } from "../harness/api.ts";
import { countFrom, engine, NO_REFRESH, useService } from "../harness/index.ts";
import { areas, geoJson, type TestArea } from "../oracle/areas.ts";
import { type Inside, type Oracle, readOracle } from "../oracle/brute-force.ts";
import { clustersOf, countFewToo, type ExpectedCluster, type Grouping, withheldOf } from "../oracle/clusters.ts";
import { members, questions, type TestQuestion } from "../oracle/questions.ts";
import { planRounds } from "../oracle/rounds.ts";
import { sendRound, sendTrips } from "../oracle/send.ts";

const cases = Math.ceil(countFrom("TRIPGRID_TEST_CASES", engine === "embedded" ? 24 : 60, 5000) / 2);
const seed = Number(process.env.TRIPGRID_TEST_SEED ?? Date.now() % 2 ** 31);

const plan = planRounds(seed);
const stored = new Map(plan.first.map((trip) => [trip.trip_id, trip]));

interface Case extends Grouping {
  area: TestArea;
  question: TestQuestion;
  limit: number;
  minTrips: number | undefined;
  withheldBelow: number;
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  area: areas(plan.spots, plan.antimeridian),
  question: questions.filter(({ match }) => match !== "either"),
  precision: fc.constantFrom(4, 5, 5, 5, 6, 7),
  group: fc.constantFrom("cells", "cells", "hotspots"),
  order: fc.constantFrom("trips", "trips", "trips", "trips", "distance", "duration", "id"),
  limit: fc.constantFrom(1, 2, 5, 20, 100, 10_000),
  minTrips: fc.constantFrom(undefined, undefined, 2, 5),
  withheldBelow: fc.constantFrom(1, 1, 3, 10),
});

let oracle: Oracle;

describe(`clusters (TRIPGRID_TEST_SEED=${seed})`, () => {
  const service = useService({}, NO_REFRESH);
  let session: Sql;
  beforeAll(async () => {
    session = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
    await sendTrips(service, plan.first);
    await refreshRollups(session, engine);
    await compressOldTrips(session, engine, keepWeeksFor("2020-01-06"));
  });
  afterAll(() => session?.end({ timeout: 5 }));

  const PHASES = [
    { when: "once the rollups are up to date", before: async () => {} },
    {
      when: "with late trips and corrections that they have not taken up",
      before: async () => {
        await countFewToo(service.sql);
        if (plan.rounds[0]) await sendRound(service, plan.rounds[0], stored, undefined);
      },
    },
  ];

  describe.each(PHASES)("$when", ({ before }) => {
    beforeAll(async () => {
      await before();
      await service.sql`analyze`;
      oracle = await readOracle(service.sql);
    });

    it("equal a loop over the trips", { timeout: 600_000 + cases * 2000 }, async () => {
      let told = 0;
      const property = fc.asyncProperty(anyCase, async (one) => {
        const { area, question, precision, group, order } = one;
        fc.pre(area.polygons.length > 0 || (group === "cells" && precision <= 5));
        const [inside] = await oracle.tryAreas([area]);
        fc.pre(inside?.isValid === true && inside.isDecided);
        const chosen = oracle.select(inside as Inside, question);
        const all = clustersOf(chosen, { precision, group, order }, one.withheldBelow);
        const withheld = withheldOf(all, one.withheldBelow, chosen.length);
        const shown = all.filter(({ id, trips }) => !withheld.has(id) && trips >= (one.minTrips ?? 1));

        await service.sql`update tripgrid.settings set min_trips = ${one.withheldBelow}`;
        const answer = await ask(one);
        expect(answer.trips).toBe(chosen.length > 0 && chosen.length < one.withheldBelow ? null : chosen.length);
        if (answer.clusters_found === null) {
          // Not all were counted, but it is known that there are more.
          expect(shown.length).toBeGreaterThan(one.limit);
        } else expect(answer.clusters_found).toBe(shown.length);
        if (answer.clusters_withheld === null) expect(one.withheldBelow).toBeGreaterThan(1);
        else expect(answer.clusters_withheld).toBe(withheld.size);
        const expected = order === "distance" || order === "duration" ? undefined : shown.slice(0, one.limit);
        compare(answer.clusters, expected ?? shown, chosen.length, answer.weeks_in_window ?? 0);
        if (expected) expect(answer.clusters.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
        expect(answer.clusters).toHaveLength(Math.min(shown.length, one.limit));
        told += answer.clusters.length;
      });
      try {
        await fc.assert(property, { seed, numRuns: cases, interruptAfterTimeLimit: 500_000 + cases * 2000 });
      } finally {
        await service.sql`update tripgrid.settings set min_trips = 1`;
      }
      // Few questions may happen to ask about places with few clusters.
      expect(told).toBeGreaterThan(cases < 100 ? cases / 5 : cases);
    });
  });

  async function ask({ area, question: q, precision, group, order, limit, minTrips }: Case) {
    const { sql } = service;
    const [answer] = await sql<
      {
        trips: number | null;
        weeks_in_window: number | null;
        clusters_found: number | null;
        clusters_withheld: number | null;
        clusters: Cluster[];
      }[]
    >`
      select * from tripgrid.cluster_answer(
        ${area.polygons.length > 0 ? sql`st_setsrid(st_geomfromgeojson(${geoJson(area)}), 4326)` : sql`null`},
        match => ${q.match}, source => ${q.source ?? null}, region => ${q.region ?? null}, from_date => ${q.from ?? null},
        to_date => ${q.to ?? null}, hours => ${q.hours ? members(q.hours, 24) : null},
        days => ${q.days ? members(q.days, 7).map((day) => day + 1) : null}, cell_precision => ${precision},
        cluster_by => ${group}, min_trips => ${minTrips ?? null}, order_by => ${order}, max_clusters => ${limit})`;
    if (!answer) throw new Error("no row");
    return answer;
  }
});

/** Means of floats may come in another order where they are as good as equal, so the clusters are found by their ids. */
function compare(told: Cluster[], shown: ExpectedCluster[], trips: number, weeks: number): void {
  const byId = new Map(shown.map((one) => [one.id, one]));
  for (const one of told) {
    const { origin, destination, ...figures } = byId.get(one.id) ?? expect.fail(`${one.id} should not be there`);
    // Near the antipodes the last bit of a sine is a centimetre.
    const near = (n: number | null) => (n === null ? null : expect.closeTo(n, n > 1e7 ? 0 : 5));
    expect(one).toMatchObject({
      ...figures,
      mean_duration_s: near(figures.mean_duration_s),
      median_duration_s: near(figures.median_duration_s),
      mean_distance_m: near(figures.mean_distance_m),
      median_distance_m: near(figures.median_distance_m),
      share: near(figures.trips / trips),
      trips_per_week: near(figures.trips / weeks),
    });
    for (const [mine, theirs] of [
      [origin, one.origin],
      [destination, one.destination],
    ] as const) {
      const east = Math.abs(mine[0] - theirs[0]);
      expect(Math.min(east, 360 - east)).toBeLessThan(1e-9);
      expect(mine[1]).toBeCloseTo(theirs[1], 9);
    }
  }
}
