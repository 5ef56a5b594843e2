import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { placeZone } from "../../src/geo/place-zone.ts";
import type { Point } from "../../src/geo/point.ts";
import type { Region } from "../../src/regions/region.ts";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, callJson, send, sendNew, trip } from "../harness/api.ts";
import { countFrom, useService } from "../harness/index.ts";

const service = useService();

// The databases of tests are set up with UTC. This one has no time zone of its own, like every new one.
beforeAll(async () => {
  await service.sql`update tripgrid.settings set time_zone = null`;
});

const OSLO: Point = [10.75, 59.91];
const stored = async (source: string, id: string) =>
  (await call<{ local_time: string; started_at: string }>(service, `/v1/trips/${source}/${id}`)).body;
const weeks = async (source: string) =>
  (await call<WeeklyAnswer>(service, `/v1/weekly-averages?source=${source}`)).body.weeks.map(({ week, trips }) => [
    week,
    trips,
  ]);
const put = (name: string, query: string, body: unknown = {}) =>
  callJson<Region>(service, "PUT", `/v1/regions/${name}${query}`, body);
const region = (name: string) => call<Region>(service, `/v1/regions/${name}`);

describe("local time follows the place where a trip began", () => {
  it("for moments and for wall clocks, with nothing set up", async () => {
    await sendNew(service, [
      trip({ source: "place", trip_id: "moment", started_at: "2022-05-01T22:30:31Z", origin: OSLO }),
      trip({ source: "place", trip_id: "clock", started_at: "2022-05-02T00:30:31", origin: OSLO }),
      trip({ source: "place", trip_id: "sea", started_at: "2022-05-01T12:00:00Z", origin: [-30.2, 0.1] }),
    ]);
    const same = { local_time: "2022-05-02T00:30:31", started_at: "2022-05-01T22:30:31Z" };
    expect(await stored("place", "moment")).toMatchObject(same);
    expect(await stored("place", "clock")).toMatchObject(same);
    expect(await stored("place", "sea")).toMatchObject({ local_time: "2022-05-01T10:00:00" });
  });

  it("or the zone of its region, which comes first", async () => {
    await put("Polar", "?time_zone=Asia/Kolkata");
    await sendNew(service, [
      trip({ source: "polar", trip_id: "a", region: "Polar", started_at: "2022-05-01T22:30:00Z", origin: OSLO }),
      trip({ source: "polar", trip_id: "b", started_at: "2022-05-01T22:30:00Z", origin: OSLO }),
    ]);
    expect((await stored("polar", "a")).local_time).toBe("2022-05-02T04:00:00");
    expect((await stored("polar", "b")).local_time).toBe("2022-05-02T00:30:00");
  });

  it("in large batches as in small ones, and in corrections", async () => {
    const rows = Array.from({ length: 400 }, (_, i) =>
      trip({
        source: "many",
        trip_id: `${i}`,
        started_at: `2022-0${1 + (i % 9)}-1${i % 10}T23:1${i % 10}:00Z`,
        origin: [-170 + (i % 34) * 10, -50 + (i % 11) * 10],
      }),
    );
    await sendNew(service, rows);
    for (const one of rows.filter((_, i) => i % 40 === 0)) {
      const zone = placeZone(one.origin as Point);
      const [expected] = await service.sql<{ local: string }[]>`
        select ${one.started_at as string}::timestamptz at time zone ${zone} as local`;
      expect(await stored("many", one.trip_id as string)).toMatchObject({ local_time: expected?.local });
      const headers = { "content-type": "application/json" };
      const reply = await call(service, `/v1/trips/many/${one.trip_id}`, {
        method: "PUT",
        headers,
        body: JSON.stringify(one),
      });
      expect(reply.status).toBe(200);
    }
  });

  const MINUTE = 60_000;
  /** Moments of all times, and many around the nights when clocks change in Europe and America. */
  const moments = fc.oneof(
    fc.integer({ min: Date.UTC(2001, 0, 1) / MINUTE, max: Date.UTC(2026, 0, 1) / MINUTE }),
    fc
      .tuple(
        fc.constantFrom(
          "2018-03-25T01:00Z",
          "2018-10-28T01:00Z",
          "2019-03-10T07:00Z",
          "2019-11-03T06:00Z",
          "2020-04-04T16:00Z",
        ),
        fc.integer({ min: -180, max: 180 }),
      )
      .map(([night, minutes]) => Date.parse(night) / MINUTE + minutes),
  );
  const sent = fc.record({
    minute: moments,
    lon: fc.oneof(fc.double({ min: -180, max: 179.99, noNaN: true }), fc.double({ min: -10, max: 30, noNaN: true })),
    lat: fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.double({ min: 36, max: 60, noNaN: true })),
    isLocal: fc.boolean(),
  });
  let run = 0;

  it("at random moments and places, as AT TIME ZONE says, nights of clock changes included", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 250, maxLength: 250 }), async (all) => {
        const source = `random${run++}`;
        const text = (minute: number) => new Date(minute * MINUTE).toISOString().slice(0, 19);
        const rows = all.map(({ minute, lon, lat, isLocal }, i) =>
          trip({ source, trip_id: `${i}`, started_at: `${text(minute)}${isLocal ? "" : "Z"}`, origin: [lon, lat] }),
        );
        await sendNew(service, rows);
        const wrong = await service.sql`
          select t.trip_id, t.local_time, t.started_at, s.zone
          from unnest(${all.map((_, i) => `${i}`)}::text[], ${all.map(({ lon, lat }) => placeZone([lon, lat]))}::text[],
                      ${all.map(({ minute }) => text(minute))}::text[], ${all.map(({ isLocal }) => String(isLocal))}::text[]::bool[]) s (trip_id, zone, said, is_local)
          left join tripgrid.trips t on t.source = ${source} and t.trip_id = s.trip_id
          where (t.local_time = case when s.is_local then s.said::timestamp else (s.said || 'Z')::timestamptz at time zone s.zone end
                 and t.started_at = case when s.is_local then s.said::timestamp at time zone s.zone else (s.said || 'Z')::timestamptz end)
                is not true`;
        expect(wrong).toEqual([]);
      }),
      { numRuns: countFrom("TRIPGRID_TEST_PLACES", 2, 40), endOnFailure: true },
    );
  });

  it("so a city's file is right with nothing set up", async () => {
    const csv = "started_at,lon,lat\n2022-05-01T20:00:00+00:00,10.7,59.9\n2022-05-01T22:10:00+00:00,10.7,59.9\n";
    const columns = { started_at: "started_at", lon: "origin_lon", lat: "origin_lat" };
    await callJson(service, "PUT", "/v1/mappings/city", { columns, constants: { source: "city" } });
    expect((await send(service, csv, { type: "text/csv" })).body.inserted).toBe(2);
    expect(await weeks("city")).toEqual([
      ["2022-W17", 1],
      ["2022-W18", 1],
    ]);
  });
});

