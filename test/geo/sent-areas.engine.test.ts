import { beforeAll, describe, expect, it } from "vitest";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, callJson, corners, type Problem, polygon, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

type Position = [number, number];

/** Trips in the south-western and the south-eastern quarter of a box around Turin, and one outside. */
const ORIGINS: Position[] = [
  [7.61, 45.01],
  [7.62, 45.02],
  [7.66, 45.01],
  [7.9, 45.3],
];
const BOX = "7.605,45.005,7.705,45.055";
const WEST = corners(7.605, 45.005, 7.655, 45.055);
const EAST = corners(7.655, 45.005, 7.705, 45.055);

beforeAll(async () => {
  await sendNew(
    service,
    ORIGINS.map((origin, i) => trip({ source: "turin", region: "Turin", trip_id: `${i}`, origin })),
  );
  await callJson(service, "PUT", "/v1/regions/Hamburg-Mitte", { boundary: polygon(corners(9.9, 53.5, 10.1, 53.6)) });
});

const ask = (query: string) => call<WeeklyAnswer & Problem>(service, `/v1/weekly-averages?${query}`);
const post = (body: object) => callJson<WeeklyAnswer & Problem>(service, "POST", "/v1/weekly-averages", body);
const closed = (ring: Position[]) => [...ring, ring[0] as Position];

