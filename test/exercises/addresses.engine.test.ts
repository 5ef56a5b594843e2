import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import type { StoredDetection } from "../../src/detections/detections.ts";
import type { Vehicle } from "../../src/exercises/vehicle.ts";
import { openEvents } from "../alerts/events-of.ts";
import { as, makeKey } from "../auth/support.ts";
import { call, callJson, trip } from "../harness/api.ts";
import { sharedData, startTestService, type TestService, useService } from "../harness/index.ts";
import { inboxOf } from "../imports/import-files.ts";

const BOOKING = {
  booking_id: 132512,
  user_id: 22177,
  vehicle_model_id: 28,
  package_id: null,
  travel_type_id: 2,
  from_area_id: 83,
  to_area_id: 448,
  from_city_id: null,
  to_city_id: null,
  from_date: "1/1/2013 2:00:00",
  to_date: null,
  online_booking: 0,
  mobile_site_booking: 0,
  booking_created: "1/1/2013 1:39:00",
  from_lat: 12.92415,
  from_long: 77.67229,
  to_lat: 12.92732,
  to_long: 77.63575,
  driver_id: 0,
};

const SAMPLE = {
  region: "Turin",
  datasource: "baba_car",
  datetime: "Mon, 21 May 2018 02:54:04 GMT",
  origin_coord_point_x: "7.67283791328688",
  origin_coord_point_y: "44.995710924205",
  destination_coord_point_x: "7.72036863753512",
  destination_coord_point_y: "45.0678238539384",
};

interface Status {
  review: string;
  details?: { file: string; lead_time: string; num_rows: number; result: string }[];
}

const dataOf = async <T = Record<string, unknown>>(service: TestService, path: string): Promise<T[]> => {
  const { status, body } = await call<{ data: T[] }>(service, path);
  expect([path, status]).toEqual([path, 200]);
  expect(Object.keys(body)).toEqual(["data"]);
  return body.data;
};

const statusOf = async (service: TestService) => (await call<Status>(service, "/vehicles/ingest-data/status")).body;

/** Puts a file into the inbox, and posts that it is to be taken. */
async function ingest(service: TestService, file: string, name: string): Promise<Status> {
  await copyFile(file, join(inboxOf(service), name));
  const reply = await fetch(`${service.url}/vehicles`, { method: "POST" });
  expect([reply.status, await reply.text()]).toEqual([202, "Ingestion Started"]);
  return vi.waitFor(
    async () => {
      const status = await statusOf(service);
      expect(status.review).toBe("Process Finished");
      return status;
    },
    { timeout: 60_000, interval: 50 },
  );
}

describe("POST /xride_data", () => {
  const service = useService();

  it("stores the booking and replies with its id, also when it is sent again", async () => {
    for (const [inserted, duplicates] of [
      [1, 0],
      [0, 1],
    ]) {
      const { status, headers, body } = await callJson(service, "POST", "/xride_data", BOOKING);
      expect([status, body]).toEqual([200, { booking_id: 132512, status: "Success" }]);
      expect(headers.get("ratelimit-policy")).toContain("ingest");
      const receipt = await call<Receipt>(service, receiptAddress(headers));
      expect(receipt.body).toMatchObject({ state: "committed", inserted, duplicates, mapping: "xrides" });
    }
    const stored = await call(service, "/v1/trips/xrides/132512");
    expect(stored.body).toMatchObject({ rider_id: "22177", local_time: "2013-01-01T02:00:00" });
  });

  it.each([
    [{ vehicle_model_id: "28" }, /^vehicle_model_id: .*integer/],
    [{ booking_created: "1/1-2013 1:39:00" }, /^booking_created: .*M\/D\/YYYY H:MM/],
    [{ from_lat: null, to_lat: 91 }, /^from_lat: .*; to_lat: /],
  ])("says of a booking with %j what is wrong, and keeps it as a rejected row", async (wrong, message) => {
    const { status, headers, body } = await callJson<Record<string, string>>(service, "POST", "/xride_data", {
      ...BOOKING,
      ...wrong,
    });
    expect([status, Object.keys(body).toSorted(), body.status]).toEqual([200, ["error_message", "status"], "Failed"]);
    expect(body.error_message).toMatch(message);
    const receipt = await call<Receipt>(service, receiptAddress(headers));
    expect(receipt.body).toMatchObject({ state: "committed", inserted: 0, rejected: 1 });
  });

  it.each(["", "[]", `[${JSON.stringify(BOOKING)}]`, "5", "null", "{", `${JSON.stringify(BOOKING)}\n{}`])(
    "refuses %j, which is not one booking, and stores nothing",
    async (body) => {
      const reply = await call(service, "/xride_data", { method: "POST", body });
      expect(reply.status).toBe(400);
      expect(["invalid_json", "invalid_body"]).toContain(reply.body.code);
      expect(reply.headers.get("link")).toBeNull();
    },
  );
});

