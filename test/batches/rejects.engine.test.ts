import { describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import type { StoredTrip } from "../../src/trips/trip.ts";
import { call, countOf, send, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const BOOKING = `{"booking_id": 132512,"user_id": 22177,"vehicle_model_id": 28,"package_id": null,"travel_type_id": 2,"from_area_id": 83,"to_area_id": 448,"from_city_id": null,"to_city_id": null,"from_date": "1/1/2013 2:00:00",
"to_date": null,"online_booking": 0,"mobile_site_booking": 0,"booking_created": "1/1/2013 1:39:00","from_lat": 12.92415,"from_long": 77.67229,"to_lat": 12.92732,"to_long":77.63575,"driver_id":0}`;

describe("the booking 132512", () => {
  const json = { type: "application/json" };

  it.each([
    ["vehicle_model_id", "wrong_type", /expected an integer, but got the text "28"/, '"vehicle_model_id": "28"'],
    ["booking_created", "invalid_time", /M\/D\/YYYY.*"1\/1-2013 1:39:00"/, '"booking_created": "1/1-2013 1:39:00"'],
  ])("with a bad %s is rejected, and nothing of it is stored", async (field, code, detail, wrong) => {
    const body = BOOKING.replace(new RegExp(`"${field}": [^,]*`), wrong);
    expect(body).toContain(wrong);
    const reply = await send<{ receipt: Receipt }>(service, body, json);
    expect(reply.status).toBe(422);
    const { receipt } = reply.body;
    expect(receipt).toMatchObject({ mapping: "xrides", received: 1, rejected: 1 });
    expect(receipt.rejects).toEqual([
      { row: 1, trip_id: "132512", field, code, detail: expect.stringMatching(detail) },
    ]);
    expect((await call(service, "/v1/trips/xrides/132512")).status).toBe(404);
  });

  it("is inserted as it stands, and addressed by its booking id", async () => {
    const { status, body } = await send(service, BOOKING, json);
    expect([status, body.mapping, body.inserted]).toEqual([200, "xrides", 1]);
    const stored = await call<StoredTrip>(service, "/v1/trips/xrides/132512");
    expect(stored.body).toMatchObject({
      trip_id: "132512",
      source: "xrides",
      local_time: "2013-01-01T02:00:00",
      booked_at: "2013-01-01T01:39:00Z",
      ended_at: null,
      duration_s: null,
      origin: [77.67229, 12.92415],
      destination: [77.63575, 12.92732],
      rider_id: "22177",
      driver_id: "0",
      vehicle_model: "28",
      attributes: { travel_type_id: 2, from_area_id: 83, to_area_id: 448, online_booking: 0, mobile_site_booking: 0 },
    });
  });
});

const soon = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19);

describe("a row is rejected, and the good row beside it is stored, with", () => {
  it.each<[string, string, string, RegExp]>([
    ["a latitude of 131", '"origin": [7.67, 131.2]', "origin out_of_range", /latitude 131.2 is not within -90..90/],
    ["a longitude of 181", '"origin": [181, 0]', "origin out_of_range", /longitude 181/],
    ["1e999", '"origin": [1e999, 0]', "origin out_of_range", /finite/],
    ["1e999 in its attributes", '"attributes": {"x": [1e999]}', "attributes invalid_json", /too large/],
    ['"28" where a number is wanted', '"duration_s": "28"', "duration_s wrong_type", /expected a number.*"28"/],
    ["coordinates as text", '"origin": ["7.67", "45.05"]', "origin wrong_type", /must be numbers/],
    ["no origin", '"origin": null', "origin missing", /needs an origin/],
    ["an unknown WKT", '"origin": "CIRCLE (7 45, 2)"', "origin invalid_point", /expected WKT like POINT/],
    ["a point that is empty", '"destination": "POINT EMPTY"', "destination invalid_point", /expected WKT/],
    ["no time", '"started_at": null', "started_at missing", /needs the time/],
    ["a time that is none", '"started_at": "noon"', "started_at invalid_time", /ISO 8601.*"noon"/],
    ["February 30", '"started_at": "2018-02-30T00:00:00"', "started_at invalid_time", /2018-02-30/],
    ["a time before 2000", '"started_at": "1999-12-31T23:59:59"', "started_at out_of_range", /before 2000-01-01/],
    ["a time in two years", `"started_at": "${soon(730)}"`, "started_at out_of_range", /after 20/],
    ["no source", '"source": null', "source missing", /needs a source/],
    ["a NUL character", '"driver_id": "a\\u0000b"', "driver_id invalid_text", /NUL/],
    ["a NUL in a name", '"attributes": {"a\\u0000": 1}', "attributes invalid_json", /NUL/],
    ["half of a surrogate pair", '"region": "\\ud83d"', "region invalid_text", /surrogate/],
    ["half of one in a name of its own", '"x\\ud83d": 1', "x\uFFFD invalid_text", /surrogate/],
    ["an id beyond 200 characters", `"trip_id": "${"x".repeat(201)}"`, "trip_id invalid_text", /at most 200/],
  ])("%s", async (name, member, expected, detail) => {
    const source = `beside ${name}`;
    const bad = JSON.stringify({ ...trip({ source }), last: 1 }).replace('"last":1', member);
    const body = `[${JSON.stringify(trip({ source }))}, ${bad}]`;
    const reply = await send(service, body, { type: "application/json" });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ received: 2, inserted: 1, rejected: 1 });
    const [reject] = reply.body.rejects;
    expect([reject?.row, `${reject?.field} ${reject?.code}`]).toEqual([2, expected]);
    expect(reject?.detail).toMatch(detail);
    expect(await countOf(service, source)).toBe(1);
    const [kept] = await service.sql`select record from tripgrid.rejected_rows where batch_id = ${reply.body.batch_id}`;
    expect(JSON.parse(kept?.record)).toHaveProperty("source");
  });

  it("an id beyond 2^53, which is not the one that was sent", async () => {
    const { body } = await send<{ receipt: Receipt }>(service, BOOKING.replace("132512", "9007199254740993"));
    expect(body.receipt.rejects).toMatchObject([{ field: "booking_id", code: "out_of_range" }]);
  });

  it("a time just inside a year from now is a trip", async () => {
    expect((await send(service, trip({ source: "soon", started_at: soon(300) }))).body.inserted).toBe(1);
  });
});

