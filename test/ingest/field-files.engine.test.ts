/**
 * Files as cities, fleets and their tools publish them, each taken in as a user would: sent as it is, or with what the reply
 * to that asks for, or by the mapping that is suggested for it. Their right values stand in `RIGHT.md` beside them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import type { SuggestedMapping } from "../../src/suggestions/suggestion.ts";
import type { StoredTrip } from "../../src/trips/trip.ts";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, callJson, type Problem, send } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { sharedData } from "../harness/shared-data.ts";

const folder = sharedData("field");
const title = folder ? "a file from the field" : "a file from the field (skipped: ../shared/data/field is missing)";
const read = (file: string) => readFileSync(join(folder ?? "", file));

const service = useService();
// As a database is set up for which nobody names a time zone.
beforeAll(() => service.sql`update tripgrid.settings set time_zone = null`);

const taken = (file: string, query?: string) => send(service, read(file), query === undefined ? {} : { query });
const tripsOf = async (source: string) => {
  const { body } = await call<{ trips: StoredTrip[] }>(service, `/v1/trips?source=${source}&limit=1000`);
  return body.trips.sort((a, b) => (a.local_time < b.local_time ? -1 : 1));
};
const put = (path: string, body: string, type: string) =>
  call(service, path, { method: "PUT", body, headers: { "content-type": type } });

/** How many trips of a source began in a week, by the Monday of the week. */
async function inWeek(source: string, monday: string): Promise<number | null> {
  const window = `source=${source}&from=${monday}&to=${monday}`;
  return (await call<WeeklyAnswer>(service, `/v1/weekly-averages?bbox=-180,-90,180,90&${window}`)).body.trips;
}

/** Takes a file in by the mapping that is suggested for it, under the name of its source. */
async function suggested(file: string, source: string): Promise<Receipt> {
  const { body } = await call<SuggestedMapping>(service, `/v1/mappings/suggest?source=${source}`, {
    method: "POST",
    body: read(file) as unknown as string,
    headers: { "content-type": "application/octet-stream" },
  });
  await callJson(service, "PUT", `/v1/mappings/${source}`, body.mapping);
  const receipt = (await taken(file, `mapping=${source}`)).body;
  expect(body.trial).toMatchObject({ trips: receipt.inserted, rejected: receipt.rejected });
  return receipt;
}

describe.skipIf(!folder)(title, () => {
  it.each([
    ["decimal_comma_quoted.csv", "", { inserted: 1, format: { decimal: "," } }],
    ["tab.tsv", "", { inserted: 1 }],
    ["nyc_green_trailing_commas.csv", "", { inserted: 2, rejected: 0 }],
    ["two_empty_header_cells.csv", "", { inserted: 2, rejected: 0 }],
    ["latin1.csv", "", { inserted: 1, format: { charset: "windows-1252" } }],
    ["mds1_route.json", "", { inserted: 2 }],
    ["mds2_envelope.json", "", { inserted: 1 }],
    ["geojson_points.json", "", { inserted: 1 }],
    ["trips.zip", "", { inserted: 1 }],
    ["divvy_new_header.csv", "source=divvy", { inserted: 2, rejected: 0 }],
    ["citi_dst.csv", "source=citi", { inserted: 6, duplicates: 1, rejected: 0 }],
  ])("%s comes in as it is, with the parameters %j", async (file, query, expected) => {
    expect(await taken(file, query)).toMatchObject({ status: 200, body: expected });
  });

  it("has points with decimal commas, and names in latin-1, as they are meant", async () => {
    expect(await tripsOf("cd")).toMatchObject([{ origin: [7.67, 45.07] }]);
    expect(await tripsOf("bixi")).toMatchObject([{ region: "Montréal" }]);
  });

  it("of Oslo has its weeks by Oslo's clock", async () => {
    expect((await taken("oslo_utc_offsets.csv")).body).toMatchObject({ code: "source_required" });
    await taken("oslo_utc_offsets.csv", "source=oslo");
    expect([await inWeek("oslo", "2022-04-25"), await inWeek("oslo", "2022-05-02")]).toEqual([2, 1]);
  });

  it("of London has its day and month by the row that decides", async () => {
    expect(await suggested("london_day_first_late.csv", "london")).toMatchObject({ inserted: 2000 });
    expect([await inWeek("london", "2016-01-04"), await inWeek("london", "2016-01-11")]).toEqual([400, 1600]);
  });

  it("of Uber has equal rows, which are duplicates with a warning, or trips of their own", async () => {
    const { body } = await taken("uber_equal_rows.csv");
    expect(body).toMatchObject({ inserted: 1451, warnings: [{ code: "equal_rows", rows: 48 }] });
    expect((await taken("uber_equal_rows.csv", "identity=row&source=uber-rows")).body).toMatchObject({
      inserted: 1499,
    });
  });

  it("of Excel has semicolons and decimal commas", async () => {
    expect(await suggested("excel_semicolon_decimal_comma.csv", "excel-file")).toMatchObject({ inserted: 3 });
    expect([await inWeek("excel", "2025-03-03"), await inWeek("excel", "2025-03-24")]).toEqual([2, 1]);
  });

  it("of Louisville has its date and its time apart", async () => {
    expect(await suggested("louisville_split_date_time.csv", "louisville")).toMatchObject({ inserted: 3 });
    const mondays = ["2019-06-24", "2019-08-19", "2019-09-16"];
    expect(await Promise.all(mondays.map((monday) => inWeek("louisville", monday)))).toEqual([1, 1, 1]);
  });

  it("of Socrata has numbers as text, and a row without an origin", async () => {
    expect(await suggested("socrata_strings.json", "socrata")).toMatchObject({ inserted: 1, rejects: [{ row: 2 }] });
  });

  it("of Helsinki has stations, whose places a lookup gives", async () => {
    expect((await taken("helsinki_station_ids.csv")).body).toMatchObject({ code: "missing_lookup" });
    const stations = "id,lat,lon\n280,60.21,25.1\n278,60.22,25.11\n094,60.18,24.88\n100,60.17,24.9\n";
    await put("/v1/lookups/helsinki-stations", stations, "text/csv");
    expect((await taken("helsinki_station_ids.csv")).body).toMatchObject({ inserted: 2, rejected: 0 });
    const trips = await tripsOf("helsinki");
    expect(trips.map(({ ended_at }) => ended_at)).toEqual(["2021-05-31T21:05:46Z", "2021-06-30T21:04:05Z"]);
  });

  it("of Porto has paths, of which one is empty", async () => {
    expect((await taken("porto_polyline.csv")).body).toMatchObject({
      ...{ inserted: 2, rejects: [{ row: 3, field: "POLYLINE" }] },
    });
    expect(await inWeek("porto", "2013-07-01")).toBe(2);
  });

  it("of BigQuery has UTC behind its times", async () => {
    await taken("bigquery_utc_suffix.csv", "source=bigquery");
    const trips = await tripsOf("bigquery");
    expect(trips.map(({ started_at }) => started_at)).toEqual(["2018-03-03T08:00:00Z", "2018-03-03T09:00:00.5Z"]);
  });

  it("of DiDi has no header, and says so", async () => {
    expect((await taken("didi_no_header.csv")).body).toMatchObject({ detail: /has no header/ });
    const columns = { 1: "trip_id", 2: "started_at", 3: "ended_at", 4: "origin_lon", 5: "origin_lat" };
    const ends = { 6: "destination_lon", 7: "destination_lat" };
    const mapping = { header: false, constants: { source: "didi" }, columns: { ...columns, ...ends } };
    const made = await callJson(service, "PUT", "/v1/mappings/didi", { ...mapping, time_formats: ["unix"] });
    expect(made.status).toBe(201);
    expect((await taken("didi_no_header.csv", "mapping=didi")).body).toMatchObject({ inserted: 2 });
  });

  it("loses the row with a bad byte alone", async () => {
    const { body } = await taken("one_bad_byte.csv");
    expect(body).toMatchObject({ inserted: 50, rejects: [{ row: 51, detail: /byte \d+/ }] });
  });

  it("that two stored mappings fit is refused, and both are named", async () => {
    const columns = { ride_id: "trip_id", started_at: "started_at", start_lat: "origin_lat", start_lng: "origin_lon" };
    for (const city of ["city-a", "city-b"]) {
      await callJson(service, "PUT", `/v1/mappings/${city}`, { constants: { source: city }, columns });
    }
    const { status, body } = await send<Problem>(service, read("same_header_other_city.csv"));
    expect({ status, text: JSON.stringify(body) }).toMatchObject({ status: 422, text: /city-a.*city-b/ });
    for (const city of ["city-a", "city-b"]) await call(service, `/v1/mappings/${city}`, { method: "DELETE" });
  });
});