const receiptAddress = (headers: Headers): string =>
  /^<(\/v1\/batches\/[0-9a-f-]{36})>; rel="describedby"$/.exec(headers.get("link") ?? "")?.[1] ?? "no link";

describe("files in the inbox", () => {
  // Nothing is taken by itself.
  const service = useService({}, { inboxMs: undefined });
  const fixture = join(import.meta.dirname, "fixture.csv");

  beforeAll(async () => {
    expect(await statusOf(service)).toEqual({ review: "Nothing is being processed" });
    const status = await ingest(service, fixture, "trips.csv");
    expect(status).toEqual({
      review: "Process Finished",
      start_time: expect.any(String),
      end_time: expect.any(String),
      lead_time: expect.stringMatching(/^0:00:\d\d\.\d{6}$/),
      details: [
        {
          file: "trips.csv",
          lead_time: expect.stringMatching(/^0:00:\d\d\.\d{6}$/),
          num_rows: 4,
          result: "Successful Data Ingestion",
        },
      ],
    });
  });

  it.each([
    ["", ["2018-06-04", "2018-05-28", "2018-05-22", "2018-05-21"]],
    ["?region=Turin&limit=2", ["2018-06-04", "2018-05-22"]],
    ["?datasource=funny_car", ["2018-05-28"]],
    ["?date=2018-05-22", ["2018-05-22"]],
    ["?origin_coord_x=7.5", ["2018-06-04", "2018-05-22"]],
    ["?origin_coord_x=7.5&origin_coord_y=45&destination_coord_y=45.25", ["2018-05-22"]],
    ["?origin_coord_y=45&destination_coord_x=7.75", ["2018-06-04", "2018-05-22"]],
    ["?origin_coord_x=7.67283791328688&origin_coord_y=44.995710924205", ["2018-05-21"]],
    ["?destination_coord_x=7.72036863753512&destination_coord_y=45.0678238539384", ["2018-05-21"]],
    ["?origin_coord_x=180", []],
    ["?date=2018-05-23", []],
  ])("are listed by /vehicles%s", async (query, dates) => {
    const found = await dataOf<Vehicle>(service, `/vehicles${query}`);
    expect(found.map(({ datetime }) => new Date(datetime).toISOString().slice(0, 10))).toEqual(dates);
    for (const one of found) expect((await call(service, `/vehicles/${one.id}`)).body).toEqual(one);
  });

  it("are shown as the exercise shows them", async () => {
    const [only] = await dataOf(service, "/vehicles?date=2018-05-21");
    expect(only).toEqual({ id: expect.any(Number), ...SAMPLE });
  });

  it("are counted by region, source and week", async () => {
    expect(await dataOf(service, "/vehicles/region/count")).toEqual([
      { count: 1, region: "Prague" },
      { count: 3, region: "Turin" },
    ]);
    expect(await dataOf(service, "/vehicles/datasource/count")).toEqual([
      { count: 2, datasource: "baba_car" },
      { count: 1, datasource: "cheap_mobile" },
      { count: 1, datasource: "funny_car" },
    ]);
    expect(await dataOf(service, "/vehicles/weekly_trips/region")).toEqual([
      { freq_trip: 2, region: "Turin", week_number: 21 },
      { freq_trip: 1, region: "Prague", week_number: 22 },
      { freq_trip: 1, region: "Turin", week_number: 23 },
    ]);
    expect(await dataOf(service, "/vehicles/weekly_avg_trips/region")).toEqual([
      { freq_avg_weekly_trips: "1.5000000000000000", region: "Turin" },
      { freq_avg_weekly_trips: "1.0000000000000000", region: "Prague" },
    ]);
  });

  it.each([
    "limit=0",
    "limit=1001",
    "date=21.5.2018",
    "origin_coord_x=",
    "origin_coord_x=181",
    "destination_coord_y=1e1",
    "skip=1",
  ])("are not listed by a wrong parameter, %s", async (query) => {
    const { status, body } = await call(service, `/vehicles?${query}`);
    expect([status, body.errors?.[0]?.field]).toEqual([400, query.split("=")[0]]);
  });

  it.each(["0", "1", "-1", "x", "9007199254740993", "99999999999999999999"])("has no vehicle %s", async (id) => {
    expect((await call(service, `/vehicles/${id}`)).status).toBe(404);
  });

  it("are taken once: what is new is appended, what is known is left", async () => {
    const before = await dataOf(service, "/vehicles/region/count");
    const again = await fetch(`${service.url}/vehicles`, { method: "POST" });
    expect(again.status).toBe(202);
    const status = await ingest(service, fixture, "again.csv");
    expect(status.details?.at(-1)).toMatchObject({ file: "again.csv", num_rows: 0 });
    expect(status.details).toHaveLength(2);
    expect(await dataOf(service, "/vehicles/region/count")).toEqual(before);
  });

  it("say why they cannot be read", async () => {
    await writeFile(join(inboxOf(service), "bad.json"), "{");
    await fetch(`${service.url}/vehicles`, { method: "POST" });
    await vi.waitFor(
      async () => {
        const { details = [] } = await statusOf(service);
        expect(details.at(-1)).toMatchObject({
          file: "bad.json",
          result: expect.stringMatching(/^Failed Data Ingestion: /),
        });
      },
      { timeout: 60_000, interval: 50 },
    );
  });
});