describe("of a CSV", () => {
  const header = "trip_id,source,started_at,origin_lon,origin_lat\n";

  it("a row with another number of columns is rejected by itself", async () => {
    const rows =
      "a,cols,2018-05-21T08:00:00,7.67,45.05\nb,cols,2018-05-21T08:00:00,7.67\nc,cols,2018-05-21T08:00:00,7.67,45.05,6\n";
    const { body } = await send(service, header + rows);
    expect(body).toMatchObject({ received: 3, inserted: 1, rejected: 2 });
    expect(body.rejects).toMatchObject([
      { row: 2, field: "row", code: "invalid_row", detail: "expected 5 columns as in the header, but got 4" },
      { row: 3, field: "row", code: "invalid_row", detail: "expected 5 columns as in the header, but got 6" },
    ]);
  });

  it("a row with empty cells misses what a trip needs", async () => {
    const { body } = await send<{ receipt: Receipt }>(service, `${header}a,,,7.67,\n`, { query: "verdicts=all" });
    const faults = body.receipt.verdicts?.[0]?.problems.map(({ field, code }) => `${field} ${code}`);
    expect(faults?.sort()).toEqual(["origin_lat missing", "source missing", "started_at missing"]);
  });

  it("the header is kept, so that rejected rows can be given back as they came", async () => {
    const { body } = await send(service, `${header}a,kept,2018-05-21T08:00:00,7.67,45.05\nb,kept,noon,7.67,45.05\n`);
    const [kept] = await service.sql`
      select columns, record from tripgrid.batches join tripgrid.rejected_rows using (batch_id)
      where batch_id = ${body.batch_id}`;
    expect(kept?.columns).toEqual(header.trim().split(","));
    expect(Object.values(JSON.parse(kept?.record))).toEqual(["b", "kept", "noon", "7.67", "45.05"]);
  });
});
