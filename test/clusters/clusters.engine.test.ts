import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Cluster, ClusterAnswer } from "../../src/clusters/clusters.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { refreshTotals } from "../../src/rollups/refresh-totals.db.ts";
import type { TripPage } from "../../src/trips/trips.ts";
import { call, callJson, corners, polygon, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const get = async (query: string) => (await call<ClusterAnswer>(service, `/v1/clusters?${query}`)).body;
const text = async (query: string) => {
  const reply = await fetch(`${service.url}/v1/clusters?${query}`);
  return { type: reply.headers.get("content-type"), text: await reply.text() };
};

const BOX = "bbox=7.5,44.9,7.9,45.2";
const [A, B] = [
  [7.67, 45.05],
  [7.7, 45.06],
] as const;

describe("clusters", () => {
  beforeAll(async () => {
    const at = (started_at: string, more: object) => trip({ source: "clusters", started_at, ...more });
    await sendNew(service, [
      at("2018-05-21T08:00:00", { origin: A, destination: B, duration_s: 600 }),
      at("2018-05-22T08:59:59", { origin: [7.671, 45.051], destination: [7.701, 45.061], duration_s: 1200 }),
      at("2018-05-29T08:30:00", { origin: A, destination: B }),
      at("2018-05-29T09:00:00", { origin: A, destination: B, region: "Turin" }),
      at("2018-05-29T08:00:00", { origin: B, destination: A }),
      at("2018-05-29T08:00:00", { origin: A, trip_id: "nowhere" }),
    ]);
    await callJson(service, "PUT", "/v1/regions/Box", { boundary: polygon(corners(7.5, 44.9, 7.9, 45.2)) });
  });

  it("are told with their figures, most trips first", async () => {
    const { clusters, data_as_of, ...answer } = await get(BOX);
    expect(answer).toEqual({
      window: { from: "2018-05-21", to: "2018-06-04" },
      weeks_in_window: 2,
      trips: 6,
      clusters_found: 3,
      truncated: false,
    });
    expect(Date.parse(data_as_of)).toBeLessThanOrEqual(Date.now());
    expect(clusters.map(({ id, trips }) => [id, trips])).toEqual([
      ["u0j2q-u0j2r-08", 3],
      ["u0j2q-u0j2r-09", 1],
      ["u0j2r-u0j2q-08", 1],
    ]);
    expect(clusters[0]).toMatchObject({
      ...{ origin_cell: "u0j2q", destination_cell: "u0j2r", hour: 8, trips_per_week: 1.5, share: 0.5 },
      ...{ mean_duration_s: 900, median_duration_s: 900 },
      origin: [expect.closeTo(7.67 + 0.001 / 3, 9), expect.closeTo(45.05 + 0.001 / 3, 9)],
      destination: [expect.closeTo(7.7 + 0.001 / 3, 9), expect.closeTo(45.06 + 0.001 / 3, 9)],
    });
    // As the crow flies: 0.03 degrees to the east at 45 degrees north, and 0.01 to the north.
    expect(clusters[0]?.median_distance_m).toBeCloseTo(2607, -1);
    expect(clusters[1]?.median_duration_s).toBeNull();
  });

  it.each([
    ["boundary=Box", 3],
    [`${BOX}&hours=9`, 1],
    [`${BOX}&days=tue&hours=8`, 2],
    [`${BOX}&region=Turin`, 1],
    [`${BOX}&from=2018-05-28`, 3],
    [`${BOX}&to=2018-05-27`, 1],
    [`${BOX}&min_trips=2`, 1],
    ["bbox=7.69,45.055,7.71,45.07&match=destination", 2],
    ["bbox=7.69,45.055,7.71,45.07&match=both", 0],
    [`${BOX}&precision=4`, 2],
    [`${BOX}&precision=7`, 4],
    [`${BOX}&group=hotspots`, 3],
    ["", 3],
  ])("are found with %s", async (query, count) => {
    expect((await get(query)).clusters).toHaveLength(count);
  });

  it("are cut off by limit, in the order asked for", async () => {
    const answer = await get(`${BOX}&order=id&limit=2`);
    expect(answer.clusters.map(({ id }) => id)).toEqual(["u0j2q-u0j2r-08", "u0j2q-u0j2r-09"]);
    expect(answer).toMatchObject({ clusters_found: 3, truncated: true });
    expect((await get(`${BOX}&order=duration`)).clusters[0]?.mean_duration_s).toBe(900);
  });

  it("are the same for a polygon that is posted", async () => {
    const area = polygon(corners(7.5, 44.9, 7.9, 45.2));
    const { body } = await callJson<ClusterAnswer>(service, "POST", "/v1/clusters", { area, min_trips: 2 });
    expect(body.clusters).toEqual((await get(`${BOX}&min_trips=2`)).clusters);
  });

  it("are lines in GeoJSON, wider the more trips they have", async () => {
    const { type, text: json } = await text(`${BOX}&format=geojson`);
    expect(type).toBe("application/geo+json");
    const { features } = JSON.parse(json);
    expect(features).toHaveLength(3);
    expect(features[1]).toMatchObject({
      type: "Feature",
      geometry: { type: "LineString", coordinates: [A, B] },
      properties: { trips: 1 },
    });
    const widths = features.map((one: { properties: Record<string, number> }) => one.properties["stroke-width"]);
    expect(widths[0]).toBe(8);
    expect(widths[1]).toBeLessThan(8);
  });

  it("are rows of a CSV, and the two files of flowmap.gl", async () => {
    const csv = await text(`${BOX}&format=csv&min_trips=2`);
    expect(csv.type).toBe("text/csv; charset=utf-8");
    const [header = "", row = "", ...more] = csv.text.trim().split("\n");
    expect(more).toEqual([]);
    expect(header.split(",").slice(0, 4)).toEqual(["id", "origin_cell", "destination_cell", "hour"]);
    expect(row).toMatch(/^u0j2q-u0j2r-08,u0j2q,u0j2r,8,7\.67/);
    const locations = (await text(`${BOX}&format=locations`)).text.trim().split("\n");
    expect(locations[0]).toBe("id,name,lat,lon");
    expect(locations.slice(1).map((line) => line.split(",")[0])).toEqual(["u0j2q", "u0j2r"]);
    expect((await text(`${BOX}&format=flows`)).text).toBe("origin,dest,count\nu0j2q,u0j2r,4\nu0j2r,u0j2q,1\n");
  });

  it("have an address, with their trips", async () => {
    const { body } = await call<{ cluster: Cluster; trips: number }>(service, `/v1/clusters/u0j2q-u0j2r-08?${BOX}`);
    expect(body).toMatchObject({ trips: 6, cluster: { trips: 3, share: 0.5 } });
    const everywhere = await call<{ cluster: Cluster }>(service, "/v1/clusters/u0j2q-u0j2r-08");
    expect(everywhere.body.cluster).toEqual(body.cluster);
    const page = await call<TripPage & { next_cursor: string }>(service, "/v1/clusters/u0j2q-u0j2r-08/trips?limit=2");
    expect(page.body.trips.map((one) => one.local_time)).toEqual(["2018-05-29T08:30:00", "2018-05-22T08:59:59"]);
    const rest = await call<TripPage>(
      service,
      `/v1/clusters/u0j2q-u0j2r-08/trips?limit=2&cursor=${page.body.next_cursor}`,
    );
    expect(rest.body.trips).toHaveLength(1);
    const tuesdays = await call<TripPage>(service, "/v1/clusters/u0j2q-u0j2r-08/trips?days=tue");
    expect(tuesdays.body.trips).toHaveLength(2);
    const [hot] = (await get(`${BOX}&group=hotspots`)).clusters;
    const inSpot = await call<TripPage>(service, `/v1/clusters/${hot?.id}/trips?${BOX}&limit=100`);
    expect(inSpot.body.trips).toHaveLength(hot?.trips ?? 0);
  });

  it("leave durations out that no sum can hold", async () => {
    const at = (i: number) =>
      trip({ source: "endless", started_at: `2018-07-02T08:00:0${i}`, destination: [...B], duration_s: 1.7e308 });
    await sendNew(service, [at(1), at(2), { ...at(3), duration_s: 60 }]);
    const [one] = (await get("source=endless")).clusters;
    expect(one).toMatchObject({ trips: 3, mean_duration_s: 60, median_duration_s: 60 });
    expect((await get("order=duration&limit=1")).clusters).toHaveLength(1);
    await vi.waitFor(async () => {
      const { body } = await call<{ weeks_behind: number }>(service, "/v1/rollups/refresh", { method: "POST" });
      expect(body.weeks_behind).toBe(0);
    }, 300_000);
    expect((await get("order=duration&source=endless")).clusters[0]?.mean_duration_s).toBe(60);
  });

  it.each([
    ["/v1/clusters/u0j2q-u0j2r-10", 404, "not_found"],
    ["/v1/clusters/u0j2q-u0j2rr-08", 404, "not_found"],
    ["/v1/clusters/x", 404, "not_found"],
    ["/v1/clusters/hot-u0j2qxy-u0j2rzz-08", 404, "not_found"],
    ["/v1/clusters?match=either", 400, "invalid_parameter"],
    ["/v1/clusters?precision=8", 400, "invalid_parameter"],
    ["/v1/clusters?precision=6", 400, "invalid_parameter"],
    ["/v1/clusters?group=hotspots", 400, "invalid_parameter"],
    ["/v1/clusters?limit=0", 400, "invalid_parameter"],
    ["/v1/clusters?boundary=Nowhere", 404, "not_found"],
    ["/v1/clusters?from=2018-05-02&to=2018-05-01", 400, "invalid_parameter"],
  ])("are not found with %s", async (path, status, code) => {
    const reply = await call(service, path);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
  });

  it("tell the distance of points that are as good as one", async () => {
    const at = (trip_id: string, destination: [number, number]) =>
      trip({ source: "tiny", trip_id, started_at: "2018-05-21T08:00:00", origin: [0, 0], destination });
    // The square of such a difference would underflow, which is an error in SQL.
    await sendNew(service, [at("a", [0, 5e-324]), at("b", [5e-324, 0]), at("c", [1e-200, 1e-200])]);
    const { clusters } = await get("bbox=-1,-1,1,1&source=tiny");
    expect(clusters).toMatchObject([{ trips: 3, mean_distance_m: 0, median_distance_m: 0 }]);
    // So would the mean of these.
    const least = (trip_id: string, lat: number) =>
      trip({
        ...{ source: "least", trip_id, started_at: "2018-05-21T09:00:00", origin: [0, 0], destination: [0, lat] },
        duration_s: lat,
        driver_id: "least",
      });
    await sendNew(service, [least("a", 5e-324), least("b", 0)]);
    expect((await get("bbox=-1,-1,1,1&source=least")).clusters).toMatchObject([
      { trips: 2, mean_distance_m: 0, mean_duration_s: 0, destination: [0, 0] },
    ]);
    // And the averages of the totals, which would never be made anew again.
    const { sql, prepared } = service;
    await vi.waitFor(async () => {
      await refreshRollups(sql, prepared.engine);
      await refreshTotals(sql, prepared.engine, true);
      const told = await sql`select average_duration_s, average_distance_m from bi.clusters where source = 'least'`;
      expect(told).toEqual([{ average_duration_s: 0, average_distance_m: 0 }]);
    }, 300_000);
    for (const view of ["top_routes", "drivers"]) await sql.unsafe(`select average_duration_s from bi.${view}`);
  });
});

describe("hot spots", () => {
  it("hold two trips 20 m apart, wherever the border of a cell runs", async () => {
    // Borders of cells of 5 and of 7 characters, the antimeridian and the equator, in both directions and across corners.
    const width = 360 / 2 ** 18;
    const height = 180 / 2 ** 17;
    const border = (size: number) => fc.integer({ min: -1000, max: 1000 }).map((i) => i * size);
    const place = fc.record({
      lon: fc.oneof(
        border(width).map((lon) => 7.67 + (lon % 0.5)),
        fc.constantFrom(-180, 0, 11.25),
        border(width),
      ),
      lat: fc.oneof(border(height), fc.constantFrom(0, 45, 50.625)),
      angle: fc.double({ min: 0, max: 2 * Math.PI, noNaN: true }),
    });
    let run = 0;
    const property = fc.asyncProperty(place, place, async (from, to) => {
      const source = `pair${run++}`;
      const pair = (side: number) => {
        const at = ({ lon, lat, angle }: typeof from) => {
          const east = ((side * 10) / 111_195 / Math.cos((lat * Math.PI) / 180)) * Math.cos(angle);
          const x = lon + east;
          return [x < -180 ? x + 360 : x, lat + ((side * 10) / 111_195) * Math.sin(angle)];
        };
        return trip({ source, trip_id: String(side), origin: at(from), destination: at(to) });
      };
      await sendNew(service, [pair(-1), pair(1)]);
      const { clusters } = await get(`bbox=-180,-90,180,90&source=${source}&group=hotspots`);
      expect(clusters.map(({ trips }) => trips)).toEqual([2]);
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it("are at most three cells wide and high, and hold every cell once", async () => {
    const grid = fc.uniqueArray(fc.tuple(fc.nat(12), fc.nat(12)), {
      selector: ([x, y]) => `${x},${y}`,
      minLength: 1,
      maxLength: 60,
    });
    const property = fc.asyncProperty(
      grid,
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      async (cells, counts) => {
        const asked = cells.map(([x, y]) => ({ x, y, n: counts.next().value }));
        const found = async (order: typeof asked) =>
          service.sql<{ x: number; y: number; spot: string }[]>`
          with cells as (
            select c.x, c.y, c.n, st_geohash(st_point((c.x + 0.5) * 360 / 262144, (c.y + 0.5) * 180 / 131072, 4326), 7) as cell
            from json_to_recordset(${JSON.stringify(order)}::text::json) c (x int, y int, n bigint)
          )
          select c.x, c.y, s.spot from cells c
          join tripgrid_internal.hot_spots((select array_agg(cell) from cells), (select array_agg(n) from cells)) s using (cell)
          order by 1, 2`;
        const spots = await found(asked);
        expect(spots).toHaveLength(cells.length);
        // The order in which they come does not matter.
        expect(await found(asked.toReversed())).toEqual(spots);
        for (const spot of new Set(spots.map((one) => one.spot))) {
          const members = spots.filter((one) => one.spot === spot);
          const span = (of: number[]) => Math.max(...of) - Math.min(...of) + 1;
          expect(span(members.map(({ x }) => x))).toBeLessThanOrEqual(3);
          expect(span(members.map(({ y }) => y))).toBeLessThanOrEqual(3);
        }
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
