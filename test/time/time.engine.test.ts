import { beforeAll, describe, expect, it } from "vitest";
import type { StoredTrip } from "../../src/trips/trip.ts";
import { call, callJson, send, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const putZone = (name: string, time_zone: string) => callJson(service, "PUT", `/v1/regions/${name}`, { time_zone });

beforeAll(async () => {
  await putZone("Turin", "Europe/Rome");
  await putZone("Bengaluru", "Asia/Kolkata");
  await putZone("Kathmandu", "Asia/Kathmandu");
});

describe("the times of a trip", () => {
  it.each([
    ["a naive time is local", "Turin", "2018-05-21T02:54:04", "2018-05-21T02:54:04", "2018-05-21T00:54:04Z"],
    [
      "one with an offset becomes local",
      "Turin",
      "2018-05-21T02:54:04Z",
      "2018-05-21T04:54:04",
      "2018-05-21T02:54:04Z",
    ],
    ["of any offset", "Turin", "2018-05-21T02:54:04-07:00", "2018-05-21T11:54:04", "2018-05-21T09:54:04Z"],
    ["in India, naive", "Bengaluru", "2018-05-21T02:54:04", "2018-05-21T02:54:04", "2018-05-20T21:24:04Z"],
    [
      "in India, from UTC into the next week",
      "Bengaluru",
      "2018-05-20T18:30:00Z",
      "2018-05-21T00:00:00",
      "2018-05-20T18:30:00Z",
    ],
    [
      "in India, with its own offset",
      "Bengaluru",
      "2018-05-21T00:00:00+05:30",
      "2018-05-21T00:00:00",
      "2018-05-20T18:30:00Z",
    ],
    ["in Nepal, at +05:45", "Kathmandu", "2018-05-20T18:14:59Z", "2018-05-20T23:59:59", "2018-05-20T18:14:59Z"],
    [
      "clocks go back, first 02:30",
      "Turin",
      "2018-10-28T02:30:00+02:00",
      "2018-10-28T02:30:00",
      "2018-10-28T00:30:00Z",
    ],
    [
      "clocks go back, second 02:30",
      "Turin",
      "2018-10-28T02:30:00+01:00",
      "2018-10-28T02:30:00",
      "2018-10-28T01:30:00Z",
    ],
    ["clocks go back, naive: the later", "Turin", "2018-10-28T02:30:00", "2018-10-28T02:30:00", "2018-10-28T01:30:00Z"],
    [
      "clocks go forward, naive in the gap",
      "Turin",
      "2018-03-25T02:30:00",
      "2018-03-25T02:30:00",
      "2018-03-25T01:30:00Z",
    ],
    [
      "clocks go forward, right after it",
      "Turin",
      "2018-03-25T01:00:00Z",
      "2018-03-25T03:00:00",
      "2018-03-25T01:00:00Z",
    ],
    [
      "microseconds are kept",
      "Turin",
      "2018-05-21T02:54:04.123456",
      "2018-05-21T02:54:04.123456",
      "2018-05-21T00:54:04.123456Z",
    ],
    [
      "a region without a zone has the database's",
      "Nowhere",
      "2018-05-21T02:54:04+02:00",
      "2018-05-21T00:54:04",
      "2018-05-21T00:54:04Z",
    ],
  ])("%s: %s, %s", async (name, region, started_at, local, instant) => {
    const trip_id = `${name} ${started_at}`;
    await sendNew(service, [trip({ source: "times", trip_id, region, started_at, ended_at: started_at })]);
    const { body } = await call<StoredTrip>(service, `/v1/trips/times/${encodeURIComponent(trip_id)}`);
    expect([body.local_time, body.started_at, body.ended_at, body.duration_s]).toEqual([local, instant, instant, 0]);
  });

  it("without a region are the database's own zone's", async () => {
    await sendNew(service, [trip({ source: "zoneless", trip_id: "a", started_at: "2018-05-20T23:59:59-01:00" })]);
    const { body } = await call<StoredTrip>(service, "/v1/trips/zoneless/a");
    expect(body).toMatchObject({ local_time: "2018-05-21T00:59:59", started_at: "2018-05-21T00:59:59Z" });
  });

  it("over a clock change give the duration that passed", async () => {
    const night = {
      source: "night",
      region: "Turin",
      started_at: "2018-10-28T01:30:00",
      ended_at: "2018-10-28T03:30:00",
    };
    await sendNew(service, [trip({ ...night, trip_id: "a" })]);
    expect((await call<StoredTrip>(service, "/v1/trips/night/a")).body.duration_s).toBe(3 * 3600);
  });

  it("that end before they start are kept, without a duration", async () => {
    const back = { source: "back", started_at: "2018-05-21T08:00:00", ended_at: "2018-05-21T07:00:00" };
    await sendNew(service, [trip({ ...back, trip_id: "a" })]);
    expect((await call<StoredTrip>(service, "/v1/trips/back/a")).body).toMatchObject({
      ended_at: "2018-05-21T07:00:00Z",
      duration_s: null,
    });
  });
});

describe("weeks and hours", () => {
  it("are local, at the end of a week and when clocks change", async () => {
    const at = (region: string, started_at: string, trip_id: string) =>
      trip({ source: "local", region, started_at, trip_id });
    await sendNew(service, [
      at("Bengaluru", "2018-05-20T18:29:59Z", "sunday 23:59"),
      at("Bengaluru", "2018-05-20T18:30:00Z", "monday 00:00"),
      at("Turin", "2018-10-28T00:30:00Z", "first 02:30"),
      at("Turin", "2018-10-28T01:30:00Z", "second 02:30"),
      at("Turin", "2018-10-28T23:00:00Z", "monday again"),
    ]);
    const { body } = await call<{ counts: { week: string; hour: number; trips: number }[] }>(
      service,
      "/v1/trips/count?by=week,hour&source=local",
    );
    const expected = [
      { week: "2018-W43", hour: 2, trips: 2 },
      { week: "2018-W20", hour: 23, trips: 1 },
      { week: "2018-W21", hour: 0, trips: 1 },
      { week: "2018-W44", hour: 0, trips: 1 },
    ];
    expect(body.counts).toEqual(expected);

    const rows = await service.sql`
      select to_char(local_time, 'IYYY"-W"IW') as week, extract(hour from local_time)::int as hour, count(*) as trips
      from tripgrid.trips where source = 'local' group by 1, 2 order by 3 desc, 1, 2`;
    expect([...rows]).toEqual(expected);

    const weekly = await call(service, "/v1/weekly-averages?source=local&region=Turin&hours=2");
    expect(weekly.body).toMatchObject({ trips: 2, weeks: [{ week: "2018-W43", start: "2018-10-22", trips: 2 }] });
  });
});

describe("the time zone of a region", () => {
  it("is fixed once trips carry the region", async () => {
    await send(service, trip({ source: "fixed", region: "Fixed" }));
    const { status, body } = await putZone("Fixed", "Europe/Rome");
    expect([status, body.code]).toEqual([409, "time_zone_locked"]);
    expect(body.detail).toMatch(/"Fixed" has trips.*Europe\/Rome.*recompute=true/);
    expect((await putZone("Fixed", "UTC")).status).toBe(200);
    expect((await putZone("Turin", "Europe/Rome")).status).toBe(200);
    expect((await putZone("Turin", "Asia/Kolkata")).status).toBe(409);
    expect((await putZone("Turin", "Asia/Kolkata")).body.detail).toContain("Asia/Kolkata");
  });

  it("can change as long as none does, also after another region has trips", async () => {
    expect((await putZone("Free", "Asia/Kolkata")).status).toBe(201);
    expect((await putZone("Free", "Europe/Rome")).status).toBe(200);
    await sendNew(service, [trip({ source: "free", region: "Free", trip_id: "a" })]);
    expect((await call<StoredTrip>(service, "/v1/trips/free/a")).body.started_at).toBe("2018-05-21T06:00:00Z");
    expect((await putZone("Free", "Asia/Kolkata")).status).toBe(409);
  });

  it("that changes at the moment of the first trip is the one that this trip was computed with", async () => {
    for (let i = 0; i < 20; i++) {
      const region = `Race${i}`;
      const instant = trip({ source: "race", region, trip_id: region, started_at: "2018-05-21T08:00:00Z" });
      const calls = [() => putZone(region, "Asia/Kolkata"), () => send(service, instant)];
      const [put] = await Promise.all((i % 2 ? calls : calls.toReversed()).map((start) => start())).then((replies) =>
        i % 2 ? replies : replies.toReversed(),
      );
      const { body } = await call<StoredTrip>(service, `/v1/trips/race/${region}`);
      expect([200, 201, 409]).toContain(put?.status);
      expect(body.local_time).toBe(put?.status === 409 ? "2018-05-21T08:00:00" : "2018-05-21T13:30:00");
    }
  });
});