const trips = sharedData("trips.csv");
describe.skipIf(!trips)(`the figures of trips.csv${trips ? "" : " (skipped: the shared data are missing)"}`, () => {
  const service = useService({}, { inboxMs: undefined });
  beforeAll(async () => {
    const status = await ingest(service, trips ?? "", "trips.csv");
    expect(status.details).toMatchObject([{ num_rows: 100, result: "Successful Data Ingestion" }]);
  });

  it.each([
    [
      "/vehicles/region/count",
      [
        { count: 28, region: "Hamburg" },
        { count: 34, region: "Prague" },
        { count: 38, region: "Turin" },
      ],
    ],
    [
      "/vehicles/weekly_trips/region",
      [
        { freq_trip: 5, region: "Hamburg", week_number: 18 },
        { freq_trip: 10, region: "Prague", week_number: 18 },
        { freq_trip: 8, region: "Turin", week_number: 18 },
      ],
    ],
    [
      "/vehicles/weekly_avg_trips/region",
      [
        { freq_avg_weekly_trips: "7.6000000000000000", region: "Turin" },
        { freq_avg_weekly_trips: "6.8000000000000000", region: "Prague" },
        { freq_avg_weekly_trips: "5.6000000000000000", region: "Hamburg" },
      ],
    ],
  ])("%s", async (path, expected) => {
    expect((await dataOf(service, path)).slice(0, expected.length)).toEqual(expected);
  });

  it("/vehicles?region=Turin", async () => {
    const found = await dataOf<Vehicle>(service, "/vehicles?region=Turin&limit=1000");
    expect(found).toHaveLength(38);
    expect(found).toContainEqual({ id: expect.any(Number), ...SAMPLE });
    expect(await dataOf(service, "/vehicles?region=Turin")).toEqual(found.slice(0, 10));
    for (const one of found) expect((await call(service, `/vehicles/${one.id}`)).body).toEqual(one);
  });
});

