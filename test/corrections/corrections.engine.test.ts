import { describe, expect, it } from "vitest";
import type { StoredTrip } from "../../src/trips/trip.ts";
import { call, callJson, countOf, type Problem, send, sendNew, trip } from "../harness/api.ts";
import { countFrom, engine, useService } from "../harness/index.ts";

const service = useService();

const EIGHT = "2018-05-21T08:00:00";
const NINE = "2018-05-21T09:00:00";
const NEXT_YEAR = "2019-05-20T08:00:00";

const pathOf = (source: string, localTime?: string) =>
  `/v1/trips/${encodeURIComponent(source)}/a${localTime ? `?local_time=${localTime}` : ""}`;
const read = <T = StoredTrip>(source: string, localTime?: string) => call<T>(service, pathOf(source, localTime));
const put = <T = StoredTrip>(source: string, body: unknown, localTime?: string) =>
  callJson<T>(service, "PUT", pathOf(source, localTime), body);
const cancel = async (source: string, localTime?: string) =>
  (await call(service, pathOf(source, localTime), { method: "DELETE" })).status;

/** The trips of a source with the id `a` at these times. */
const at = (source: string, ...times: string[]) =>
  times.map((started_at) => trip({ source, trip_id: "a", started_at }));

/** The local times at which there is a trip with the id `a`. */
async function timesOf(source: string): Promise<string[]> {
  const { status, body } = await read<StoredTrip & Problem>(source);
  if (status === 404) return [];
  return status === 409 ? (body.local_times as string[]) : [body.local_time];
}

async function weekly(source: string): Promise<{ week: string; trips: number }[]> {
  const { body } = await call<{ weeks: { week: string; trips: number }[] }>(
    service,
    `/v1/weekly-averages?bbox=7,45,8,46&source=${encodeURIComponent(source)}`,
  );
  return body.weeks.filter(({ trips }) => trips > 0).map(({ week, trips }) => ({ week, trips }));
}

/** The trips sent again, as a late retry would: all of them are duplicates. */
async function resend(rows: object[]): Promise<void> {
  const { status, body } = await send(service, rows);
  expect([status, body.inserted, body.duplicates]).toEqual([200, 0, rows.length]);
}

