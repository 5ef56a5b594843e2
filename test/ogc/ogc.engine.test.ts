import fc from "fast-check";
import type { Feature, FeatureCollection, Point, Position } from "geojson";
import { beforeAll, describe, expect, it } from "vitest";
import { COLLECTIONS } from "../../src/ogc/collection.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { refreshTotals } from "../../src/rollups/refresh-totals.db.ts";
import { call, callJson, geohash, type Problem, sendNew } from "../harness/api.ts";
import { countFrom, useService } from "../harness/index.ts";

const service = useService();
const seed = Number(process.env.TRIPGRID_TEST_SEED ?? fc.sample(fc.integer({ min: 0 }), 1)[0]);
const cases = Math.ceil(countFrom("TRIPGRID_TEST_CASES", 60, 5000) / 2);

type Link = { href: string; rel: string; type?: string };
type Page = FeatureCollection & { links: Link[]; numberReturned: number };

const SOURCES = ["a", "b.c", "it's"];
const trips = Array.from({ length: 120 }, (_, i) => ({
  source: SOURCES[i % 3] as string,
  trip_id: `t${i}`,
  started_at: `2018-05-${String(1 + (i % 28)).padStart(2, "0")}T${String(i % 24).padStart(2, "0")}:10:00Z`,
  origin: [7.5 + (i % 7) * 0.05, 45 + (i % 5) * 0.05] as [number, number],
  ...(i % 4 === 0 ? {} : { destination: [7.6, 45.1] }),
  ...(i % 5 === 0 ? {} : { duration_s: 60 * (i % 11) }),
  ...(i % 6 === 0 ? {} : { region: i % 2 ? "Turin" : "Milan" }),
}));

const SECOND: [number, number] = [7.55, 45.05];

const square = (w: number, s: number, e: number, n: number): Position[][] => [
  [
    [w, s],
    [e, s],
    [e, n],
    [w, n],
    [w, s],
  ],
];

beforeAll(async () => {
  await sendNew(service, trips);
  await callJson(service, "PUT", "/v1/regions/Turin", { type: "Polygon", coordinates: square(7.5, 45, 7.7, 45.2) });
  const { engine } = service.prepared;
  await refreshRollups(service.sql, engine);
  await refreshTotals(service.sql, engine, true);
});

const get = <T = Page>(path: string, init?: RequestInit) => call<T>(service, `/ogc${path}`, init);
const items = async (collection: string, parameters: Record<string, string> = {}) =>
  (await get(`/collections/${collection}/items?${new URLSearchParams(parameters)}`)).body;
const ids = (page: Page) => page.features.map(({ properties }) => properties?.trip_id as string);

/** Follows the links to the next page until there is none. */
async function all(collection: string, parameters: Record<string, string>): Promise<Feature[]> {
  const features: Feature[] = [];
  let page = await items(collection, parameters);
  for (;;) {
    features.push(...page.features);
    const next = page.links.find(({ rel }) => rel === "next");
    if (!next) return features;
    expect(next.type).toBe("application/geo+json");
    page = (await call<Page>(service, next.href.slice(service.url.length))).body;
  }
}