describe("an area may be sent as", () => {
  it("a box of six numbers, whose heights do not matter", async () => {
    expect((await ask("bbox=7.605,45.005,-10,7.705,45.055,900")).body.trips).toBe(3);
  });

  it("WKT, EWKT or GeoJSON in the query string", async () => {
    const ring = closed(WEST)
      .map((position) => position.join(" "))
      .join(",");
    for (const area of [
      `POLYGON((${ring}))`,
      `SRID=4326;POLYGON((${ring}))`,
      `multipolygon(((${ring})))`,
      JSON.stringify(polygon(WEST)),
    ]) {
      expect((await ask(`area=${encodeURIComponent(area)}`)).body.trips).toBe(2);
      expect((await post({ area })).body.trips).toBe(2);
    }
  });

  it("EWKT and GeoJSON in another coordinate reference system", async () => {
    // The corners of the western half in UTM 32N and in Web Mercator, by an independent computation.
    const utm = "SRID=25832;POLYGON((390000 4984400,395500 4984400,395500 4989900,390000 4989900,390000 4984400))";
    const mercator = polygon(corners(846585, 5622309, 852151, 5630184));
    const crs = (name: string) => ({ type: "name", properties: { name } });
    expect((await post({ area: utm })).body.trips).toBe(3);
    for (const name of ["EPSG:3857", "urn:ogc:def:crs:EPSG::3857", "http://www.opengis.net/def/crs/EPSG/0/3857"]) {
      expect((await post({ area: { ...mercator, crs: crs(name) } })).body.trips).toBe(2);
    }
    const feature = { type: "Feature", properties: {}, geometry: mercator };
    const collection = { type: "FeatureCollection", crs: crs("EPSG:3857"), features: [feature] };
    expect((await post({ area: collection })).body.trips).toBe(2);
  });

  it("GeoJSON whose crs is longitude and latitude, in any spelling", async () => {
    for (const name of [
      "urn:ogc:def:crs:OGC:1.3:CRS84",
      "OGC:CRS84",
      "EPSG:4326",
      "urn:ogc:def:crs:EPSG::4326",
      "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    ]) {
      const area = { ...polygon(WEST), crs: { type: "name", properties: { name } } };
      expect((await post({ area })).body.trips).toBe(2);
    }
  });

  it("parts that share an edge or overlap, which are united", async () => {
    const shared = { type: "MultiPolygon", coordinates: [[closed(WEST)], [closed(EAST)]] };
    expect((await post({ area: shared })).body.trips).toBe(3);
    const wider = corners(7.6, 45.005, 7.66, 45.055);
    expect(
      (await post({ area: { type: "MultiPolygon", coordinates: [[closed(wider)], [closed(EAST)]] } })).body.trips,
    ).toBe(3);
    const { status } = await callJson(service, "PUT", "/v1/regions/Shared", { boundary: shared });
    expect(status).toBe(201);
    expect((await ask("boundary=Shared")).body.trips).toBe(3);
  });

  it("a circle, whose answer tells how exact it is", async () => {
    const { body } = await ask("circle=7.615,45.015,1500");
    expect([body.trips, body.circle]).toEqual([2, { vertices: 128, error_m: expect.any(Number) }]);
    expect(body.circle?.error_m).toBeGreaterThan(0);
    expect(body.circle?.error_m).toBeLessThan(1);
    expect((await ask("circle=7.615,45.015,300000")).body.trips).toBe(4);
    expect((await call<{ trips: unknown[] }>(service, "/v1/trips?circle=7.615,45.015,1500")).body.trips).toHaveLength(
      2,
    );
  });

  it("GeoJSON by itself, with the rest in the query string", async () => {
    const bare = (query: string, area: object = polygon(WEST)) =>
      callJson<WeeklyAnswer & Problem>(service, "POST", `/v1/weekly-averages${query}`, area);
    expect((await bare("")).body.trips).toBe(2);
    expect((await bare("?source=turin&method=estimate")).body).toMatchObject({ method: "estimate" });
    const feature = { type: "Feature", properties: {}, geometry: polygon(WEST) };
    expect((await bare("?region=Turin", feature)).body.trips).toBe(2);
    expect((await bare("?source=turim")).status).toBe(404);
    const given = { area: polygon(WEST) };
    expect((await bare("?source=turim", given)).body.errors?.[0]?.field).toBe("source");
    expect((await bare("?sauce=turin", given)).body).toMatchObject({
      status: 400,
      errors: [{ field: "sauce", detail: "there is no such parameter" }],
    });
    expect((await bare("", { source: "turin" })).body.detail).toBe("area: expected a value, but it is not there");
  });

  it("a circle around a point with its coordinates exchanged, and says so", async () => {
    const { body } = await ask("circle=45.015,7.615,1500");
    expect(body.trips).toBe(0);
    expect(body.hints?.[0]).toMatch(/^No trip lies in the area, but \d do with longitude and latitude exchanged/);
  });

  it("a circle across the antimeridian", async () => {
    const origins: Position[] = [
      [179.9, -17],
      [-179.9, -17],
      [178, -17],
    ];
    await sendNew(
      service,
      origins.map((origin) => trip({ source: "fiji", origin })),
    );
    for (const centre of [179.95, -179.95, 180]) {
      expect((await ask(`circle=${centre},-17,50000&source=fiji`)).body.trips).toBe(2);
    }
  });

  it("a bow tie with make_valid=true, by POST, in the query string and as a boundary", async () => {
    const bowTie = polygon([
      [7.6, 45],
      [7.7, 45.06],
      [7.7, 45],
      [7.6, 45.06],
    ]);
    const refused = await post({ area: bowTie });
    expect([refused.status, refused.body.at]).toEqual([422, [expect.closeTo(7.65), expect.closeTo(45.03)]]);
    expect(refused.body.detail).toMatch(/make_valid=true/);
    expect((await post({ area: bowTie, make_valid: true })).body.trips).toBe(2);
    const text = encodeURIComponent(JSON.stringify(bowTie));
    expect((await ask(`make_valid=true&area=${text}`)).body.trips).toBe(2);
    const within = { area: bowTie, make_valid: true };
    const query = await callJson<{ rows: unknown[][] }>(service, "POST", "/v1/query", { where: { within } });
    expect(JSON.stringify(query.body)).toContain("2");
    expect((await callJson(service, "PUT", "/v1/regions/Tie?make_valid=true", bowTie)).status).toBe(201);
    expect((await ask("boundary=Tie")).body.trips).toBe(2);
  });
});

describe("an area is refused", () => {
  it.each<[object, RegExp]>([
    [{ ...polygon(WEST), crs: { type: "name", properties: { name: "urn:ogc:def:crs:EPSG::99999" } } }, /EPSG:99999/],
    [{ ...polygon(WEST), crs: { type: "name", properties: { name: "Potsdam 1983" } } }, /Potsdam 1983.*EPSG/],
    [{ ...polygon(WEST), crs: { type: "link", properties: { href: "https://example.org" } } }, /CRS84/],
    [polygon(corners(567000, 5934000, 568000, 5935000)), /no degrees.*crs/],
    [polygon(corners(40, -100, 41, -99)), /exchanged/],
  ])("if its coordinates are of an unknown kind: %#", async (area, reason) => {
    const { status, body } = await post({ area });
    expect([status, body.code]).toEqual([422, "invalid_area"]);
    expect(body.detail).toMatch(reason);
  });

  it.each([
    ["area=POLYGON((0 0", 422],

    ["area=Turin", 422],
    ["area=%7B%22type", 422],
    ["circle=7,45", 400],
    ["circle=7,45,x", 400],
    ["circle=7,45,0", 422],
    ["circle=7,45,2000000", 422],
    ["circle=7,95,10", 422],
    ["circle=7,89.99,5000", 422],
    ["bbox=7,45,0,8,46", 400],
    [`bbox=${BOX}&circle=7,45,10`, 400],
  ])("as %s", async (query, status) => {
    const reply = await ask(query.replaceAll(" ", "%20"));
    expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([status, query.split("&").at(-1)?.split("=")[0]]);
  });

  it("if it is nested without end", async () => {
    expect((await post({ area: "GEOMETRYCOLLECTION(".repeat(100_000) })).status).toBe(422);
  });
});

describe("hints", () => {
  it("say that longitude and latitude look exchanged", async () => {
    const swapped = polygon(WEST.map(([lon, lat]): Position => [lat, lon]));
    const { body } = await post({ area: swapped });
    expect([body.trips, body.hints]).toEqual([
      0,
      [expect.stringMatching(/2 do with longitude and latitude exchanged/)],
    ]);
    expect((await ask("bbox=45.005,7.605,45.055,7.705")).body.hints).toHaveLength(1);
  });

  it("are left out where there is nothing to say", async () => {
    expect((await post({ area: polygon(WEST) })).body).not.toHaveProperty("hints");
    expect((await post({ area: polygon(corners(1, 1, 2, 2)) })).body).not.toHaveProperty("hints");
    expect((await ask("bbox=120,1,121,2")).body).not.toHaveProperty("hints");
  });
});

describe("an unknown name is a 404 with the nearest known one:", () => {
  it.each([
    ["/v1/weekly-averages?region=Turn", "Turin"],
    ["/v1/weekly-averages?source=turni", "turin"],
    ["/v1/weekly-averages?boundary=Hamburg-Mite", "Hamburg-Mitte"],
    ["/v1/weekly-averages/by-region?source=turine", "turin"],
    ["/v1/trips?region=Turim", "Turin"],
    ["/v1/trips/count?by=source&source=turi", "turin"],
    ["/v1/clusters?region=Turinn", "Turin"],
    ["/v1/trips?boundary=Hamburg-Mitt", "Hamburg-Mitte"],
  ])("%s", async (path, nearest) => {
    const { status, body } = await call(service, path);
    expect([status, body.code, body.nearest]).toEqual([404, "not_found", nearest]);
    expect(body.detail).toContain(`"${nearest}"`);
  });

  it("and without one if none is near", async () => {
    const { status, body } = await ask("region=Quetzaltenango");
    expect([status, body.nearest]).toEqual([404, undefined]);
  });
});
