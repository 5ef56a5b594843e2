import { describe, expect, it } from "vitest";
import type { StoredTrip } from "../../src/trips/trip.ts";
import { call, callJson } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const put = <T = Record<string, unknown>>(name: string, body: unknown) =>
  callJson<T>(service, "PUT", `/v1/mappings/${name}`, body);
const get = (name: string) => call<Record<string, unknown>>(service, `/v1/mappings/${name}`);
const remove = (name: string) => call<{ code: string }>(service, `/v1/mappings/${name}`, { method: "DELETE" });
const list = async () =>
  (await call<{ mappings: { name: string; built_in: boolean }[] }>(service, "/v1/mappings")).body.mappings;
const sendCsv = (csv: string, query = "") =>
  call<Record<string, unknown>>(service, `/v1/trips${query}`, {
    method: "POST",
    body: csv,
    headers: { "content-type": "text/csv" },
  });
const tripsOf = async (source: string) =>
  (await call<{ trips: StoredTrip[] }>(service, `/v1/trips?source=${source}`)).body.trips;

const columns = {
  ...{ id: "trip_id", start_time: "started_at", end_time: "ended_at" },
  ...{ start_lat: "origin_lat", start_lon: "origin_lon", end_lat: "destination_lat", end_lon: "destination_lon" },
};
const HEADER = "id,start_time,end_time,start_lat,start_lon,end_lat,end_lon,pass";

describe("a mapping", () => {
  it("is new with a 201, replaced with a 200, then gone", async () => {
    const definition = { columns, constants: { source: "life" }, time_formats: ["iso"], other_columns: "attributes" };
    const made = await put("life", definition);
    expect(made).toMatchObject({ status: 201, body: { name: "life", built_in: false, ...definition } });
    expect((await get("life")).body).toEqual(made.body);
    const changed = await put<{ created_at: string; updated_at: string }>("life", {
      ...made.body,
      other_columns: "drop",
    });
    expect(changed).toMatchObject({ status: 200, body: { ...definition, other_columns: "drop" } });
    expect(changed.body.created_at).toBe(made.body.created_at);
    expect(changed.body.updated_at > changed.body.created_at).toBe(true);
    expect((await remove("life")).status).toBe(204);
    expect([(await remove("life")).status, (await get("life")).status]).toEqual([404, 404]);
  });

  it("is listed behind the built-in ones, which cannot be changed", async () => {
    await put("b-listed", { columns, constants: { source: "x" } });
    await put("a-listed", { columns, constants: { source: "x" } });
    const names = (await list()).map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(["native", "trips-csv", "xrides"]);
    const custom = (await list()).filter((mapping) => !mapping.built_in).map(({ name }) => name);
    expect(custom).toEqual(custom.toSorted());
    expect(names.slice(-custom.length)).toEqual(custom);
    expect(names).toEqual(expect.arrayContaining(["a-listed", "b-listed"]));
    for (const { name } of (await list()).filter((mapping) => mapping.built_in)) {
      expect(await put(name, { columns, constants: { source: "x" } })).toMatchObject({
        status: 409,
        body: { code: "mapping_built_in" },
      });
      expect(await remove(name)).toMatchObject({ status: 409, body: { code: "mapping_built_in" } });
      expect((await get(name)).status).toBe(200);
    }
    await Promise.all([remove("a-listed"), remove("b-listed")]);
  });

  it("is refused with the paths of its faults, and is not stored", async () => {
    const reply = await put<object>("faulty", { columns: { ...columns, pass: "ticket" }, time_zone: "Mars/Olympus" });
    expect(reply).toMatchObject({
      status: 400,
      body: {
        code: "invalid_body",
        errors: [{ field: "columns.pass.to" }, { field: "time_zone" }, { field: "columns" }],
      },
    });
    expect((await get("faulty")).status).toBe(404);
  });
});