describe("vehicle detections", () => {
  const service = useService({ suspiciousVehicle: ["SUV"] });

  it("are listed with a UUID each, counted by make, and followed as alerts", async () => {
    const following = await openEvents(service, undefined, "/alerts");
    const message = { Year: 2011, Make: "Toyota", Model: "Land Cruiser", Category: "SUV" };
    await callJson(service, "POST", "/v1/detections", [
      message,
      { ...message, Make: "Fiat", Category: "Car" },
      message,
    ]);
    const { body } = await call<{ data: StoredDetection[]; total: number }>(service, "/detections?skip=0&limit=2");
    expect([body.data.length, body.total]).toEqual([2, 3]);
    const next = await call<{ data: StoredDetection[] }>(service, "/detections?skip=2&limit=2");
    const all = [...body.data, ...next.body.data];
    expect(new Set(all.map(({ id }) => id)).size).toBe(3);
    expect(all.filter(({ Make }) => Make === "Toyota")).toMatchObject([message, message]);
    expect((await call(service, "/detections")).body).toMatchObject({ data: all, total: 3 });
    expect((await call(service, "/stats")).body).toEqual({
      data: [
        { Make: "Toyota", count: 2 },
        { Make: "Fiat", count: 1 },
      ],
    });
    await expect.poll(() => following.events.length, { timeout: 60_000 }).toBe(2);
    expect(following.events[0]?.data).toMatchObject({ rule: "suspicious-vehicle", detection: message });
    following.close();
  });

  it("are not counted by make where an answer would lack some makes", async () => {
    await service.sql`
      insert into tripgrid_internal.detection_count_changes (dimension, value, day, n)
      select 'make', 'make ' || i, '2025-03-05', 1 from generate_series(1, 10001) i`;
    const { status, body } = await call(service, "/stats");
    expect([status, body.code]).toEqual([422, "query_too_large"]);
  });
});

describe("with authentication", () => {
  const service = useService({}, { inboxMs: undefined });
  const booking = (more: object = {}) => ({ ...BOOKING, ...more });

  it("POST /users makes a user who logs in and may read", async () => {
    const user = { username: "ana", password: "correct horse battery" };
    const made = await as(service, service.ownKey).post("/users", user);
    expect([made.status, made.body]).toEqual([
      201,
      expect.objectContaining({ username: "ana", scopes: ["read", "trips"] }),
    ]);
    expect((await as(service, undefined).post("/users", { ...user, username: "eve" })).status).toBe(401);
    const login = await as(service, undefined).post<{ access_token: string }>("/v1/tokens", {
      grant_type: "password",
      ...user,
    });
    const token = as(service, login.body.access_token);
    expect((await token.get("/vehicles")).status).toBe(200);
    expect((await token.get("/vehicles/region/count")).status).toBe(200);
    expect((await token.post("/vehicles", undefined)).body.code).toBe("missing_scope");
    expect((await token.post("/users", { ...user, username: "eve" })).body.code).toBe("missing_scope");
    expect((await as(service, undefined).get("/vehicles")).status).toBe(401);
  });

  it("a key that is bound to a source or region sends, lists and counts its own trips only", async () => {
    const all = as(service, service.ownKey);
    const native = (source: string, region: string, started_at: string) => ({
      source,
      region,
      started_at,
      origin: [7, 45],
    });
    await all.post("/v1/trips", [
      native("mine", "Turin", "2018-05-21T08:00:00"),
      native("other", "Prague", "2018-05-21T09:00:00"),
    ]);
    const bounds = [{ source: "mine" }, { region: "Turin" }];
    const [other] = (await all.get<{ data: Vehicle[] }>("/vehicles?datasource=other")).body.data;
    for (const [i, bound] of bounds.entries()) {
      const scopes = ["ingest", "read", "trips", "admin"] as const;
      const { key } = await makeKey(service, [...scopes], { name: `bound ${i}`, ...bound });
      const own = as(service, key);
      const ride = await own.post<Record<string, string>>("/xride_data", booking({ booking_id: i }));
      expect(ride.body).toMatchObject({ status: "Failed", error_message: expect.stringMatching(/^(source|region): /) });
      const listed = await own.get<{ data: Vehicle[] }>("/vehicles");
      expect(listed.body.data.map(({ datasource }) => datasource)).toEqual(["mine"]);
      expect((await own.get(`/vehicles/${other?.id}`)).status).toBe(404);
      const foreign = i === 0 ? "/vehicles?datasource=other" : "/vehicles?region=Prague";
      expect((await own.get(foreign)).body.code).toBe("bound_credential");
      for (const path of ["/vehicles/region/count", "/vehicles/datasource/count", "/vehicles/weekly_trips/region"]) {
        expect((await own.get<{ data: object[] }>(path)).body.data).toHaveLength(1);
      }
      const average = await own.get<{ data?: object[]; code?: string }>("/vehicles/weekly_avg_trips/region");
      if (i === 0) expect(average.body.data).toHaveLength(1);
      else expect(average.body.code).toBe("bound_credential");
      for (const [method, path] of [
        ["POST", "/vehicles"],
        ["GET", "/detections"],
        ["GET", "/stats"],
        ["GET", "/alerts"],
        ["POST", "/v1/detections"],
        ["GET", "/v1/detections"],
        ["GET", "/v1/detections/stats"],
        ["GET", "/v1/alerts"],
        ["GET", "/v1/alert-rules"],
        ["PUT", "/v1/alert-rules/x"],
        ["GET", "/vehicles/ingest-data/status"],
        ["POST", "/users"],
      ] as const) {
        expect([path, (await own.ask(method, path)).body.code]).toEqual([path, "bound_credential"]);
      }
    }
  });
});