describe.skipIf(!folder)(title.replace("file", "question"), () => {
  it("about an area whose parts share an edge counts as that of a collection of the two", async () => {
    const trip = (n: number, lon: number) => `e${n},edge,2025-03-0${n}T08:00,${lon},45.03,7.67,45.07\n`;
    const header = "trip_id,source,started_at,origin_lon,origin_lat,destination_lon,destination_lat\n";
    await send(service, header + [7.62, 7.655, 7.7, 7.8].map((lon, i) => trip(i + 3, lon)).join(""));
    const { area } = JSON.parse(read("area_multipolygon_shared_edge.json").toString("utf8"));
    const geometries = area.coordinates.map((coordinates: unknown) => ({ type: "Polygon", coordinates }));
    const ask = (asked: unknown) =>
      callJson<WeeklyAnswer>(service, "POST", "/v1/weekly-averages", { area: asked, source: "edge" });
    const one = await ask(area);
    expect(one.body.trips).toBe(3);
    expect((await ask({ type: "GeometryCollection", geometries })).body.trips).toBe(3);
  });

  it("with latitude first is answered with a hint", async () => {
    const { area } = JSON.parse(read("area_swapped_latlon.json").toString("utf8"));
    const { body } = await callJson<WeeklyAnswer>(service, "POST", "/v1/weekly-averages", { area });
    expect(body).toMatchObject({ trips: 0, hints: [expect.stringMatching(/exchanged/)] });
  });

  it("about a region that a trip named first is answered by the clock of its place", async () => {
    const point = [5.32, 60.39];
    const row = { trip_id: "r1", source: "de", region: "Bergen", started_at: "2025-06-01T23:30:00Z", origin: point };
    await send(service, [row]);
    expect((await call(service, "/v1/regions/Bergen")).body).toMatchObject({ is_defined: false });
    expect((await callJson(service, "PUT", "/v1/regions/Bergen?time_zone=Europe/Oslo", {})).status).toBeLessThan(300);
    expect((await call(service, "/v1/regions/Bergen")).body).toMatchObject({ is_defined: true });
    await call(service, "/v1/trips/de/r1?forget=true", { method: "DELETE" });
    expect((await send(service, [row])).body).toMatchObject({ inserted: 1 });
    expect(await tripsOf("de")).toMatchObject([{ local_time: "2025-06-02T01:30:00" }]);
    expect(await inWeek("de", "2025-06-02")).toBe(1);
  });
});
