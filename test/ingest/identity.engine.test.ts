import { describe, expect, it } from "vitest";
import type { StoredTrip } from "../../src/trips/trip.ts";
import { call, countOf, send, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const CSV = "source,started_at,origin_lon,origin_lat,note\n";

describe("a trip with an id", () => {
  it("that comes again is a duplicate and changes nothing, whatever else differs", async () => {
    const first = trip({ source: "same", trip_id: "a", driver_id: "d1", region: "First" });
    await sendNew(service, [first]);
    const before = await call(service, "/v1/trips/same/a");
    const { body } = await send(service, { ...first, driver_id: "d2", region: "Second", origin: [9, 9], extra: 1 });
    expect(body).toMatchObject({ received: 1, inserted: 0, duplicates: 1 });
    expect((await call(service, "/v1/trips/same/a")).body).toEqual(before.body);
  });

  it("of another source is another trip", async () => {
    await sendNew(service, [trip({ source: "one", trip_id: "a" }), trip({ source: "two", trip_id: "a" })]);
    expect((await call(service, "/v1/trips/one/a")).body).toMatchObject({ source: "one" });
  });

  it("at another time is another trip; by its id alone it cannot be told which one is meant", async () => {
    const times = ["2018-05-21T08:00:00", "2018-05-21T08:00:00.25", "2019-01-01T00:00:00"];
    await sendNew(service, times.map((started_at) => trip({ source: "times", trip_id: "a", started_at })).reverse());
    const { status, body } = await call(service, "/v1/trips/times/a");
    expect([status, body.code, body.local_times]).toEqual([409, "ambiguous_trip", times]);
    for (const time of times) {
      const one = await call<StoredTrip>(service, `/v1/trips/times/a?local_time=${time}`);
      expect([one.status, one.body.local_time]).toEqual([200, time]);
    }
    expect((await call(service, "/v1/trips/times/a?local_time=2018-05-21T08:00:01")).status).toBe(404);
  });

  it("twice in one request: the lowest row wins", async () => {
    const rows = ["first", "second", "third"].map((driver_id) => trip({ source: "twice", trip_id: "a", driver_id }));
    const { body } = await send(service, rows, { query: "verdicts=all" });
    expect(body.verdicts?.map((row) => row.verdict)).toEqual(["inserted", "duplicate", "duplicate"]);
    expect((await call<StoredTrip>(service, "/v1/trips/twice/a")).body.driver_id).toBe("first");
  });

  it("more than ten thousand rows later in one request: the lowest row wins", async () => {
    const fill = Array.from({ length: 10_500 }, (_, i) => trip({ source: "far", trip_id: `f${i}` }));
    const rows = [trip({ source: "far", trip_id: "a", driver_id: "first" }), ...fill];
    const { body } = await send(service, [...rows, trip({ source: "far", trip_id: "a", driver_id: "last" })]);
    expect(body).toMatchObject({ received: 10_502, inserted: 10_501, duplicates: 1 });
    expect((await call<StoredTrip>(service, "/v1/trips/far/a")).body.driver_id).toBe("first");
  });
});

describe("a trip without an id", () => {
  it("gets one from its content, so the same row again is a duplicate, in any order of its fields", async () => {
    const { body } = await send(service, trip({ source: "content", attributes: { a: 1, b: { c: 2, d: 3 } } }), {
      query: "verdicts=all",
    });
    const again = {
      origin: { lat: 45.05, lon: 7.67 },
      attributes: { b: { d: 3, c: 2 }, a: 1 },
      started_at: "2018-05-21 08:00:00.000",
      source: "content",
    };
    expect((await send(service, again)).body).toMatchObject({ inserted: 0, duplicates: 1 });
    const id = body.verdicts?.[0]?.trip_id;
    expect((await call(service, `/v1/trips/content/${id}`)).status).toBe(200);
  });

  it("is another trip if anything differs, attributes included", async () => {
    const rows = [{}, { driver_id: "d" }, { note: "x" }, { note: "y" }, { destination: [7.7, 45] }, { region: "R" }];
    await sendNew(
      service,
      rows.map((more) => trip({ source: "differs", ...more })),
    );
  });

  it("is the same trip with a longitude of +180 and of -180, which is how both are stored", async () => {
    await sendNew(service, [
      trip({ source: "antimeridian", trip_id: "a", origin: [180, 10], destination: [180, -10] }),
    ]);
    const { body } = await call<StoredTrip>(service, "/v1/trips/antimeridian/a");
    expect([body.origin, body.destination]).toEqual([
      [-180, 10],
      [-180, -10],
    ]);
    const rows = [trip({ source: "meridians", origin: [180, 10] }), trip({ source: "meridians", origin: [-180, 10] })];
    expect((await send(service, rows)).body).toMatchObject({ inserted: 1, duplicates: 1 });
  });

  it("is a duplicate inside of one request too", async () => {
    const row = "s-csv,2018-05-21T08:00:00,7.67,45.05,x\n";
    expect((await send(service, CSV + row + row)).body).toMatchObject({ received: 2, inserted: 1, duplicates: 1 });
  });

  it("is a trip for each row if the sender says identity=row, also when it is sent again", async () => {
    const rows = [trip({ source: "by row" }), trip({ source: "by row" }), trip({ source: "by row", trip_id: "a" })];
    const first = await send(service, rows, { query: "identity=row&verdicts=all" });
    expect(first.body).toMatchObject({ inserted: 3, duplicates: 0 });
    const second = await send(service, rows, { query: "identity=row" });
    expect(second.body).toMatchObject({ inserted: 2, duplicates: 1 });
    expect(await countOf(service, "by row")).toBe(5);
    const id = first.body.verdicts?.[1]?.trip_id;
    expect((await call(service, `/v1/trips/by%20row/${id}`)).status).toBe(200);
  });
});