describe("where they are switched off", () => {
  it("the addresses do not exist, and the document does not know them", async () => {
    const service = await startTestService({ exercises: false });
    try {
      for (const path of ["/vehicles", "/vehicles/region/count", "/vehicles/ingest-data/status", "/stats", "/alerts"]) {
        expect((await call(service, path)).status).toBe(404);
      }
      expect((await callJson(service, "POST", "/xride_data", BOOKING)).status).toBe(404);
      const { body } = await call<{ paths: object }>(service, "/openapi.json");
      expect(
        Object.keys(body.paths).filter((path) => /vehicles|xride|^\/(users|detections|stats|alerts)/.test(path)),
      ).toEqual([]);
    } finally {
      await service.stop();
    }
  });

  it("single trips are not shown where TRIPGRID_EXPOSE_TRIPS forbids it", async () => {
    const service = await startTestService({ exposeTrips: false });
    try {
      for (const path of ["/vehicles", "/vehicles/1"]) {
        expect((await call(service, path)).body.code).toBe("trip_access_disabled");
      }
      await callJson(service, "PUT", "/v1/alert-rules/all", { on: "trips", where: { source: "hidden" } });
      await callJson(service, "PUT", "/v1/alert-rules/suvs", { on: "detections", where: { category: "SUV" } });
      const following = await openEvents(service, "0", "/alerts");
      await callJson(service, "POST", "/v1/trips", [trip({ source: "hidden" })]);
      await callJson(service, "POST", "/v1/detections", {
        ...{ Year: 2011, Make: "Toyota", Model: "Land Cruiser", Category: "SUV" },
      });
      await expect.poll(() => following.events.map(({ data }) => data.rule), { timeout: 60_000 }).toEqual(["suvs"]);
      following.close();
      const numbered = await service.sql`select rule from tripgrid.alerts where number is not null order by number`;
      expect(numbered.map(({ rule }) => rule)).toEqual(["all", "suvs"]);
      const { body } = await call<{ alerts: { rule: string }[] }>(service, "/v1/alerts");
      expect(body.alerts.map(({ rule }) => rule)).toEqual(["suvs"]);
    } finally {
      await service.stop();
    }
  });
});