describe("a foreign CSV", () => {
  const csv = [
    HEADER,
    '"1","2018-07-01 00:04:00","2018-07-01 00:08:00",34.03,-118.23,34.04,-118.24,Monthly',
    "2,7/1/2018 0:04,7/1/2018 0:08,34.03,-118.23,,,Walk-up",
    "3,7/1/2018 0:04,7/1/2018 0:08,34.03,-118.23,0,0,Walk-up",
    "4,,7/1/2018 0:08,34.03,-118.23,34.04,-118.24,Walk-up",
    "5,7/1/2018 0:04,7/1/2018 0:08,,,34.04,-118.24,Walk-up",
    "",
  ].join("\n");
  const definition = {
    columns: {
      ...columns,
      end_lat: { to: "destination_lat", empty: [0] },
      end_lon: { to: "destination_lon", empty: [0] },
    },
    time_formats: ["iso", "M/D/YYYY H:MM"],
  };

  it("is taken in by name but for the rows without a start", async () => {
    await put("by-name", { ...definition, constants: { source: "by-name" } });
    expect(await sendCsv(csv, "?mapping=by-name")).toMatchObject({
      status: 200,
      body: {
        mapping: "by-name",
        received: 5,
        inserted: 3,
        rejected: 2,
        rejects: [{ row: 4, trip_id: "4", field: "start_time" }, { row: 5 }],
      },
    });
    const trips = (await tripsOf("by-name")).toSorted((a, b) => (a.trip_id < b.trip_id ? -1 : 1));
    expect(trips).toMatchObject([
      {
        trip_id: "1",
        local_time: "2018-07-01T00:04:00",
        destination: [-118.24, 34.04],
        attributes: { pass: "Monthly" },
      },
      { trip_id: "2", destination: null, attributes: { pass: "Walk-up" } },
      { trip_id: "3", destination: null },
    ]);
    await remove("by-name");
    expect(await tripsOf("by-name")).toHaveLength(3);
  });

  it("is recognised by its columns, and refused without its mapping or a column of it", async () => {
    for (const { name, built_in } of await list()) if (!built_in) await remove(name);
    expect(await sendCsv(csv)).toMatchObject({ status: 422, body: { code: "no_mapping" } });
    await put("by-itself", { ...definition, constants: { source: "by-itself" } });
    expect(await sendCsv(csv)).toMatchObject({ status: 200, body: { mapping: "by-itself", inserted: 3 } });
    const without = csv.replace("start_lon", "somewhere");
    expect(await sendCsv(without, "?mapping=by-itself")).toMatchObject({
      status: 400,
      body: { code: "invalid_csv", mapping: "by-itself", missing_columns: ["start_lon and start_lat"] },
    });
    await put("alike", { ...definition, constants: { source: "alike" } });
    expect(await sendCsv(csv)).toMatchObject({
      status: 422,
      body: { code: "ambiguous_mapping", mappings: ["alike", "by-itself"] },
    });
    await remove("by-itself");
    expect(await sendCsv(csv, "?mapping=by-itself")).toMatchObject({
      status: 400,
      body: { code: "invalid_parameter", errors: [{ field: "mapping" }] },
    });
  });
});

describe("a mapping's time zone", () => {
  it("makes times moments, which become local where the trip began", async () => {
    await callJson(service, "PUT", "/v1/regions/Kolkata", { time_zone: "Asia/Kolkata" });
    await put("zoned", { columns, constants: { source: "zoned", region: "Kolkata" }, time_zone: "Europe/Rome" });
    // An hour that the clocks skip, one that they repeat, one that is plain, and one with an offset of its own.
    const times = ["2018-03-25T02:30:00", "2018-10-28T02:30:00", "2018-05-21T02:54:04.5", "2018-05-21T02:54:04+00:00"];
    const rows = times.map((time, i) => `${i},${time},,22.5,88.3,,,`);
    expect((await sendCsv([HEADER, ...rows, ""].join("\n"), "?mapping=zoned")).body).toMatchObject({ inserted: 4 });
    const trips = (await tripsOf("zoned")).toSorted((a, b) => (a.trip_id < b.trip_id ? -1 : 1));
    expect(trips.map(({ started_at, local_time }) => [started_at, local_time])).toEqual([
      ["2018-03-25T01:30:00Z", "2018-03-25T07:00:00"],
      ["2018-10-28T01:30:00Z", "2018-10-28T07:00:00"],
      ["2018-05-21T00:54:04.5Z", "2018-05-21T06:24:04.5"],
      ["2018-05-21T02:54:04Z", "2018-05-21T08:24:04"],
    ]);
    const again = await sendCsv([HEADER, ...rows, ""].join("\n"), "?mapping=zoned");
    expect(again.body).toMatchObject({ inserted: 0, duplicates: 4 });
    await remove("zoned");
  });
});