describe("PUT of a trip", () => {
  it("replaces all of it, and a late copy of the old one changes nothing", async () => {
    const old = trip({ source: "all", trip_id: "a", driver_id: "d1", region: "Turin", note: "x" });
    await sendNew(service, [old]);
    const corrected = { started_at: EIGHT, origin: [9.1, 45.4], destination: [9.2, 45.5], region: "Milan", seats: 2 };
    const { status, body } = await put("all", corrected);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      trip_id: "a",
      source: "all",
      local_time: EIGHT,
      region: "Milan",
      origin: [9.1, 45.4],
      destination: [9.2, 45.5],
      driver_id: null,
      attributes: { seats: 2 },
    });
    await resend([old]);
    expect((await read("all")).body).toEqual(body);
    expect(await weekly("all")).toEqual([]);
    expect(await countOf(service, "all")).toBe(1);
  });

  it("makes a region known that it brings", async () => {
    await sendNew(service, at("region", EIGHT));
    await put("region", { ...at("region", EIGHT)[0], region: "Brought" });
    const { body } = await call<{ regions: { name: string; has_trips: boolean }[] }>(service, "/v1/regions");
    expect(body.regions.find(({ name }) => name === "Brought")?.has_trips).toBe(true);
  });

  it("takes a trip as it was read, and then changes nothing", async () => {
    const full = trip({
      source: "again",
      trip_id: "a",
      region: "Turin",
      started_at: "2018-05-21T08:00:00.25",
      ended_at: "2018-05-21T08:30:00",
      booked_at: "2018-05-21T07:30:00+02:00",
      distance_m: 1200.5,
      destination: [7.7, 45.1],
      driver_id: "d",
      vehicle_model: "m",
      attributes: { a: [1, { b: null }] },
    });
    await sendNew(service, [full]);
    const { body } = await read("again");
    const reply = await put("again", body);
    expect([reply.status, reply.body]).toEqual([200, body]);
  });

  it("at another time moves it: the old identity is gone for good", async () => {
    const old = at("moves", EIGHT);
    await sendNew(service, old);
    const { status, body } = await put("moves", { started_at: NEXT_YEAR, origin: [7.6, 45.1] });
    expect([status, body.local_time]).toEqual([200, NEXT_YEAR]);
    await resend(old);
    expect(await timesOf("moves")).toEqual([NEXT_YEAR]);
    expect(await weekly("moves")).toEqual([{ week: "2019-W21", trips: 1 }]);
    const back = await put("moves", { started_at: EIGHT, origin: [7.6, 45.1] });
    expect([back.status, await timesOf("moves")]).toEqual([200, [EIGHT]]);
    await resend(at("moves", EIGHT, NEXT_YEAR));
  });

  it("onto the time of another one replaces that, too", async () => {
    await sendNew(service, at("onto", EIGHT, NINE));
    const { status, body } = await put("onto", { started_at: NINE, origin: [7.6, 45.1], driver_id: "new" }, EIGHT);
    expect([status, body.driver_id]).toEqual([200, "new"]);
    expect(await timesOf("onto")).toEqual([NINE]);
    await resend(at("onto", EIGHT, NINE));
    expect((await read("onto")).body).toEqual(body);
  });

  it("stores one that is not there, under a source that is new", async () => {
    const { status, body } = await put("stores", { started_at: EIGHT, origin: [7.6, 45.1] });
    expect(status).toBe(201);
    expect((await read("stores")).body).toEqual(body);
    expect(await weekly("stores")).toEqual([{ week: "2018-W21", trips: 1 }]);
    expect((await put("stores", { started_at: EIGHT, origin: [7.6, 45.2] }, EIGHT)).status).toBe(200);
    const elsewhen = await put<Problem>("stores", { started_at: NINE, origin: [7.6, 45.2] }, NEXT_YEAR);
    expect([elsewhen.status, elsewhen.body.code, await timesOf("stores")]).toEqual([404, "not_found", [EIGHT]]);
    expect((await put("stores", { started_at: NINE, origin: [7.6, 45.2] }, NINE)).status).toBe(201);
    expect(await timesOf("stores")).toEqual([EIGHT, NINE]);
  });

  it("brings a cancelled one back, also at another time", async () => {
    const rows = at("back", EIGHT);
    await sendNew(service, rows);
    expect(await cancel("back")).toBe(204);
    expect((await put("back", rows[0])).status).toBe(201);
    expect(await timesOf("back")).toEqual([EIGHT]);
    await resend(rows);
    expect(await cancel("back")).toBe(204);
    expect((await put("back", at("back", NINE)[0], EIGHT)).status).toBe(201);
    await resend(rows);
    expect(await timesOf("back")).toEqual([NINE]);
  });

  it("once more gives the same, also where it moves", async () => {
    await sendNew(service, at("twice", EIGHT, NEXT_YEAR));
    const body = { started_at: NINE, origin: [7.6, 45.1] };
    const first = await put("twice", body, EIGHT);
    const second = await put("twice", body, EIGHT);
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect(await timesOf("twice")).toEqual([NINE, NEXT_YEAR]);
  });

  it("of an id that several have needs a time, its own or one to choose by", async () => {
    await sendNew(service, at("several", EIGHT, NEXT_YEAR));
    const elsewhen = { started_at: NINE, origin: [7.6, 45.1] };
    const { status, body } = await put<Problem>("several", elsewhen);
    expect([status, body.code, body.local_times]).toEqual([409, "ambiguous_trip", [EIGHT, NEXT_YEAR]]);
    expect((await put("several", { started_at: EIGHT, origin: [7.6, 45.1] })).status).toBe(200);
    expect((await put("several", elsewhen, NEXT_YEAR)).status).toBe(200);
    expect(await timesOf("several")).toEqual([EIGHT, NINE]);
  });

  it("finds its local time by the zone of the region that it brings", async () => {
    await callJson(service, "PUT", "/v1/regions/Bengaluru", { time_zone: "Asia/Kolkata" });
    await sendNew(service, at("zones", EIGHT));
    const { status, body } = await put("zones", {
      started_at: "2018-05-20T20:00:00Z",
      region: "Bengaluru",
      origin: [77.6, 12.9],
    });
    expect([status, body.local_time, body.started_at]).toEqual([200, "2018-05-21T01:30:00", "2018-05-20T20:00:00Z"]);
    await resend(at("zones", EIGHT));
  });

  it("knows a trip that was read where clocks were changed: what they skip, and both hours that they repeat", async () => {
    await callJson(service, "PUT", "/v1/regions/Clocks", { time_zone: "Europe/Rome" });
    const times = ["2018-03-25T02:30:00", "2018-10-28T00:30:00Z", "2018-10-28T01:30:00Z"];
    for (const [i, started_at] of times.entries()) {
      await sendNew(service, [trip({ source: `clocks ${i}`, trip_id: "a", region: "Clocks", started_at })]);
      const { body } = await read(`clocks ${i}`);
      const reply = await put(`clocks ${i}`, body);
      expect([reply.status, reply.body]).toEqual([200, body]);
    }
  });

  it.each<[string, Record<string, unknown> | unknown[], string, RegExp]>([
    ["another id", { trip_id: "b" }, "trip_id", /expected "a" as in the address/],
    ["another source", { source: "x" }, "source", /expected "faulty" as in the address/],
    ["no origin", { origin: null }, "origin", /needs an origin/],
    ["a number as text", { duration_s: "90" }, "duration_s", /expected a number/],
    ["a time before 2000", { started_at: "1999-01-01T00:00:00" }, "started_at", /before 2000-01-01/],
    ["no time", { started_at: null }, "started_at", /needs the time/],
    ["a local time that is none", { local_time: "noon" }, "local_time", /like 2018-05-21T02:54:04/],
    ["two times that differ", { local_time: NINE }, "local_time", /expected 2018-05-21T08:00:00/],
    ["an instant that differs", { local_time: NINE, started_at: `${EIGHT}Z` }, "local_time", /08:00:00, which is when/],
    ["a list", [], "", /object/],
  ])("with %s is refused by the name of the field, and changes nothing", async (_, wrong, field, detail) => {
    await send(service, at("faulty", EIGHT));
    const before = (await read("faulty")).body;
    const { status, body } = await put<Problem>(
      "faulty",
      Array.isArray(wrong) ? wrong : { started_at: EIGHT, origin: [7.6, 45.1], ...wrong },
    );
    expect([status, body.code]).toEqual([400, "invalid_body"]);
    expect(body.errors).toEqual([{ field, detail: expect.stringMatching(detail) }]);
    expect((await read("faulty")).body).toEqual(before);
  });
});

