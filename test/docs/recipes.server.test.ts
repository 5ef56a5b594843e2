import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { parse } from "csv-parse/sync";
import type { FeatureCollection } from "geojson";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, callJson, corners, polygon, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { blocksOf } from "./harness/blocks.ts";

const service = useService();
const folder = mkdtempSync(join(tmpdir(), "tg-recipes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const blocks = blocksOf("docs/gis.md").filter(({ note }) =>
  note?.startsWith("run by test/docs/recipes.server.test.ts"),
);

const COUNT = 600;
const made = Array.from({ length: COUNT }, (_, i) =>
  trip({
    ...{
      source: i % 2 ? "baba_car" : "xrides",
      trip_id: `r${i}`,
      origin: [7.4 + (i % 50) * 0.01, 44.9 + (i % 30) * 0.01],
    },
    ...{ destination: [7.7, 45.1], region: i % 3 ? "Turin" : "=A1" },
    started_at: `2018-05-${String(1 + (i % 28)).padStart(2, "0")}T${String(i % 24).padStart(2, "0")}:00:00`,
  }),
);

const hasGdal = (() => {
  try {
    execFileSync("ogr2ogr", ["--version"]);
    return true;
  } catch {
    if (process.env.CI) throw new Error("ogr2ogr is missing; Debian has it in gdal-bin");
    return false;
  }
})();

beforeAll(async () => {
  await sendNew(service, made);
  await callJson(service, "PUT", "/v1/regions/Turin", { boundary: polygon(corners(7.5, 45, 7.8, 45.2)) });
  for (const { language, text } of blocks) {
    if (language !== "sh" || (!hasGdal && text.includes("ogr2ogr"))) continue;
    const script = text.replaceAll("http://127.0.0.1:8080", service.url);
    // The service is in this process, which must not wait.
    await promisify(execFile)("sh", ["-euc", script], { cwd: folder, timeout: 120_000 });
  }
}, 300_000);

const path = (name: string) => join(folder, name);
const featuresOf = (file: string) =>
  Number(/Feature Count: (\d+)/.exec(execFileSync("ogrinfo", ["-so", "-al", file], { encoding: "utf8" }))?.[1]);

describe("docs/gis.md", () => {
  it("has recipes", () => expect(blocks.length).toBeGreaterThan(6));

  it.skipIf(!hasGdal)(
    "GDAL has the trips of the source and the box, all trips, and the cells of the morning",
    async () => {
      const chosen = made.filter(({ source, origin }) => {
        const [lon = 0, lat = 0] = origin as number[];
        return source === "baba_car" && lon >= 7.5 && lon <= 7.8 && lat >= 45 && lat <= 45.2;
      });
      expect(featuresOf(path("trips.gpkg"))).toBe(chosen.length);
      expect(featuresOf(path("trips.fgb"))).toBe(COUNT);
      const { features } = JSON.parse(readFileSync(path("cells.geojson"), "utf8")) as FeatureCollection;
      expect(featuresOf(path("cells.gpkg"))).toBe(features.length);
      const { body } = await call<WeeklyAnswer>(service, "/v1/weekly-averages?hours=7-9");
      expect(features.reduce((sum, { properties }) => sum + properties?.trips, 0)).toBe(body.trips);
    },
  );

  it("DuckDB counts the weeks of a box as the service does", async () => {
    const [query] = blocks.filter(({ language }) => language === "sql");
    const db = await (await DuckDBInstance.create()).connect();
    const found = await db.runAndReadAll((query?.text ?? "").replace("'trips.parquet'", `'${path("trips.parquet")}'`));
    db.closeSync();
    const { body } = await call<WeeklyAnswer>(service, "/v1/weekly-averages?bbox=7.58,45.00,7.77,45.14");
    const weeks = body.weeks.filter(({ trips }) => (trips ?? 0) > 0).map(({ start, trips }) => [start, trips]);
    expect(found.getRowObjectsJson().map(({ week, trips }) => [String(week).slice(0, 10), Number(trips)])).toEqual(
      weeks,
    );
  });

  it("kepler.gl gets the columns by which it finds places and times, and polygons", () => {
    const rows = parse(readFileSync(path("kepler.csv")), { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(COUNT);
    for (const name of ["origin_lat", "origin_lon", "destination_lat", "destination_lon"]) {
      expect(rows.every((row) => Number.isFinite(Number.parseFloat(row[name] ?? "")))).toBe(true);
    }
    expect(rows.every(({ local_time = "" }) => /^2018-05-\d\dT\d\d:00:00$/.test(local_time))).toBe(true);
    const { features } = JSON.parse(readFileSync(path("kepler.geojson"), "utf8")) as FeatureCollection;
    expect(new Set(features.map(({ geometry }) => geometry.type))).toEqual(new Set(["Polygon"]));
  });

  it("a spreadsheet gets the figures, and no formula", async () => {
    const [region] = parse(readFileSync(path("regions.csv")), { columns: true }) as Record<string, string>[];
    const { body } = await call<WeeklyAnswer>(service, "/v1/weekly-averages?boundary=Turin");
    expect([region?.name, Number(region?.trips)]).toEqual(["Turin", body.trips]);
    const hours = parse(readFileSync(path("weeks.csv")), { columns: true }) as Record<string, string>[];
    expect(hours.reduce((sum, { trips }) => sum + Number(trips), 0)).toBe(COUNT);
    expect(readFileSync(path("kepler.csv"), "utf8")).toMatch(/,'=A1,/);
  });
});