describe("a region that trips named before it was defined", () => {
  it("is shown, and can be given the zone that its trips lie in", async () => {
    await sendNew(service, [
      trip({ source: "named", region: "Bergen", started_at: "2025-06-01T23:30:00Z", origin: [5.32, 60.39] }),
    ]);
    expect((await region("Bergen")).body).toMatchObject({ is_defined: false, has_trips: true, time_zone: null });
    const defined = await put("Bergen", "?time_zone=Europe/Oslo");
    expect([defined.status, defined.body.is_defined, defined.body.time_zone]).toEqual([200, true, "Europe/Oslo"]);
    expect(await weeks("named")).toEqual([["2025-W23", 1]]);
  });

  it("gets no other zone while local times would change, except with recompute=true, which moves its trips", async () => {
    const sentAs = { moment: "2025-06-01T20:30:00Z", clock: "2025-06-01T22:30:00" };
    await sendNew(
      service,
      Object.entries(sentAs).map(([trip_id, started_at]) =>
        trip({ source: "moved", trip_id, region: "Elsewhere", started_at, ended_at: started_at, origin: OSLO }),
      ),
    );
    const refused = await put("Elsewhere", "?time_zone=Asia/Kolkata");
    expect(refused.status).toBe(409);
    expect(JSON.stringify(refused.body)).toMatch(/recompute=true/);
    expect(await weeks("moved")).toEqual([["2025-W22", 2]]);
    const { status } = await put("Elsewhere", "?time_zone=Asia/Kolkata&recompute=true");
    expect([200, 202]).toContain(status);
    await expect.poll(async () => (await region("Elsewhere")).body.recompute?.state, { timeout: 60_000 }).toBe("done");
    expect((await region("Elsewhere")).body.recompute).toMatchObject({ moved: 2 });
    expect(await stored("moved", "moment")).toMatchObject({
      local_time: "2025-06-02T02:00:00",
      started_at: "2025-06-01T20:30:00Z",
    });
    expect(await stored("moved", "clock")).toMatchObject({
      local_time: "2025-06-01T22:30:00",
      started_at: "2025-06-01T17:00:00Z",
      ended_at: "2025-06-01T17:00:00Z",
    });
    expect(await weeks("moved")).toEqual([
      ["2025-W22", 1],
      ["2025-W23", 1],
    ]);
    await sendNew(service, [
      trip({ source: "moved", trip_id: "next", region: "Elsewhere", started_at: "2025-06-02T20:00:00Z", origin: OSLO }),
    ]);
    expect((await stored("moved", "next")).local_time).toBe("2025-06-03T01:30:00");
  });

  it("can be defined once its only trip is cancelled, and a cancelled trip may come again under the new zone", async () => {
    const one = trip({
      source: "again",
      trip_id: "r1",
      region: "Later",
      started_at: "2025-06-01T23:30:00Z",
      origin: OSLO,
    });
    await sendNew(service, [one]);
    await call(service, "/v1/trips/again/r1", { method: "DELETE" });
    expect((await put("Later", "?time_zone=Asia/Kolkata")).status).toBe(200);
    expect((await send(service, [one])).body.inserted).toBe(1);
  });
});

