import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

const RESULTS = join(import.meta.dirname, "results");
const PLOT = join(import.meta.dirname, "../docs/areas.svg");

/** What is drawn of a result, and what it is called. */
const LINES = [
  ["estimate_p50_ms", "estimate"],
  ["exact_p50_ms", "exact"],
  ["duckdb_p50_ms", "DuckDB, boxes"],
  ["postgis_p50_ms", "PostGIS"],
] as const;

type Result = { engine: string; trips: number } & Record<(typeof LINES)[number][0], number | null>;

/** Draws how long an area takes over how many trips there are, from the results that are saved. */
export async function run(): Promise<void> {
  const results = readdirSync(RESULTS)
    .filter((name) => /^areas-(postgres|timescaledb)-\d+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(join(RESULTS, name), "utf8")) as Result);
  if (results.length === 0)
    throw new RangeError("There are no results to draw: run npm run bench -- areas --save first.");
  const values = results.flatMap((result) =>
    LINES.flatMap(([figure, name]) => {
      const ms = result[figure];
      return ms === null || ms === undefined ? [] : [{ engine: result.engine, trips: result.trips, name, ms }];
    }),
  );
  const spec: TopLevelSpec = {
    background: "white",
    title: "How long a city-sized area takes: half of them are answered within",
    data: { values },
    facet: { column: { field: "engine", type: "nominal", title: null } },
    spec: {
      width: 300,
      height: 260,
      mark: { type: "line", point: true },
      encoding: {
        x: { field: "trips", type: "quantitative", scale: { type: "log" }, axis: { format: "~s", tickCount: 4 } },
        y: { field: "ms", type: "quantitative", scale: { type: "log" }, title: "milliseconds" },
        color: { field: "name", type: "nominal", title: null, sort: LINES.map(([, name]) => name) },
      },
    },
  };
  const svg = await new View(parse(compile(spec).spec), { renderer: "none" }).toSVG();
  writeFileSync(PLOT, `${svg}\n`);
  process.stdout.write(`${PLOT}\n`);
}