describe("OGC API – Features, by its requirements", () => {
  it("core/root-success, root-op: the landing page links to the definition, the conformance and the data", async () => {
    const { status, body } = await get<{ links: Link[] }>("");
    expect(status).toBe(200);
    expect(body.links.map(({ rel }) => rel)).toEqual(
      expect.arrayContaining(["self", "alternate", "service-desc", "service-doc", "conformance", "data"]),
    );
    for (const { href, rel } of body.links) {
      const reply = await fetch(href);
      expect([rel, reply.status]).toEqual([rel, 200]);
      await reply.arrayBuffer();
    }
  });

  it("a slash at the end of an address changes nothing", async () => {
    expect((await get("/")).body).toEqual((await get("")).body);
    expect((await get("/collections/")).status).toBe(200);
  });

  it("core/api-definition-success, oas30: the definition is OpenAPI 3.0 with the parameters of each collection", async () => {
    const { headers, body } = await get<{
      openapi: string;
      paths: Record<string, { get: { parameters: { name: string }[] } }>;
    }>("/api");
    expect(headers.get("content-type")).toBe("application/vnd.oai.openapi+json;version=3.0");
    expect(body.openapi).toMatch(/^3\.0\./);
    for (const { id, properties } of COLLECTIONS) {
      const names = body.paths[`/collections/${id}/items`]?.get.parameters.map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining(["bbox", "datetime", "limit", "filter", "crs", ...Object.keys(properties)]),
      );
    }
  });

  it("core/conformance-success: names the classes that GDAL and QGIS look for", async () => {
    const { body } = await get<{ conformsTo: string[] }>("/conformance");
    for (const name of [
      "features-3/1.0/conf/filter",
      "features-3/1.0/conf/features-filter",
      "cql2-text",
      "basic-cql2",
      "basic-spatial-operators",
    ]) {
      expect(body.conformsTo.some((uri) => uri.endsWith(name))).toBe(true);
    }
  });

  it.each(COLLECTIONS.map(({ id }) => id))(
    "core/sfc-md-success, crs-identifier, queryables: %s describes itself, and every feature has all its properties",
    async (id) => {
      const { body } = await get<{ id: string; crs: string[]; links: Link[] }>(`/collections/${id}`);
      expect(body).toMatchObject({
        id,
        itemType: "feature",
        storageCrs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
      });
      expect(body.links.map(({ rel }) => rel)).toEqual(
        expect.arrayContaining(["self", "items", "http://www.opengis.net/def/rel/ogc/1.0/queryables"]),
      );
      const { body: schema } = await get<{ properties: Record<string, { $ref?: string }> }>(
        `/collections/${id}/queryables`,
      );
      expect(schema.properties.geometry?.$ref).toMatch(/^https:\/\/geojson\.org\/schema\/\w+\.json$/);
      const names = Object.keys(schema.properties).filter((name) => name !== "geometry");
      const page = await items(id, { limit: "1000" });
      expect(page.features.length).toBeGreaterThan(0);
      for (const feature of page.features) {
        expect(Object.keys(feature.properties ?? {}).sort()).toEqual(names.toSorted());
        expect(feature.id).toMatch(/^[\w-]+$/);
        const one = await get<Feature>(`/collections/${id}/items/${feature.id}`);
        expect(one.body).toMatchObject({ id: feature.id, geometry: feature.geometry, properties: feature.properties });
        if (page.features.indexOf(feature) > 4) break;
      }
    },
  );

  it.each([
    "",
    "/conformance",
    "/collections",
    "/collections/regions",
    "/collections/trips/queryables",
    "/collections/trips/items",
    "/tiles",
    "/tiles/cells",
    "/tileMatrixSets",
    "/tileMatrixSets/WebMercatorQuad",
  ])("html: /ogc%s is a page for a browser, and escapes what it shows", async (path) => {
    const reply = await fetch(`${service.url}/ogc${path}`, { headers: { accept: "text/html,*/*;q=0.8" } });
    expect(reply.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(reply.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
    const text = await reply.text();
    expect(text).toMatch(/^<!doctype html>/);
    expect((await fetch(`${service.url}/ogc${path}?f=json`)).headers.get("content-type")).toMatch(/json/);
  });

  it.each<[string, string, RegExp]>([
    ["core/query-param-unknown", "nope=1", /nope/],
    ["core/query-param-invalid", "limit=0", /limit/],
    ["core/query-param-invalid", "limit=x", /limit/],
    ["core/fc-bbox-definition", "bbox=1,2,3", /bbox/],
    ["core/fc-time-definition", "datetime=yesterday", /datetime/],
    ["core/fc-time-definition", "datetime=../..", /datetime/],
    ["core/fc-time-definition", "datetime=2018-05-02/2018-05-01", /datetime/],
    ["crs/fc-crs-valid-value", "crs=urn:x", /crs/],
    ["crs/fc-bbox-crs-valid-value", "bbox=1,2,3,4&bbox-crs=urn:x", /bbox-crs/],
    ["filter/filter-crs-param", "filter=trip_id='a'&filter-crs=urn:x", /filter-crs/],
    ["filter/filter-lang-param", "filter=trip_id='a'&filter-lang=sql", /filter-lang/],
    ["filter/filter-param", "filter=trip_id", /filter/],
    ["queryables-query-parameters", "duration_s=x", /duration_s/],
    ["sortby", "sortby=nope", /sortby/],
    ["cursor", "cursor=e30", /cursor/],
  ])("%s: ?%s is a 400 that names the parameter", async (_, query, message) => {
    const { status, body } = await get<Problem>(`/collections/trips/items?${query}`);
    expect([status, body.code]).toEqual([400, "invalid_parameter"]);
    expect(body.detail).toMatch(message);
  });

  it("core/fc-limit-response: a limit beyond the largest counts as the largest", async () => {
    expect((await items("trips", { limit: "1000000" })).numberReturned).toBe(trips.length);
  });

  it("a collection or a feature that is not there is a 404 with the nearest name", async () => {
    const { status, body } = await get<Problem>("/collections/regoins");
    expect([status, body.detail]).toEqual([404, expect.stringMatching(/regions/)]);
    for (const id of ["nope", Buffer.from('["a"]').toString("base64url"), "%00"]) {
      expect((await get(`/collections/regions/items/${id}`)).status).toBe(404);
    }
  });

  it("crs/fc-coordinate-values-crs: coordinates and Content-Crs are those that were asked for", async () => {
    const filter = { filter: "trip_id = 't1'" };
    const [lon, lat] = SECOND;
    const asked = async (crs: string) => {
      const { headers, body } = await get(`/collections/trips/items?${new URLSearchParams({ ...filter, crs })}`);
      expect(headers.get("content-crs")).toBe(`<${crs}>`);
      const [feature] = body.features as Feature<Point>[];
      return feature?.geometry.coordinates ?? [];
    };
    expect(await asked("http://www.opengis.net/def/crs/OGC/1.3/CRS84")).toEqual([lon, lat]);
    expect(await asked("http://www.opengis.net/def/crs/EPSG/0/4326")).toEqual([lat, lon]);
    const [x = 0, y = 0] = await asked("http://www.opengis.net/def/crs/EPSG/0/3857");
    expect(x).toBeCloseTo(lon * 111_319.490793, 1);
    const box = {
      bbox: `${x - 1},${y - 1},${x + 1},${y + 1}`,
      "bbox-crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
      limit: "1000",
    };
    const here = trips.filter(({ origin }) => origin[0] === lon && origin[1] === lat).map(({ trip_id }) => trip_id);
    expect(ids(await items("trips", box)).sort()).toEqual(here.sort());
  });
});

describe("pages", () => {
  it.each<[string, Record<string, string>]>([
    ["trips", {}],
    ["trips", { sortby: "duration_s,-trip_id" }],
    ["trips", { sortby: "-region" }],
    ["clusters", { sortby: "-trips,region" }],
    ["weekly_cells", {}],
  ])("of %s with %j show every feature once, in the order of one page", async (collection, parameters) => {
    const whole = await items(collection, { ...parameters, limit: "10000" });
    const paged = await all(collection, { ...parameters, limit: "7" });
    expect(paged.map(({ id }) => id)).toEqual(whole.features.map(({ id }) => id));
    expect(new Set(paged.map(({ id }) => id)).size).toBe(paged.length);
  });
});

type Trip = (typeof trips)[number];

interface Tested {
  text: string;
  holds: (trip: Trip) => boolean | undefined;
}

const numbers = fc.constantFrom(0, 120, 300, 480);
const leaf: fc.Arbitrary<Tested> = fc.oneof(
  fc.tuple(fc.constantFrom("=", "<>", "<", ">", "<=", ">="), numbers).map(([sign, n]) => ({
    text: `duration_s ${sign} ${n}`,
    holds: ({ duration_s: d }: { duration_s?: number }) =>
      d === undefined
        ? undefined
        : { "=": d === n, "<>": d !== n, "<": d < n, ">": d > n, "<=": d <= n, ">=": d >= n }[sign],
  })),
  fc.constantFrom(...SOURCES).map((source) => ({
    text: `source = '${source.replaceAll("'", "''")}'`,
    holds: (trip: { source: string }) => trip.source === source,
  })),
  fc.constant({ text: "region IS NULL", holds: (trip: { region?: string }) => trip.region === undefined }),
  fc.constant({
    text: "CASEI(region) LIKE CASEI('TUR%')",
    holds: ({ region }: { region?: string }) => (region === undefined ? undefined : region.startsWith("Tur")),
  }),
  fc.constant({
    text: "trip_id IN ('t1','t7','t50')",
    holds: (trip: { trip_id: string }) => ["t1", "t7", "t50"].includes(trip.trip_id),
  }),
  fc.integer({ min: 1, max: 28 }).map((day) => ({
    text: `started_at >= DATE('2018-05-${String(day).padStart(2, "0")}')`,
    holds: (trip: { started_at: string }) => Number(trip.started_at.slice(8, 10)) >= day,
  })),
  fc.integer({ min: 1, max: 28 }).map((day) => ({
    text: `T_DURING(started_at, INTERVAL('2018-05-${String(day).padStart(2, "0")}','..'))`,
    holds: (trip: { started_at: string }) => Date.parse(trip.started_at) > Date.UTC(2018, 4, day),
  })),
  fc.constant({
    text: "S_INTERSECTS(geometry, BBOX(7.52, 45.02, 7.72, 45.17))",
    holds: ({ origin: [lon, lat] }: { origin: [number, number] }) =>
      lon > 7.52 && lon < 7.72 && lat > 45.02 && lat < 45.17,
  }),
);
const { filter: anyFilter } = fc.letrec<{ filter: Tested }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.tuple(tie("filter"), tie("filter")).map(([a, b]) => ({
      text: `(${a.text}) AND (${b.text})`,
      holds: (trip: Trip) => and(a.holds(trip), b.holds(trip)),
    })),
    fc.tuple(tie("filter"), tie("filter")).map(([a, b]) => ({
      text: `(${a.text}) OR (${b.text})`,
      holds: (trip: Trip) => not(and(not(a.holds(trip)), not(b.holds(trip)))),
    })),
    tie("filter").map((a) => ({ text: `NOT (${a.text})`, holds: (trip: Trip) => not(a.holds(trip)) })),
  ),
}));
/** Logic with a third value, undefined, for what is not known. */
const not = (a: boolean | undefined) => (a === undefined ? undefined : !a);
const and = (a: boolean | undefined, b: boolean | undefined) =>
  a === false || b === false ? false : a === undefined || b === undefined ? undefined : true;

