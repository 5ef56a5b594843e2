import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import type { ByAreaAnswer } from "../../src/weekly-averages/weekly-averages-by-area.ts";
import { call, callJson, corners, type Problem, polygon, sendNew, trip } from "../harness/api.ts";
import { countFrom, useService } from "../harness/index.ts";
import { areas as areasNear, geoJson } from "../oracle/areas.ts";
import { readOracle } from "../oracle/brute-force.ts";

const service = useService();

type Position = [number, number];
type Answer = ByAreaAnswer & Problem;

const byArea = <T = Answer>(body: unknown, query = "") =>
  callJson<T>(service, "POST", `/v1/weekly-averages/by-area${query}`, body);
const feature = (geometry: object, properties: object = {}, id?: string) => ({
  type: "Feature",
  id,
  properties,
  geometry,
});
const collection = (features: object[]) => ({ type: "FeatureCollection", features });

/** Points of a city and around it, dense enough that many lie in the same cells. */
const points = fc.sample(
  fc.tuple(fc.double({ min: 7.6, max: 7.75, noNaN: true }), fc.double({ min: 45, max: 45.12, noNaN: true })),
  { seed: 11, numRuns: 600 },
);

/** Places on both sides of the antimeridian, without trips. */
const DATE_LINE: Position[] = [
  [179.9, 10],
  [179.8, 10.1],
  [-179.9, 10.05],
  [-179.8, 10.2],
];

beforeAll(async () => {
  const day = (i: number) =>
    `2018-05-${String(7 + (i % 21)).padStart(2, "0")}T${String(i % 24).padStart(2, "0")}:10:00`;
  await sendNew(
    service,
    points.map((origin, i) =>
      trip({
        ...{ source: i % 3 === 0 ? "a" : "b", region: "Turin", trip_id: `${i}`, started_at: day(i), origin },
        destination: i % 5 === 0 ? null : points[(i * 7) % points.length],
      }),
    ),
  );
});