describe("DELETE of a trip", () => {
  it("takes it out of every answer, and a late copy does not bring it back", async () => {
    const rows = [...at("gone", EIGHT), trip({ source: "gone", trip_id: "b", started_at: NINE })];
    await sendNew(service, rows);
    expect(await weekly("gone")).toEqual([{ week: "2018-W21", trips: 2 }]);
    expect(await cancel("gone")).toBe(204);
    await resend(rows);
    expect(await weekly("gone")).toEqual([{ week: "2018-W21", trips: 1 }]);
    expect(await countOf(service, "gone")).toBe(1);
    expect(await timesOf("gone")).toEqual([]);
    const { body } = await call<{ trips: StoredTrip[] }>(service, "/v1/trips?source=gone");
    expect(body.trips.map(({ trip_id }) => trip_id)).toEqual(["b"]);
  });

  it("holds against a late copy in a large batch, beside trips that are new", async () => {
    const rows = [
      ...at("large", EIGHT),
      ...Array.from({ length: 400 }, (_, i) => trip({ source: "large", trip_id: `t${i}` })),
    ];
    await sendNew(service, rows.slice(0, 1));
    await cancel("large");
    const { body } = await send(service, rows);
    expect([body.inserted, body.duplicates]).toEqual([400, 1]);
  });

  it("once more is answered alike; of what never was it is a 404", async () => {
    await sendNew(service, at("once", EIGHT));
    expect([await cancel("once"), await cancel("once"), await cancel("once", EIGHT)]).toEqual([204, 204, 204]);
    expect([await cancel("once", NINE), await cancel("never")]).toEqual([404, 404]);
    for (const address of ["%00/a", "once/%00", "%ED%A0%80/a"]) {
      expect((await call(service, `/v1/trips/${address}`, { method: "DELETE" })).status).toBe(404);
    }
  });

  it("of one of several needs its time, and leaves the others", async () => {
    await sendNew(service, at("choose", EIGHT, NINE));
    expect(await cancel("choose")).toBe(409);
    expect([await cancel("choose", NINE), await cancel("choose", NINE)]).toEqual([204, 204]);
    expect(await timesOf("choose")).toEqual([EIGHT]);
    await resend(at("choose", EIGHT, NINE));
  });
});

const ROUNDS = countFrom("TRIPGRID_TEST_ROUNDS", engine === "embedded" ? 20 : 50, 300);

describe("corrections and inserts at the same time", () => {
  it("never bring a cancelled trip back", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const source = `race ${round}`;
      const rows = at(source, EIGHT);
      await sendNew(service, rows);
      const [status, ...sent] = await Promise.all([
        cancel(source),
        ...Array.from({ length: 4 }, () => send(service, rows)),
      ]);
      expect(status).toBe(204);
      for (const { status: sentStatus, body } of sent) {
        expect([sentStatus, body.inserted, body.duplicates]).toEqual([200, 0, 1]);
      }
      expect(await timesOf(source)).toEqual([]);
    }
  });

  it("leave one trip at one of the times where several move it", async () => {
    for (let round = 0; round < ROUNDS / 10; round++) {
      const source = `moves ${round}`;
      await sendNew(service, at(source, EIGHT));
      const times = Array.from({ length: 5 }, (_, i) => `2018-0${i + 1}-07T10:00:00`);
      const replies = await Promise.all([
        ...times.map((started_at) => put(source, { started_at, origin: [7.6, 45.1] })),
        send(service, at(source, EIGHT)),
      ]);
      expect(replies.map(({ status }) => status)).toEqual(Array(6).fill(200));
      const left = await timesOf(source);
      expect(left.length).toBe(1);
      expect(times).toContain(left[0]);
      await resend(at(source, EIGHT, ...times));
    }
  });
});