describe(`filters (TRIPGRID_TEST_SEED=${seed})`, () => {
  it("select what a loop over the trips selects", async () => {
    await fc.assert(
      fc.asyncProperty(anyFilter, async ({ text, holds }) => {
        const page = await items("trips", { filter: text, limit: "1000" });
        expect(ids(page).sort()).toEqual(
          trips
            .filter((trip) => holds(trip) === true)
            .map(({ trip_id }) => trip_id)
            .sort(),
        );
      }),
      { seed, numRuns: cases },
    );
  });

  it("go together with bbox, datetime and properties", async () => {
    const page = await items("trips", {
      ...{ bbox: "7.52,45.02,7.72,45.17", datetime: "2018-05-03T00:00:00Z/2018-05-20T23:59:59Z", source: "it's" },
      ...{ filter: "duration_s > 100", limit: "1000" },
    });
    const expected = trips.filter(
      ({ origin: [lon, lat], started_at, source, duration_s = 0 }) =>
        lon > 7.52 &&
        lon < 7.72 &&
        lat > 45.02 &&
        lat < 45.17 &&
        source === "it's" &&
        duration_s > 100 &&
        started_at >= "2018-05-03" &&
        started_at <= "2018-05-20T23:59:59Z",
    );
    expect(expected.length).toBeGreaterThan(0);
    expect(ids(page).sort()).toEqual(expected.map(({ trip_id }) => trip_id).sort());
  });
});