describe("many areas side by side", () => {
  /** A triangle or quadrangle around the city, some of it outside. */
  const shape = fc
    .tuple(
      fc.double({ min: 7.55, max: 7.75, noNaN: true }),
      fc.double({ min: 44.95, max: 45.12, noNaN: true }),
      fc.double({ min: 0.0005, max: 0.1, noNaN: true }),
      fc.boolean(),
    )
    .map(([west, south, size, isBox]) =>
      polygon(
        isBox
          ? corners(west, south, west + size, south + size)
          : [
              [west, south],
              [west + size, south + size / 3],
              [west + size / 2, south + size],
            ],
      ),
    );
  const question = fc.record(
    {
      match: fc.constantFrom("origin", "destination", "both", "either"),
      source: fc.constantFrom("a", "b"),
      hours: fc.constantFrom("7-9", "0-12"),
      days: fc.constantFrom("mon-fri", "sat"),
    },
    { requiredKeys: [] },
  );
  const window = { from: "2018-05-07", to: "2018-05-27" };

  it("have the figures that each has by itself", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(shape, { minLength: 1, maxLength: 12 }), question, async (shapes, filters) => {
        const areas = collection(shapes.map((one, i) => feature(one, { name: `area ${i}` })));
        const { body } = await byArea({ areas, ...filters, ...window });
        const alone = await Promise.all(
          shapes.map((area) =>
            callJson<WeeklyAnswer>(service, "POST", "/v1/weekly-averages", { area, ...filters, ...window }),
          ),
        );
        expect(body.areas).toEqual(
          alone.map(({ body: one }, i) => ({
            ...{ id: null, name: `area ${i}`, trips: one.trips, average: one.average },
            weeks_with_trips: one.weeks_with_trips,
            average_over_weeks_with_trips: one.average_over_weeks_with_trips,
          })),
        );
      }),
      { numRuns: countFrom("TRIPGRID_TEST_BY_AREA", 6, 100) },
    );
  });
  it("equal brute force, however many there are, however they overlap, and whatever their shape", async () => {
    const oracle = await readOracle(service.sql);
    const spots = [points.slice(0, 200), points.slice(200, 260), DATE_LINE] as Position[][];
    const drawn = fc.sample(areasNear(spots, DATE_LINE), {
      seed: 23,
      numRuns: countFrom("TRIPGRID_TEST_BY_AREA", 30, 1000),
    });
    const tried = await oracle.tryAreas(drawn);
    const decided = drawn.flatMap((area, i) => {
      const inside = tried[i];
      return area.polygons.length > 0 && inside?.isValid && inside.isDecided ? [{ text: geoJson(area), inside }] : [];
    });
    expect(decided.length).toBeGreaterThan(drawn.length / 2);
    for (const match of ["origin", "destination"] as const) {
      const rows = await service.sql<{ trips: number }[]>`
        select a.trips::int as trips from tripgrid.weekly_averages_by_area(
          (select array_agg(st_geomfromgeojson(u.text) order by u.n) from unnest(${decided.map(({ text }) => text)}::text[]) with ordinality u (text, n)),
          match => ${match}) a order by a.area_number`;
      const counted = decided.map(({ inside }) => (match === "origin" ? inside.origins : inside.destinations).size);
      expect(rows.map(({ trips }) => trips)).toEqual(counted);
    }
  });

  it("share one window, from the first to the last week of any", async () => {
    await sendNew(service, [
      trip({ source: "early", origin: [20, 20], started_at: "2018-04-02T10:00:00" }),
      trip({ source: "early", origin: [30, 30], started_at: "2018-04-23T10:00:00" }),
    ]);
    const areas = collection(
      [
        [19, 21],
        [29, 31],
        [50, 51],
      ].map(([a = 0, b = 0]) => feature(polygon(corners(a, a, b, b)))),
    );
    const { body } = await byArea({ areas, source: "early" });
    expect(body).toMatchObject({
      window: { from: "2018-04-02", to: "2018-04-30" },
      weeks_in_window: 4,
      method: "exact",
    });
    expect(body.areas.map(({ trips, average, weeks_with_trips }) => [trips, average, weeks_with_trips])).toEqual([
      [1, 0.25, 1],
      [1, 0.25, 1],
      [0, 0, 0],
    ]);
  });

  it("may be a thousand, a continent among them, and not one more", async () => {
    const small = Array.from({ length: 999 }, (_, i) => {
      const [west, south] = [7.6 + (i % 40) * 0.003, 45 + Math.floor(i / 40) * 0.004];
      return feature(polygon(corners(west, south, west + 0.003, south + 0.004)), { name: i }, `${i}`);
    });
    const continent = feature(polygon(corners(-20, 30, 40, 70)));
    const { status, body } = await byArea(collection([...small, continent]), "?source=b");
    expect(status).toBe(200);
    expect(body.areas).toHaveLength(1000);
    expect(body.areas[3]).toMatchObject({ id: "3", name: "3" });
    const whole = await call<WeeklyAnswer>(service, "/v1/weekly-averages?bbox=-20,30,40,70&source=b");
    expect(body.areas.at(-1)?.trips).toBe(whole.body.trips);
    const more = await byArea(collection([...small, continent, continent]));
    expect([more.status, more.body.errors?.[0]?.field]).toEqual([422, "body.features"]);
  });
});

