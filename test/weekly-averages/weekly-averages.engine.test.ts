import { beforeAll, describe, expect, it } from "vitest";
import { MAX_VERTICES } from "../../src/geo/area.ts";
import type { ByRegionAnswer, WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, callJson, corners, type Problem, polygon, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

/** What an estimate has bounds of. */
const BOUNDS = ["trips", "average", "weeks_with_trips", "average_over_weeks_with_trips"] as const;

const ask = async (query: string) => (await call<WeeklyAnswer>(service, `/v1/weekly-averages?${query}`)).body;
const byRegion = async (query: string) =>
  (await call<ByRegionAnswer>(service, `/v1/weekly-averages/by-region?${query}`)).body;

const NOTHING = { trips: 0, weeks_with_trips: 0, average_over_weeks_with_trips: null };

describe("before the first trip", () => {
  it("there is no window unless dates make one", async () => {
    const empty = { ...NOTHING, window: null, weeks_in_window: 0, average: null, weeks: [], method: "exact" };
    expect(await ask("")).toMatchObject(empty);
    expect(await ask("bbox=7,45,8,46")).toMatchObject(empty);
    expect(await ask("from=2018-05-09&to=2018-05-15")).toMatchObject({
      ...NOTHING,
      window: { from: "2018-05-07", to: "2018-05-21" },
      weeks_in_window: 2,
      average: 0,
      weeks: [
        { week: "2018-W19", start: "2018-05-07", trips: 0 },
        { week: "2018-W20", start: "2018-05-14", trips: 0 },
      ],
    });
    expect(await byRegion("")).toMatchObject({ window: null, weeks_in_window: 0, regions: [] });
  });
});

describe("the window", () => {
  beforeAll(async () => {
    const at = (started_at: string, more = {}) => trip({ source: "window", started_at, ...more });
    await sendNew(service, [
      at("2018-05-07T00:00:00"),
      at("2018-05-13T23:59:59.999999"),
      at("2018-05-14T00:00:00", { region: "Turin" }),
      at("2018-06-03T12:00:00", { region: "Turin" }),
      at("2019-01-01T12:00:00", { source: "later" }),
    ]);
  });

  const W19_TO_W22 = ["2018-W19 2", "2018-W20 1", "2018-W21 0", "2018-W22 1"];
  it.each([
    ["runs from the first week with a trip to the last", "", W19_TO_W22],
    ["follows the selection", "&region=Turin", ["2018-W20 1", "2018-W21 0", "2018-W22 1"]],
    ["is the whole weeks that hold from and to", "&from=2018-05-09&to=2018-05-14", ["2018-W19 2", "2018-W20 1"]],
    ["is one week if both are in it", "&from=2018-05-13&to=2018-05-13", ["2018-W19 2"]],
    ["begins at from, and ends with the last week", "&from=2018-05-20", ["2018-W20 1", "2018-W21 0", "2018-W22 1"]],
    ["ends at to, and begins with the first week", "&to=2018-05-14", ["2018-W19 2", "2018-W20 1"]],
    [
      "goes beyond the trips if it is told to",
      "&from=2018-04-30&to=2018-06-04",
      ["2018-W18 0", ...W19_TO_W22, "2018-W23 0"],
    ],
    ["is the week of from if nothing follows", "&from=2018-07-01", ["2018-W26 0"]],
    ["is the week of to if nothing precedes", "&to=2018-05-01", ["2018-W18 0"]],
    ["runs over the end of a year", "&from=2018-12-30&to=2019-01-01", ["2018-W52 0", "2019-W01 0"]],
  ])("%s", async (_, query, expected) => {
    const answer = await ask(`source=window${query}`);
    expect(answer.weeks.map(({ week, trips }) => `${week} ${trips}`)).toEqual(expected);
    const counts = answer.weeks.map(({ trips }) => Number(trips));
    const trips = counts.reduce((sum, n) => sum + n, 0);
    const withTrips = counts.filter((n) => n > 0).length;
    expect(answer).toMatchObject({
      trips,
      weeks_in_window: expected.length,
      average: trips / expected.length,
      weeks_with_trips: withTrips,
      average_over_weeks_with_trips: withTrips ? trips / withTrips : null,
    });
    const monday = new Date(`${answer.weeks.at(-1)?.start}T00:00:00Z`).getTime() + 7 * 86_400_000;
    expect(answer.window).toEqual({ from: answer.weeks[0]?.start, to: new Date(monday).toISOString().slice(0, 10) });
  });

  it("says when it was answered", async () => {
    const before = Date.now();
    const { data_as_of } = await ask("");
    expect(Math.abs(Date.parse(data_as_of) - before)).toBeLessThan(60_000);
  });

  it("may not end before it begins", async () => {
    const reply = await call<Problem>(service, "/v1/weekly-averages?from=2018-05-10&to=2018-05-09");
    expect([reply.status, reply.body.code]).toEqual([400, "invalid_parameter"]);
    expect((await call(service, "/v1/weekly-averages/by-region?from=2018-05-10&to=2018-05-09")).status).toBe(400);
  });

  it("of by-region is one for all, and trips without a region have a row of their own", async () => {
    expect(await byRegion("source=window")).toMatchObject({
      window: { from: "2018-05-07", to: "2018-06-04" },
      weeks_in_window: 4,
      regions: [
        { region: "Turin", trips: 2, average: 0.5, weeks_with_trips: 2, average_over_weeks_with_trips: 1 },
        { region: null, trips: 2, average: 0.5, weeks_with_trips: 1, average_over_weeks_with_trips: 2 },
      ],
    });
    expect(await byRegion("source=window&from=2018-05-14&to=2018-05-14")).toMatchObject({
      weeks_in_window: 1,
      regions: [{ region: "Turin", trips: 1, average: 1 }],
    });
  });
});

describe("hours and days", () => {
  beforeAll(async () => {
    // Four weeks with one trip an hour: the hour's own number of minutes tells them apart.
    const rows = Array.from({ length: 4 * 7 * 24 }, (_, i) =>
      trip({
        source: "hours",
        region: "H",
        started_at: new Date(Date.UTC(2018, 4, 7, i, i % 60)).toISOString().slice(0, 19),
      }),
    );
    await sendNew(service, rows);
  });

  it.each([
    ["hours=7-9", 4 * 7 * 3],
    ["hours=7-9,17", 4 * 7 * 4],
    ["hours=22-4", 4 * 7 * 7],
    ["hours=23", 4 * 7],
    ["hours=0-23", 4 * 7 * 24],
    ["days=mon-fri", 4 * 5 * 24],
    ["days=sat,sun", 4 * 2 * 24],
    ["days=sun-mon", 4 * 2 * 24],
    ["hours=22-4&days=fri-mon", 4 * 4 * 7],
    ["hours=7-9&days=mon&from=2018-05-14&to=2018-05-20", 3],
  ])("%s selects %d trips by their local start", async (query, trips) => {
    expect((await ask(`source=hours&${query}`)).trips).toBe(trips);
    expect((await ask(`source=hours&bbox=7,45,8,46&${query}`)).trips).toBe(trips);
    expect((await byRegion(`source=hours&${query}`)).regions).toMatchObject([{ region: "H", trips }]);
  });

  it("leave weeks out of the window that have no such trip at its ends", async () => {
    await sendNew(service, [
      trip({ source: "ends", started_at: "2018-05-07T03:00:00" }),
      trip({ source: "ends", started_at: "2018-05-16T08:00:00" }),
    ]);
    expect((await ask("source=ends&hours=8")).window).toEqual({ from: "2018-05-14", to: "2018-05-21" });
  });
});

describe("the SQL function", () => {
  it("gives an analyst the same as HTTP", async () => {
    const area = polygon(corners(7.5, 45, 7.7, 45.1));
    const http = await callJson<WeeklyAnswer>(service, "POST", "/v1/weekly-averages", {
      area,
      match: "either",
      source: "hours",
      from: "2018-05-08",
      hours: "7-9",
      days: "mon-fri",
    });
    const [row] = await service.sql`
      select * from tripgrid.weekly_averages(
        area => st_makeenvelope(7.5, 45, 7.7, 45.1), match => 'either', source => 'hours',
        from_date => '2018-05-08', hours => array[7, 8, 9], days => array[1, 2, 3, 4, 5])`;
    const { window_from, window_to, method_used: method, data_as_of, ...rest } = row ?? {};
    const { window, data_as_of: answered, ...body } = http.body;
    const noBounds = Object.fromEntries(
      BOUNDS.flatMap((name) => [`${name}_lower`, `${name}_upper`]).map((n) => [n, null]),
    );
    // There are no retired weeks, of which HTTP then says nothing.
    expect({ window: { from: window_from, to: window_to }, method, ...rest }).toEqual({
      window,
      ...body,
      ...noBounds,
      retired_before: null,
    });
    expect(body.trips).toBe(4 * 5 * 3);
    expect([data_as_of, answered]).toEqual([expect.stringMatching(/Z$/), expect.stringMatching(/Z$/)]);
  });

  it("gives bounds with an estimate", async () => {
    const question = { area: polygon(corners(7.5, 45, 7.7, 45.1)), source: "hours", method: "estimate" };
    const { body } = await callJson<WeeklyAnswer>(service, "POST", "/v1/weekly-averages", question);
    const { body: exact } = await callJson<WeeklyAnswer>(service, "POST", "/v1/weekly-averages", {
      ...question,
      method: "exact",
    });
    expect(body.method).toBe("estimate");
    for (const name of BOUNDS) {
      const [lower, upper] = body[`${name}_bounds`] ?? [null, null];
      expect(lower, name).toBeLessThanOrEqual(exact[name] ?? Number.NaN);
      expect(upper, name).toBeGreaterThanOrEqual(exact[name] ?? Number.NaN);
    }
    for (const { week, trips } of exact.weeks) {
      const [lower, upper] = body.weeks.find((one) => one.week === week)?.trips_bounds ?? [Infinity, -Infinity];
      expect(lower).toBeLessThanOrEqual(Number(trips));
      expect(upper).toBeGreaterThanOrEqual(Number(trips));
    }
    expect(Object.keys(exact).filter((name) => name.endsWith("_bounds"))).toEqual([]);
  });

  it("gives the same by region", async () => {
    const rows = await service.sql`
      select region, trips, average, weeks_with_trips from tripgrid.weekly_averages_by_region(source => 'window')`;
    const { regions } = await byRegion("source=window");
    expect([...rows]).toEqual(regions.map(({ average_over_weeks_with_trips: _, ...region }) => region));
  });

  it.each([
    ["match => 'middle'", /match: expected/],
    ["from_date => '2018-05-10', to_date => '2018-05-09'", /is after to/],
    ["from_date => 'infinity'", /from: expected a date/],
    ["hours => array[24]", /hours: expected/],
    ["days => array[0]", /days: expected/],
    ["area => st_makepoint(1, 2)", /expected a polygon/],
    ["area => st_geomfromtext('POLYGON EMPTY')", /empty/],
    ["area => st_setsrid(st_makeenvelope(0, 0, 1, 1), 3857)", /SRID 3857/],
    ["area => st_makeenvelope(0, 0, 181, 1)", /leaves the world at \(181/],
    ["area => st_geomfromtext('POLYGON((0 0, 2 2, 2 0, 0 2, 0 0))')", /not valid.*1/],
    ["area => st_segmentize(st_makeenvelope(0, 0, 1, 1), 0.00003)", new RegExp(`at most ${MAX_VERTICES}`)],
  ])("says what is wrong with %s", async (argument, reason) => {
    const asked = service.sql.unsafe(`select * from tripgrid.weekly_averages(${argument})`);
    await expect(asked).rejects.toMatchObject({
      code: expect.stringMatching(/^TG/),
      message: expect.stringMatching(reason),
    });
  });

  it("takes an area with heights, and leaves them out", async () => {
    const [row] = await service.sql`
      select trips from tripgrid.weekly_averages(area => st_force3d(st_makeenvelope(7.5, 45, 7.7, 45.1)), source => 'hours')`;
    expect(row?.trips).toBe(4 * 7 * 24);
  });
});
