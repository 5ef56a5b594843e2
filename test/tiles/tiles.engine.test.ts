import { beforeAll, describe, expect, it } from "vitest";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { refreshTotals } from "../../src/rollups/refresh-totals.db.ts";
import { call, callJson, geohash, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { readTile, tileAt } from "./read-tile.ts";

const service = useService();

const made = Array.from({ length: 60 }, (_, i) =>
  trip({
    ...{ source: i % 2 ? "odd" : "even", trip_id: `m${i}`, origin: [7.6 + (i % 6) * 0.01, 45.03 + (i % 5) * 0.01] },
    ...(i % 3 ? {} : { region: "Turin" }),
    ...{ destination: [7.7, 45.1], started_at: `2018-05-${String(1 + (i % 28)).padStart(2, "0")}T08:00:00Z` },
  }),
);

const inRegion = made.filter(({ region }) => region === "Turin");

beforeAll(async () => {
  await sendNew(service, made);
  const boundary = {
    type: "Polygon",
    coordinates: [
      [
        [7.5, 45],
        [7.8, 45],
        [7.8, 45.2],
        [7.5, 45.2],
        [7.5, 45],
      ],
    ],
  };
  await callJson(service, "PUT", "/v1/regions/Turin", boundary);
  await refreshRollups(service.sql, service.prepared.engine);
  await refreshTotals(service.sql, service.prepared.engine, true);
});

const read = (path: string, headers?: Record<string, string>) => readTile(service, path, headers);

const HERE = tileAt(7.65, 45.05, 10).join("/");
const inTile = ([lon, lat]: readonly number[]) => tileAt(lon ?? 0, lat ?? 0, 10).join("/") === HERE;

describe("tiles", () => {
  it("of trips hold the trips of the tile, at their places, with all that is known of them", async () => {
    const { status, headers, name, features } = await read(`trips/${HERE}.mvt`);
    expect([status, name]).toEqual([200, "trips"]);
    expect(headers.get("content-type")).toBe("application/vnd.mapbox-vector-tile");
    const expected = made.filter(({ origin }) => inTile(origin as number[]));
    expect(expected.length).toBeGreaterThan(10);
    const [z = 0, x = 0, y = 0] = HERE.split("/").map(Number);
    const within = features.filter((feature) => {
      const point = feature.loadGeometry()[0]?.[0] ?? { x: -1, y: -1 };
      return point.x >= 0 && point.x < 4096 && point.y >= 0 && point.y < 4096;
    });
    expect(within.map((feature) => feature.properties.trip_id).sort()).toEqual(
      expected.map(({ trip_id }) => trip_id).sort(),
    );
    for (const feature of within) {
      const sent = made.find(({ trip_id }) => trip_id === feature.properties.trip_id);
      const { coordinates } = feature.toGeoJSON(x, y, z).geometry as { coordinates: number[] };
      const [lon = 0, lat = 0] = (sent?.origin ?? []) as number[];
      expect(coordinates[0]).toBeCloseTo(lon, 3);
      expect(coordinates[1]).toBeCloseTo(lat, 3);
      expect(feature.properties.source).toBe(sent?.source);
    }
  });

  it("take the filters of questions", async () => {
    const { features } = await read(`trips/${HERE}?source=odd&to=2018-05-13&hours=8-9`);
    expect(features.length).toBeGreaterThan(0);
    for (const { properties } of features) {
      expect([properties.source, String(properties.local_time) < "2018-05-14"]).toEqual(["odd", true]);
    }
    expect((await read(`trips/${HERE}?hours=nope`)).status).toBe(400);
    expect((await read(`trips/${HERE}?nope=1`)).status).toBe(400);
    expect((await read(`cells/${HERE}?from=2018-05-08&to=2018-05-01`)).status).toBe(400);
    expect((await read(`trips/${HERE}?hours=3`)).status).toBe(204);
  });

  it("of trips draw them at their destinations if these are asked for", async () => {
    const { features } = await read(`trips/${tileAt(7.7, 45.1, 14).join("/")}?match=destination`);
    expect(features).toHaveLength(made.length);
    expect((await read(`trips/${tileAt(7.7, 45.1, 14).join("/")}`)).status).toBe(204);
  });

  it("of trips draw each of many that begin at one place and time, and some of too many", async () => {
    const [lon, lat] = [9.19, 45.46];
    const crowd = Array.from({ length: 1800 }, (_, i) =>
      trip({
        ...{
          source: i % 3 ? "crowd" : "few",
          trip_id: `c${i}`,
          origin: [lon, lat],
          started_at: "2018-05-01T08:00:00Z",
        },
      }),
    );
    await sendNew(service, crowd.slice(0, 900));
    const tile = tileAt(lon, lat, 12).join("/");
    const idsOf = async (query: string) => {
      const { headers, features } = await read(`trips/${tile}?${query}`);
      return {
        cut: headers.get("tripgrid-truncated"),
        ids: new Set(features.map(({ properties }) => properties.trip_id)).size,
        features: features.length,
      };
    };
    expect(await idsOf("")).toEqual({ cut: "false", ids: 900, features: 900 });
    expect(await idsOf("source=few")).toEqual({ cut: "false", ids: 300, features: 300 });
    await sendNew(service, crowd.slice(900));
    const { cut, ids } = await idsOf("");
    expect([cut, ids > 500, ids < 1100]).toEqual(["true", true, true]);
    expect(await idsOf("source=few")).toEqual({ cut: "false", ids: 600, features: 600 });
  });

  it("of cells, clusters and regions hold their figures", async () => {
    const cells = await read(`cells/${tileAt(7.65, 45.05, 9).join("/")}`);
    const cell = geohash(7.6, 45.03, 5);
    const count = made.filter(({ origin }) => {
      const [lon = 0, lat = 0] = origin as number[];
      return geohash(lon, lat, 5) === cell;
    }).length;
    expect(cells.features.find((feature) => feature.properties.cell === cell)?.properties).toMatchObject({
      ...{ trips: count, weeks: 5, withheld: false },
    });
    const clusters = await read(`clusters/${HERE}?source=odd&precision=5`);
    const { body } = await call<{ clusters: { id: string; trips: number }[] }>(
      service,
      "/v1/clusters?source=odd&precision=5",
    );
    expect(new Map(clusters.features.map(({ properties }) => [properties.id, properties.trips]))).toEqual(
      new Map(body.clusters.map(({ id, trips }) => [id, trips])),
    );
    expect(clusters.headers.get("tripgrid-truncated")).toBe("false");
    expect((await read(`clusters/${HERE}?limit=1`)).headers.get("tripgrid-truncated")).toBe("true");
    const regions = await read(`regions/${HERE}`);
    expect(regions.features.map(({ properties }) => properties)).toEqual([
      { name: "Turin", trips: inRegion.length, weeks: 5, trips_per_week: inRegion.length / 5, withheld: false },
    ]);
    const [mornings] = (await read(`regions/${HERE}?source=odd&hours=8&from=2018-05-01&to=2018-05-07`)).features;
    const counted = inRegion.filter(({ source, started_at }) => source === "odd" && String(started_at) < "2018-05-14");
    expect(mornings?.properties).toMatchObject({ trips: counted.length, weeks: 2 });
    expect((await read("regions/0/0/0")).features).toHaveLength(1);
  });

  it("are sent again only when they have changed", async () => {
    const first = await read(`trips/${HERE}`);
    const etag = first.headers.get("etag") ?? "";
    const again = await read(`trips/${HERE}`, { "if-none-match": etag });
    expect([again.status, again.headers.get("etag")]).toEqual([304, etag]);
    await sendNew(service, [trip({ source: "late", trip_id: "late", origin: [7.65, 45.05] })]);
    // A tile may be a second behind.
    await expect.poll(async () => (await read(`trips/${HERE}`, { "if-none-match": etag })).status).toBe(200);
  });

  it("that other trips do not change are not sent again after these", async () => {
    const place = `cells/${HERE}?source=even`;
    const etag = (await read(place)).headers.get("etag") ?? "";
    const all = await read(`cells/${HERE}`);
    await sendNew(service, [trip({ source: "later", trip_id: "later", origin: [7.65, 45.05] })]);
    await refreshRollups(service.sql, service.prepared.engine);
    const known = { "if-none-match": all.headers.get("etag") ?? "" };
    await expect.poll(async () => (await read(`cells/${HERE}`, known)).status).toBe(200);
    expect((await read(place, { "if-none-match": etag })).status).toBe(304);
  });

  it.each([
    ["trips/9/266/183", 404],
    ["trips/19/0/0", 404],
    ["regions/1/2/0", 404],
    ["regions/1/-1/0", 404],
    ["regions/x/0/0", 404],
    ["regions/5/0/0", 204],
    [`cells/${HERE}?source=evn`, 404],
    [`cells/5/0/0?source=even`, 204],
    [`trips/${HERE}?region=Turn`, 404],
    [`clusters/${HERE}?source=evn`, 404],
    [`regions/${HERE}?source=evn`, 404],
  ])("%s is a %d", async (path, status) => {
    expect((await read(path)).status).toBe(status);
  });

  it("are described by TileJSON", async () => {
    const { status, body } = await call<{
      tiles: string[];
      bounds: number[];
      minzoom: number;
      vector_layers: { id: string }[];
    }>(service, "/tiles/trips?from=2018-05-01&hours=7-9");
    expect([status, body.minzoom, body.vector_layers[0]?.id]).toEqual([200, 10, "trips"]);
    expect(body.tiles).toEqual([`${service.url}/tiles/trips/{z}/{x}/{y}.mvt?from=2018-05-01&hours=7-9`]);
    const [west = 0, south = 0, east = 0, north = 0] = body.bounds;
    expect(west < 7.6 && south < 45.03 && east > 7.7 && north > 45.1 && east - west < 1).toBe(true);
  });
});