describe("the answer may be", () => {
  const west = feature(polygon(corners(7.6, 45, 7.65, 45.12)), { quarter: "=West", trips: "old" }, "w");
  const east = feature(polygon(corners(7.65, 45, 7.75, 45.12)), { quarter: "East" });
  const areas = { ...collection([west, east]), name: "kept" };

  it("the same features with the figures as properties", async () => {
    const { headers, body } = await byArea<{ features: (typeof west)[]; window: object }>(
      areas,
      "?format=geojson&name_property=quarter",
    );
    expect(headers.get("content-type")).toMatch(/geo\+json/);
    expect(body.features.map(({ geometry }) => geometry)).toEqual([west.geometry, east.geometry]);
    expect(body.features[0]).toMatchObject({ id: "w", properties: { quarter: "=West", weeks_in_window: 3 } });
    const trips = body.features.map(({ properties }) => (properties as { trips: number }).trips);
    expect(trips.reduce((a, b) => a + b)).toBe(points.length);
    expect(body.window).toEqual({ from: "2018-05-07", to: "2018-05-28" });
  });

  it("CSV, with a guard before what a spreadsheet would run", async () => {
    const reply = await fetch(`${service.url}/v1/weekly-averages/by-area?format=csv&name_property=quarter`, {
      method: "POST",
      body: JSON.stringify(areas),
    });
    expect(reply.headers.get("tripgrid-window")).toBe("2018-05-07/2018-05-28");
    const lines = (await reply.text()).trim().split("\n");
    expect(lines[0]).toMatch(/^area,id,name,window_from,window_to,weeks_in_window,trips,average,/);
    expect(lines[1]).toMatch(/^1,w,'=West,2018-05-07,2018-05-28,3,\d+,/);
    expect(lines).toHaveLength(3);
  });
});

describe("boundaries", () => {
  it("are asked about by name, or all of them at once", async () => {
    expect((await byArea({ boundaries: "*" })).status).toBe(404);
    for (const [name, lon] of [
      ["East", 7.7],
      ["West", 7.6],
    ] as const) {
      await callJson(service, "PUT", `/v1/regions/${name}`, polygon(corners(lon, 45, lon + 0.05, 45.12)));
    }
    const all = await call<Answer>(service, "/v1/weekly-averages/by-area?boundaries=*", { method: "POST" });
    expect(all.body.areas.map(({ name }) => name)).toEqual(["East", "West"]);
    const alone = await call<WeeklyAnswer>(service, "/v1/weekly-averages?boundary=West");
    expect(all.body.areas[1]?.trips).toBe(alone.body.trips);
    expect((await byArea({ boundaries: ["West"] })).body.areas).toEqual([all.body.areas[1]]);
    const map = await byArea<{ features: { geometry: { type: string } }[] }>({
      boundaries: "West,East",
      format: "geojson",
    });
    expect(map.body.features.map(({ geometry }) => geometry.type)).toEqual(["MultiPolygon", "MultiPolygon"]);
    const wrong = await byArea({ boundaries: "Wset,East" });
    expect([wrong.status, wrong.body.code]).toEqual([404, "not_found"]);
  });
});

describe("a question is refused", () => {
  const bowTie: Position[] = [
    [0, 0],
    [2, 2],
    [2, 0],
    [0, 2],
  ];
  const good = feature(polygon(corners(0, 0, 1, 1)));

  it.each<[string, unknown, number, object]>([
    ["without areas", {}, 400, { errors: [{ field: "areas" }] }],
    ["with both", { areas: collection([good]), boundaries: "*" }, 400, { errors: [{ field: "areas" }] }],
    ["with no feature", { areas: collection([]) }, 422, { errors: [{ field: "areas.features" }] }],
    ["with a bare polygon", polygon(corners(0, 0, 1, 1)), 422, { errors: [{ field: "body" }] }],
    [
      "with a point",
      collection([good, feature({ type: "Point", coordinates: [1, 1] })]),
      422,
      { errors: [{ field: "body.features[1].geometry.type" }] },
    ],
    ["with a bow tie", collection([good, feature(polygon(bowTie))]), 422, { area: 2, at: [1, 1] }],
    ["with a wrong filter", { areas: collection([good]), math: "origin" }, 400, { errors: [{ field: "math" }] }],
  ])("%s", async (_, body, status, more) => {
    const reply = await byArea(body);
    expect(reply.status).toBe(status);
    expect(reply.body).toMatchObject(more);
  });

  it("unless make_valid mends it; and hints tell of exchanged coordinates", async () => {
    const mended = await byArea({ areas: collection([good, feature(polygon(bowTie))]), make_valid: true, source: "a" });
    expect(mended.body.areas.map(({ trips }) => trips)).toEqual([0, 0]);
    const swapped = await byArea(collection([feature(polygon(corners(45, 7.6, 45.12, 7.75)))]));
    expect(swapped.body.hints).toEqual([expect.stringMatching(/exchanged/)]);
  });
});