describe("a FeatureCollection defines many regions at once", () => {
  const square = (lon: number) => ({
    type: "Polygon",
    coordinates: [
      [
        [lon, 50],
        [lon + 1, 50],
        [lon + 1, 51],
        [lon, 51],
        [lon, 50],
      ],
    ],
  });
  const collection = (names: (string | undefined)[]) => ({
    type: "FeatureCollection",
    features: names.map((quarter, i) => ({ type: "Feature", properties: { quarter }, geometry: square(i) })),
  });
  const putAll = (body: object, query: string) =>
    callJson<{ regions: { name: string; created: boolean }[]; errors: { field: string }[] }>(
      service,
      "PUT",
      `/v1/regions${query}`,
      body,
    );

  it("each by the name in a property; equal names are united", async () => {
    const { status, body } = await putAll(
      collection(["Altona", "Bergedorf", "Altona"]),
      "?name=quarter&time_zone=Europe/Berlin",
    );
    expect([status, body.regions]).toEqual([
      200,
      [
        { name: "Altona", created: true },
        { name: "Bergedorf", created: true },
      ],
    ]);
    const altona = (await region("Altona")).body as Region & { boundary: { coordinates: unknown[] } };
    expect([altona.time_zone, altona.boundary.coordinates.length]).toEqual(["Europe/Berlin", 2]);
  });

  it("all or none of them", async () => {
    const nameless = await putAll(collection(["Fine", undefined]), "?name=quarter");
    expect([nameless.status, nameless.body.errors[0]?.field]).toEqual([400, "body.features[1].properties.quarter"]);
    const bad = collection(["Good", "Bad"]);
    const bowTie = [
      [0, 0],
      [2, 2],
      [2, 0],
      [0, 2],
      [0, 0],
    ];
    (bad.features[1] as { geometry: object }).geometry = { type: "Polygon", coordinates: [bowTie] };
    const crossing = await putAll(bad, "?name=quarter");
    expect([crossing.status, (crossing.body as { region?: string }).region]).toEqual([422, "Bad"]);
    for (const name of ["Fine", "Good"]) expect((await region(name)).status).toBe(404);
    expect((await putAll(bad, "?name=quarter&make_valid=true")).status).toBe(200);
  });
});

