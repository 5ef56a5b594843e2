import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { tableFromIPC } from "apache-arrow";
import type { Feature, FeatureCollection, Point } from "geojson";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, callJson, corners, polygon, sendNew } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();
const folder = mkdtempSync(join(tmpdir(), "tg-export-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COUNT = 2500;
const trips = Array.from({ length: COUNT }, (_, i) => ({
  source: i % 2 ? "odd" : "even",
  trip_id: `t${i}`,
  started_at: `2018-05-${String(1 + (i % 28)).padStart(2, "0")}T${String(i % 24).padStart(2, "0")}:10:00.12345Z`,
  origin: [7.5 + (i % 50) * 0.01, 45 + (i % 40) * 0.005] as [number, number],
  ...(i % 4 === 0 ? {} : { destination: [7.6, 45.1] }),
  ...(i % 5 === 0 ? {} : { duration_s: 60.5 * (i % 11) }),
  ...(i % 3 === 0 ? {} : { region: "Turin" }),
  ...(i % 7 === 0 ? { driver_id: '=1+"2"\n' } : {}),
  ...(i % 9 === 0 ? { attributes: { seats: i, note: "a,b" } } : {}),
}));
const byId = new Map(trips.map((one) => [one.trip_id, one]));

beforeAll(async () => {
  await sendNew(service, trips);
  await callJson(service, "PUT", "/v1/regions/Turin", { boundary: polygon(corners(7.5, 45, 7.8, 45.2)) });
});

async function download(path: string, init: RequestInit = {}) {
  const reply = await fetch(`${service.url}/v1/export/${path}`, init);
  const bytes = Buffer.from(await reply.arrayBuffer());
  expect([reply.status, reply.status === 200 ? "" : bytes.toString()]).toEqual([200, ""]);
  return { bytes, type: reply.headers.get("content-type"), headers: reply.headers };
}

/** What of a trip every format must give back. */
type Told = { trip_id: string; lon: number; lat: number; duration: number | null; driver: string | null };

function compare(told: Told[]): void {
  expect(told).toHaveLength(COUNT);
  expect(new Set(told.map(({ trip_id }) => trip_id)).size).toBe(COUNT);
  for (const { trip_id, ...one } of told) {
    const sent = byId.get(trip_id);
    expect({ trip_id, ...one }).toEqual({
      ...{ trip_id, lon: sent?.origin[0], lat: sent?.origin[1] },
      ...{ duration: sent?.duration_s ?? null, driver: sent?.driver_id ?? null },
    });
  }
}

const ofFeature = ({ geometry, properties }: Feature): Told => {
  const [lon = 0, lat = 0] = (geometry as Point).coordinates;
  const { trip_id, duration_s, driver_id } = properties as Record<string, string> & { duration_s: number };
  return { trip_id: trip_id ?? "", lon, lat, duration: duration_s ?? null, driver: driver_id ?? null };
};

const pointOfWkb = (wkb: Uint8Array): [number, number] => {
  const view = new DataView(wkb.buffer, wkb.byteOffset, wkb.byteLength);
  expect([view.getUint8(0), view.getUint32(1, true)]).toEqual([1, 1]);
  return [view.getFloat64(5, true), view.getFloat64(13, true)];
};

const hasOgr = (() => {
  try {
    execFileSync("ogrinfo", ["--version"]);
    return true;
  } catch {
    return false;
  }
})();

describe("trips as files", () => {
  it("as GeoJSON are features at their origins", async () => {
    const { bytes, type } = await download("trips?format=geojson");
    expect(type).toBe("application/geo+json");
    const { features } = JSON.parse(bytes.toString()) as FeatureCollection;
    compare(features.map(ofFeature));
    expect(features.find(({ properties }) => properties?.trip_id === "t9")?.properties?.attributes).toEqual({
      ...{ seats: 9, note: "a,b" },
    });
    expect(features.find(({ properties }) => properties?.trip_id === "t1")?.properties).toMatchObject({
      ...{ started_at: "2018-05-02T01:10:00.12345Z" },
    });
  });

  it("as a GeoJSON sequence are one feature a record", async () => {
    const { bytes, type } = await download("trips", { headers: { accept: "application/geo+json-seq" } });
    expect(type).toBe("application/geo+json-seq");
    const records = bytes.toString().split("\x1e").slice(1);
    compare(records.map((record) => ofFeature(JSON.parse(record))));
  });

  it.each([
    ["application/geo+json;q=0.5, text/csv;q=0.9", "text/csv; charset=utf-8"],
    ["application/geo+json;q=0, application/x-ndjson;q=0.1", "application/x-ndjson"],
    ["image/png, APPLICATION/JSONL", "application/x-ndjson"],
  ])("have the format that %s prefers", async (accept, expected) => {
    expect((await download("trips", { headers: { accept } })).type).toBe(expected);
  });

  it("as NDJSON are an object a line", async () => {
    const { bytes } = await download("trips?format=ndjson");
    const rows = bytes
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    compare(
      rows.map((row) => ({
        ...{ trip_id: row.trip_id, lon: row.origin_lon, lat: row.origin_lat },
        ...{ duration: row.duration_s, driver: row.driver_id },
      })),
    );
  });

  it("as CSV are lines that the service takes back, guarded against spreadsheets", async () => {
    const { bytes, type, headers } = await download("trips");
    expect([type, headers.get("content-disposition")]).toEqual([
      "text/csv; charset=utf-8",
      'attachment; filename="trips.csv"',
    ]);
    expect(bytes.toString()).toContain("'=1+");
    const instance = await DuckDBInstance.create();
    const db = await instance.connect();
    const file = join(folder, "trips.csv");
    writeFileSync(file, bytes);
    const found = await db.runAndReadAll(
      `select count(*) as n, count(distinct trip_id) as ids from read_csv('${file}')`,
    );
    expect(found.getRowObjectsJson()).toEqual([{ n: String(COUNT), ids: String(COUNT) }]);
    db.closeSync();
  });

  it("as GeoParquet are read back by hyparquet, with a box for each trip and the metadata of version 1.1", async () => {
    const { bytes, type } = await download("trips?format=geoparquet");
    expect(type).toBe("application/vnd.apache.parquet");
    const file = Uint8Array.from(bytes).buffer;
    const metadata = parquetMetadata(file);
    const geo = JSON.parse(metadata.key_value_metadata?.find(({ key }) => key === "geo")?.value ?? "{}");
    expect(geo).toMatchObject({
      version: "1.1.0",
      primary_column: "geometry",
      columns: {
        geometry: {
          encoding: "WKB",
          geometry_types: ["Point"],
          bbox: [7.5, 45, expect.closeTo(7.99), expect.closeTo(45.195)],
        },
      },
    });
    const rows = (await parquetReadObjects({ file, compressors, geoparquet: false, utf8: false })) as Record<
      string,
      unknown
    >[];
    compare(
      rows.map((row) => {
        const [lon, lat] = pointOfWkb(row.geometry as never);
        expect(row.bbox).toEqual({ xmin: lon, ymin: lat, xmax: lon, ymax: lat });
        return {
          trip_id: row.trip_id,
          lon,
          lat,
          duration: row.duration_s ?? null,
          driver: row.driver_id ?? null,
        } as Told;
      }),
    );
    const cells = rows.map(({ origin_cell }) => String(origin_cell));
    expect(cells).toEqual([...cells].sort());
  });

  it("as GeoParquet are read by DuckDB with their times to the microsecond", async () => {
    const file = join(folder, "trips.parquet");
    writeFileSync(file, (await download("trips?format=geoparquet&source=odd")).bytes);
    const db = await (await DuckDBInstance.create()).connect();
    const found = await db.runAndReadAll(
      `select count(*)::int as n, min(epoch_us(local_time)) as first, sum(duration_s) as duration, count(destination_lon)::int as ended
       from read_parquet('${file}')`,
    );
    const odd = trips.filter(({ source }) => source === "odd");
    expect(found.getRowObjectsJson()).toEqual([
      {
        ...{ n: odd.length, first: expect.any(String), ended: odd.filter((one) => "destination" in one).length },
        duration: expect.closeTo(odd.reduce((sum, one) => sum + (one.duration_s ?? 0), 0)),
      },
    ]);
    expect(Number((found.getRowObjectsJson()[0] as { first: string }).first) % 1_000_000).toBe(123_450);
    db.closeSync();
  });

  it("as Arrow are read back by apache-arrow", async () => {
    const { bytes } = await download("trips?format=arrow");
    const table = tableFromIPC(bytes);
    expect(table.schema.fields.at(-1)?.metadata.get("ARROW:extension:name")).toBe("geoarrow.wkb");
    compare(
      table.toArray().map((row) => {
        const [lon, lat] = pointOfWkb(row.geometry);
        return { trip_id: row.trip_id, lon, lat, duration: row.duration_s, driver: row.driver_id };
      }),
    );
    expect(table.get(0)?.started_at).not.toBeNull();
  });

  it.skipIf(!hasOgr)("as FlatGeobuf are read back by GDAL", { timeout: 60_000 }, async () => {
    const file = join(folder, "trips.fgb");
    writeFileSync(file, (await download("trips?format=flatgeobuf")).bytes);
    const geoJson = execFileSync("ogr2ogr", ["-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=15", "/vsistdout/", file], {
      ...{ encoding: "utf8", maxBuffer: 1e8 },
    });
    const { features } = JSON.parse(geoJson) as FeatureCollection;
    compare(features.map(ofFeature));
  });

  it("take the filters of the list", async () => {
    const { bytes } = await download("trips?format=ndjson&source=odd&region=Turin&from=2018-05-05&to=2018-05-09");
    const expected = trips.filter(({ source, region, started_at }) => {
      const day = started_at.slice(0, 10);
      return source === "odd" && region === "Turin" && day >= "2018-05-05" && day <= "2018-05-09";
    });
    expect(bytes.toString().trimEnd().split("\n")).toHaveLength(expected.length);
    const none = await download("trips?format=geoparquet&source=odd&to=2001-01-07");
    expect(parquetMetadata(Uint8Array.from(none.bytes).buffer).num_rows).toBe(0n);
  });
});

describe("answers as files", () => {
  it("cells have the figures of the whole question", async () => {
    const { bytes } = await download("cells?format=geojson&precision=6&source=odd");
    const { features } = JSON.parse(bytes.toString()) as FeatureCollection;
    const total = features.reduce((sum, { properties }) => sum + properties?.trips, 0);
    expect(total).toBe(COUNT / 2);
    const { body } = await call<{ weeks_in_window: number }>(service, "/v1/weekly-averages?source=odd");
    expect(features[0]?.properties?.weeks).toBe(body.weeks_in_window);
    const boxed = await download("cells?format=ndjson&precision=6&source=odd&bbox=7.49,44.99,7.505,45.005");
    const near = boxed.bytes
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(near.length).toBeGreaterThan(0);
    expect(near.length).toBeLessThan(features.length / 4);
  });

  it.each(["csv", "ndjson", "geojson", "geojsonseq", "geoparquet", "flatgeobuf", "arrow"])(
    "clusters and areas are written as %s",
    async (format) => {
      expect((await download(`clusters?format=${format}`)).bytes.length).toBeGreaterThan(200);
      const areas = await download(`by-area?boundaries=*&format=${format}`, { method: "POST" });
      expect(areas.bytes.length).toBeGreaterThan(80);
    },
  );

  it.skipIf(!hasOgr)("areas keep their polygons in FlatGeobuf", { timeout: 60_000 }, async () => {
    const file = join(folder, "areas.fgb");
    writeFileSync(file, (await download("by-area?boundaries=*&format=flatgeobuf", { method: "POST" })).bytes);
    const told = execFileSync("ogrinfo", ["-al", file], { encoding: "utf8" });
    const { body } = await call<{ trips: number }>(service, "/v1/weekly-averages?boundary=Turin");
    expect(told).toContain(`trips (Integer64) = ${body.trips}`);
    expect(told).toContain("MULTIPOLYGON (((7.5 45.0,7.8 45.0,7.8 45.2,7.5 45.2,7.5 45.0)))");
  });

  it("queries are rows without places", async () => {
    const body = JSON.stringify({ by: ["source"], select: ["trips"] });
    const init = { method: "POST", body, headers: { "content-type": "application/json" } };
    const { bytes } = await download("query?format=arrow", init);
    const rows = tableFromIPC(bytes)
      .toArray()
      .map((row) => row.toJSON());
    expect(rows).toEqual(expect.arrayContaining([expect.objectContaining({ source: "odd", trips: COUNT / 2 })]));
    const refused = await fetch(`${service.url}/v1/export/query?format=geojson`, init);
    expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
      400,
      expect.stringContaining("format: these rows have no place"),
    ]);
  });
});