it("cells and regions count the weeks that datetime selects, and all without it", async () => {
  const inWeeks = trips.filter(({ started_at }) => started_at >= "2018-05-07" && started_at < "2018-05-21");
  const datetime = "2018-05-09T00:00:00Z/2018-05-15T00:00:00Z";
  const cells = await items("weekly_cells", { datetime, limit: "1000" });
  const counts = new Map<string, number>();
  for (const { origin } of inWeeks) {
    const cell = geohash(origin[0], origin[1], 5);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  expect(new Map(cells.features.map(({ properties }) => [properties?.cell, properties?.trips]))).toEqual(counts);
  for (const { properties } of cells.features)
    expect(properties).toMatchObject({ weeks: 2, trips_per_week: Number(properties?.trips) / 2 });
  const regions = await items("regions", { datetime });
  const turin = regions.features.find(({ properties }) => properties?.name === "Turin");
  const count = inWeeks.filter(({ region }) => region === "Turin").length;
  expect(turin?.properties).toMatchObject({ trips: count, weeks: 2, trips_per_week: count / 2, has_boundary: true });
  expect(turin?.geometry?.type).toBe("MultiPolygon");
  const milan = (await items("regions")).features.find(({ properties }) => properties?.name === "Milan");
  expect(milan).toMatchObject({ geometry: null, properties: { has_boundary: false, weeks: 5 } });
});

it("lines lead from origin to destination, and trips without one have none", async () => {
  const lines = await items("trip_lines", { limit: "1000" });
  expect(lines.features).toHaveLength(trips.filter((trip) => "destination" in trip).length);
  const line = lines.features.find(({ properties }) => properties?.trip_id === "t1");
  expect(line?.geometry).toEqual({ type: "LineString", coordinates: [SECOND, [7.6, 45.1]] });
});
