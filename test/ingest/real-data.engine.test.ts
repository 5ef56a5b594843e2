import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "csv-parse/sync";
import type { FeatureCollection, MultiPolygon, Polygon, Position } from "geojson";
import { beforeAll, describe, expect, it } from "vitest";
import type { ByRegionAnswer, WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, callJson, countOf, polygon, send } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { sharedData } from "../harness/shared-data.ts";

const trips = sharedData("trips.csv");
const bookings = sharedData("xrides-bookings.csv");
const regions = sharedData("regions");
const there = Boolean(trips && bookings && regions);
const title = there ? "the real data" : "the real data (skipped: ../shared/data is missing)";

const read = (path: string | undefined) => (path ? readFileSync(path, "utf8") : "");
const rowsOf = (path: string | undefined) => parse(read(path), { columns: true }) as Record<string, string>[];

/** Both files' origins, read here and not by the service. */
const tripOrigins: Position[] = rowsOf(trips).map((row) => (row.origin_coord?.match(/[-\d.]+/g) ?? []).map(Number));
const bookingOrigins: Position[] = rowsOf(bookings)
  .filter((row) => row.from_lat && row.from_long)
  .map((row) => [Number(row.from_long), Number(row.from_lat)]);

/** Whether a ray to the east crosses the rings an odd number of times. */
function inRings(rings: Position[][], [x = 0, y = 0]: Position): boolean {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi = 0, yi = 0] = ring[i] ?? [];
      const [xj = 0, yj = 0] = ring[j] ?? [];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}

const ringsOf = (geometry: Polygon | MultiPolygon) =>
  geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
const countIn = (geometries: (Polygon | MultiPolygon)[], points: Position[]) => {
  const all = geometries.map(ringsOf);
  return points.filter((point) => all.some((rings) => inRings(rings, point))).length;
};

describe.skipIf(!there)(title, () => {
  const service = useService();
  const key = { headers: { "idempotency-key": "trips.csv" }, type: "text/csv" };
  const inArea = async (source: string, area: object) =>
    (await callJson<WeeklyAnswer>(service, "POST", "/v1/weekly-averages", { area, ...(source && { source }) })).body
      .trips;

  beforeAll(async () => {
    const first = await send(service, read(trips), key);
    expect(first.body).toMatchObject({
      mapping: "trips-csv",
      received: 100,
      inserted: 100,
      duplicates: 0,
      rejected: 0,
    });
    const sent = await send(service, read(bookings), { type: "text/csv" });
    expect(sent.body).toMatchObject({
      mapping: "xrides",
      received: 10_000,
      inserted: 9_985,
      duplicates: 0,
      rejected: 15,
    });
  });

  it("of trips.csv has 7.6, 6.8 and 5.6 trips a week, and 8, 10 and 5 in week 18 of 2018", async () => {
    const dates = "from=2018-04-30&to=2018-06-03";
    const { body } = await call<ByRegionAnswer>(service, `/v1/weekly-averages/by-region?${dates}`);
    expect(body.regions.map(({ region, average }) => [region, average])).toEqual([
      ["Turin", 7.6],
      ["Prague", 6.8],
      ["Hamburg", 5.6],
    ]);
    for (const [region, average, week18] of [
      ["Turin", 7.6, 8],
      ["Prague", 6.8, 10],
      ["Hamburg", 5.6, 5],
    ]) {
      const { body } = await call<WeeklyAnswer>(service, `/v1/weekly-averages?region=${region}`);
      expect([body.average, body.weeks_in_window]).toEqual([average, 5]);
      expect(body.weeks[0]).toEqual({ week: "2018-W18", start: "2018-04-30", trips: week18 });
    }
  });

  it("of trips.csv again is the same receipt with its key, and duplicates without", async () => {
    const again = await send(service, read(trips), key);
    expect(again.body).toMatchObject({ received: 100, inserted: 100, duplicates: 0 });
    const keyless = await send(service, read(trips), { type: "text/csv" });
    expect(keyless.body).toMatchObject({ received: 100, inserted: 0, duplicates: 100 });
    const [stored] = await service.sql`select count(*) from tripgrid.trips where source <> 'xrides'`;
    expect(stored?.count).toBe(100);
  });

  it("of the bookings is 9,985 trips, 2,076 of them without destination, and 15 rows without an origin", async () => {
    const [stored] = await service.sql`
      select count(*), count(*) filter (where destination is null) as without_destination from tripgrid.trips
      where source = 'xrides'`;
    expect(stored).toEqual({ count: 9_985, without_destination: 2_076 });
    const rejects = await service.sql`select problems from tripgrid.rejected_rows`;
    expect(rejects.map(({ problems }) => problems.map(({ field, code }: never) => `${field} ${code}`))).toEqual(
      Array(15).fill(["origin missing"]),
    );
    const again = await send(service, read(bookings), { type: "text/csv" });
    expect(again.body).toMatchObject({ inserted: 0, duplicates: 9_985, rejected: 15 });
    expect(await countOf(service, "xrides")).toBe(9_985);
  });

  it("in a box equals a count by hand", async () => {
    const [west, south, east, north] = [77.55, 12.9, 77.65, 13];
    const expected = bookingOrigins.filter(
      ([lon = 0, lat = 0]) => lon >= west && lon <= east && lat >= south && lat <= north,
    ).length;
    expect(expected).toBeGreaterThan(1000);
    const path = `/v1/weekly-averages?source=xrides&bbox=${[west, south, east, north]}`;
    expect((await call<WeeklyAnswer>(service, path)).body.trips).toBe(expected);
  });

  it("in a polygon with a hole equals a count by hand", async () => {
    const outer: [number, number][] = [
      [77.501, 12.853],
      [77.747, 12.817],
      [77.803, 13.041],
      [77.617, 13.123],
      [77.479, 13.007],
    ];
    const hole: [number, number][] = [
      [77.583, 12.931],
      [77.651, 12.943],
      [77.621, 13.003],
    ];
    const area = polygon(outer, hole);
    const expected = countIn([area], bookingOrigins);
    expect(expected).toBeGreaterThan(1000);
    expect(countIn([polygon(outer)], bookingOrigins)).toBeGreaterThan(expected + 100);
    expect(await inArea("xrides", area)).toBe(expected);
  });

  const files = regions ? readdirSync(regions).filter((name) => name.endsWith(".geojson")) : [];
  it.each(files)("in the boundary of %s equals a count by hand, asked as GeoJSON and as a region", async (file) => {
    const collection = JSON.parse(read(join(regions ?? "", file))) as FeatureCollection<Polygon | MultiPolygon>;
    const expected = countIn(
      collection.features.map(({ geometry }) => geometry),
      tripOrigins,
    );
    expect(expected).toBeGreaterThan(0);
    expect(expected).toBeLessThan(100);
    expect(await inArea("", collection)).toBe(expected);
    const name = basename(file, ".geojson");
    expect((await callJson(service, "PUT", `/v1/regions/${name}`, collection)).status).toBe(201);
    const asked = await call<WeeklyAnswer>(service, `/v1/weekly-averages?boundary=${name}`);
    expect(asked.body.trips).toBe(expected);
  });
});
