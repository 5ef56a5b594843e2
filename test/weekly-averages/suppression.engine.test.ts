import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ClusterAnswer } from "../../src/clusters/clusters.ts";
import type { RollupStatus } from "../../src/rollups/rollups.ts";
import type { ByRegionAnswer, WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, sendNew, trip } from "../harness/api.ts";
import { startTestService, type TestService } from "../harness/index.ts";

const MIN_TRIPS = 5;

/** So many trips a week from this Monday on. */
function weekly(counts: number[], more: Record<string, unknown>): Record<string, unknown>[] {
  return counts.flatMap((count, week) =>
    Array.from({ length: count }, (_, i) => {
      const day = new Date(Date.UTC(2018, 4, 21 + 7 * week)).toISOString().slice(0, 10);
      return trip({ ...more, started_at: `${day}T08:00:0${i}`, destination: [7.7, 45.06] });
    }),
  );
}

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ minTrips: MIN_TRIPS, exposeTrips: false });
  await sendNew(service, [
    ...weekly([7, 2, 0, 9], { source: "one", region: "A" }),
    ...weekly([6, 4, 1, 8], { source: "several", region: "B" }),
    ...weekly([3], { source: "few", region: "C" }),
  ]);
  // What the rollups do not know yet is no part of an estimate.
  await vi.waitFor(
    async () =>
      expect((await call<RollupStatus>(service, "/v1/rollups/refresh", { method: "POST" })).body.weeks_behind).toBe(0),
    300_000,
  );
});
afterAll(() => service?.stop());

const box = "bbox=7.6,45,7.8,45.1";
const get = async <T>(path: string) => (await call<T>(service, path)).body;