describe("a receipt warns of", () => {
  const warningsOf = async (rows: object[], options = {}) => {
    const { body } = await send(service, rows, options);
    const { body: again } = await call<typeof body>(service, `/v1/batches/${body.batch_id}`);
    expect(again.warnings).toEqual(body.warnings);
    return Object.fromEntries((body.warnings ?? []).map(({ code, rows: count }) => [code, count]));
  };

  it("origins outside the region that a row names, and coordinates that look exchanged", async () => {
    const boundary = {
      type: "Polygon",
      coordinates: [
        [
          [7.6, 45],
          [7.8, 45],
          [7.8, 45.2],
          [7.6, 45.2],
          [7.6, 45],
        ],
      ],
    };
    await put("Warned", "?time_zone=Europe/Rome", { boundary });
    const at = (origin: Point, more = {}) =>
      trip({ source: "warned", region: "Warned", trip_id: `${origin} ${JSON.stringify(more)}`, origin, ...more });
    expect(await warningsOf([at([7.7, 45.1]), at([9.2, 45.5]), at([45.1, 7.7]), at([7.61, 45.01])])).toEqual({
      outside_boundary: 1,
      exchanged_coordinates: 1,
    });
    const nowhere = { region: undefined, started_at: "2018-05-21T08:00:00" };
    expect(
      await warningsOf([
        at([51.5, -0.1], nowhere),
        at([45.1, 7.7], { ...nowhere, destination: [7.71, 45.12] }),
        at([7.7, 45.1], { ...nowhere, destination: [7.71, 45.12] }),
      ]),
    ).toEqual({ exchanged_coordinates: 2 });
  });

  it("zones that were found by the place, equal rows, and cancelled trips", async () => {
    const moment = trip({ source: "counted", started_at: "2018-05-21T08:00:00Z", origin: OSLO });
    expect(await warningsOf([moment, moment, { ...moment, origin: [10.8, 59.9] }])).toEqual({
      equal_rows: 1,
      time_zone_by_place: 3,
    });
    expect(await warningsOf([moment])).toEqual({ time_zone_by_place: 1 });
    const one = trip({ source: "counted", trip_id: "c" });
    await sendNew(service, [one]);
    await call(service, "/v1/trips/counted/c", { method: "DELETE" });
    expect(await warningsOf([one])).toEqual({ cancelled: 1 });
    expect(await warningsOf([trip({ source: "counted", trip_id: "fine" })])).toEqual({});
  });

  it("all rows of a large batch together", async () => {
    const rows = Array.from({ length: 6000 }, (_, i) =>
      trip({ source: "long", attributes: { i: i % 5990 }, origin: OSLO }),
    );
    const { body } = await send(service, rows, { headers: { prefer: "respond-async" } });
    const read = async () => (await call<typeof body>(service, `/v1/batches/${body.batch_id}`)).body;
    await expect.poll(async () => (await read()).state, { timeout: 60_000 }).toBe("committed");
    expect((await read()).warnings).toMatchObject([{ code: "equal_rows", rows: 10 }]);
  });
});

it("the map of time zones is the one that package.json pins", async () => {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  const [settings] = await service.sql<{ places: string }[]>`select places from tripgrid.settings`;
  expect(settings?.places).toBe(`@photostructure/tz-lookup ${dependencies["@photostructure/tz-lookup"]}`);
});