describe("groups of few trips", () => {
  it("are withheld among the weeks, with the smallest other one where the total would give them away", async () => {
    for (const method of ["exact", "estimate"]) {
      const answer = await get<WeeklyAnswer>(`/v1/weekly-averages?${box}&source=one&method=${method}`);
      expect(answer).toMatchObject({ trips: 18, average: 4.5, withheld: { min_trips: MIN_TRIPS, weeks: 2 } });
      expect(answer.weeks.map(({ trips }) => trips)).toEqual([null, null, 0, 9]);
      expect(answer.weeks[1]).not.toHaveProperty("trips_bounds");
    }
  });

  it("are withheld alone where they are enough together", async () => {
    const answer = await get<WeeklyAnswer>(`/v1/weekly-averages?${box}&source=several`);
    expect(answer.weeks.map(({ trips }) => trips)).toEqual([6, null, null, 8]);
  });

  it("are withheld where they are all that there is", async () => {
    const answer = await get<WeeklyAnswer>(`/v1/weekly-averages?${box}&source=few`);
    expect(answer).toMatchObject({ trips: null, average: null, average_over_weeks_with_trips: null });
    expect(answer.weeks.map(({ trips }) => trips)).toEqual([null]);
    expect(answer).not.toHaveProperty("trips_bounds");
    expect(JSON.stringify(answer)).not.toMatch(/:3[,}]/);
  });

  it("are withheld among regions, and in counts", async () => {
    const { regions, withheld } = await get<ByRegionAnswer>("/v1/weekly-averages/by-region");
    // Region A is the smallest other one.
    expect(regions.map(({ region, trips }) => [region, trips])).toEqual([
      ["B", 19],
      ["A", null],
      ["C", null],
    ]);
    expect(withheld).toEqual({ min_trips: MIN_TRIPS, regions: 2 });
    const counts = await get<{ total: number | null; counts: unknown; withheld: unknown }>(
      "/v1/trips/count?by=source,week",
    );
    expect(counts).toMatchObject({ total: 40, withheld: { min_trips: MIN_TRIPS, groups: 4 } });
    expect(counts.counts).toEqual([
      { source: "one", week: "2018-W24", trips: 9 },
      { source: "several", week: "2018-W24", trips: 8 },
      { source: "one", week: "2018-W21", trips: 7 },
      { source: "several", week: "2018-W21", trips: 6 },
    ]);
    expect(await get("/v1/trips/count?by=region&source=few")).toMatchObject({ total: null, counts: [] });
  });

  it("are withheld among clusters, also by their id", async () => {
    const [id] = (await get<ClusterAnswer>(`/v1/clusters?${box}`)).clusters.map((one) => one.id);
    expect(id).toBe("u0j2q-u0j2r-08");
    const few = await get<ClusterAnswer>(`/v1/clusters?${box}&source=few`);
    expect(few).toMatchObject({ trips: null, clusters: [], withheld: { min_trips: MIN_TRIPS, clusters: 1 } });
    expect((await call(service, `/v1/clusters/${id}?source=few`)).status).toBe(404);
    const sql =
      await service.sql`select * from tripgrid.clusters(st_makeenvelope(7.6, 45, 7.8, 45.1), source => 'few')`;
    expect(sql).toHaveLength(0);
  });

  it("are withheld in the same way by their id as in the list", async () => {
    const ids = (await get<ClusterAnswer>(`/v1/clusters?source=several`)).clusters.map((one) => one.id);
    for (const id of ids) expect((await call(service, `/v1/clusters/${id}?source=several`)).status).toBe(200);
  });

  it("are withheld where they lack what the others have", async () => {
    const at = (i: number, more: object) =>
      trip({ source: "lacking", started_at: `2019-05-20T08:00:0${i}`, destination: [7.7, 45.06], ...more });
    await sendNew(service, [
      ...[0, 1, 2, 3, 4, 5].map((i) => at(i, i === 0 ? { duration_s: 777 } : {})),
      ...[6, 7].map((i) => at(i, { destination: undefined })),
    ]);
    // Two trips without a destination: the total less the only cluster would give them away.
    const answer = await get<ClusterAnswer>(`/v1/clusters?${box}&source=lacking`);
    expect(answer).toMatchObject({ trips: 8, clusters: [], withheld: { clusters: 1 } });
    const [one] = (await get<ClusterAnswer>(`/v1/clusters?${box}&source=lacking&match=both`)).clusters;
    expect(one).toMatchObject({ trips: 6, mean_duration_s: null, median_duration_s: null });
  });

  it("are withheld from callers of the SQL functions", async () => {
    const rows = await service.sql`
      select week::text, trips, lower, upper from tripgrid.weekly_counts(st_makeenvelope(7.6, 45, 7.8, 45.1), source => 'one') order by 1`;
    expect(rows).toEqual([
      { week: "2018-05-21", trips: null, lower: null, upper: null },
      { week: "2018-05-28", trips: null, lower: null, upper: null },
      { week: "2018-06-11", trips: 9, lower: 9, upper: 9 },
    ]);
    const estimates = await service.sql`
      select trips from tripgrid.weekly_estimates(st_makeenvelope(7.6, 45, 7.8, 45.1), source => 'one', to_date => '2018-07-01') order by week`;
    expect(estimates.map(({ trips }) => trips)).toEqual([null, null, 9]);
  });

  it("cannot be told from the others and their total", async () => {
    const property = fc.asyncProperty(fc.array(fc.nat({ max: 12 }), { maxLength: 9 }), async (counts) => {
      const [row] = await service.sql<
        { hidden: boolean[] }[]
      >`select tripgrid_internal.suppressed(${counts}::bigint[]) as hidden`;
      const hidden = row?.hidden ?? [];
      expect(hidden).toHaveLength(counts.length);
      const shown = counts.filter((_, i) => !hidden[i]);
      expect(shown.filter((n) => n > 0 && n < MIN_TRIPS)).toEqual([]);
      const sum = counts.filter((_, i) => hidden[i]).reduce((total, n) => total + n, 0);
      // All that has a trip is hidden, or too much is for the rest to be small.
      if (sum > 0 && shown.some((n) => n > 0)) expect(sum).toBeGreaterThanOrEqual(MIN_TRIPS);
      // No more than necessary: at most one that is not small.
      expect(counts.filter((n, i) => hidden[i] && n >= MIN_TRIPS).length).toBeLessThanOrEqual(1);
      expect(counts.some((n, i) => hidden[i] && n === 0)).toBe(false);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

describe("single trips, where they are switched off,", () => {
  it.each(["/v1/trips", "/v1/trips/one/x", "/v1/clusters/u0j2q-u0j2r-08/trips"])(
    "are not shown at %s",
    async (path) => {
      const { status, body } = await call(service, path);
      expect([status, body.code]).toEqual([403, "trip_access_disabled"]);
    },
  );

  it("can still be sent, corrected and cancelled", async () => {
    const sent = trip({ source: "mine", trip_id: "t" });
    await sendNew(service, [sent]);
    const put = await call(service, "/v1/trips/mine/t", {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...sent, region: "A" }),
    });
    expect(put.status).toBe(200);
    expect((await call(service, "/v1/trips/mine/t", { method: "DELETE" })).status).toBe(204);
  });
});
