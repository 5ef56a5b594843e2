import { parseArgs } from "node:util";
import { drawCells } from "../../src/tiles/draw-cells.db.ts";
import type { TileFilters } from "../../src/tiles/layers.ts";
import type { Tile } from "../../src/tiles/tile.ts";
import { openAreaDatabase } from "../areas/area-database.ts";
import { fill } from "../areas/area-fill.ts";
import { PLACES } from "../areas/area-places.ts";
import { digits, quantile, table } from "../lib/figures.ts";
import { saveResult, versionsOf } from "../lib/save.ts";
import { openTarget } from "../lib/target.ts";

/** The questions that a map asks: everything, a quarter of a year, some hours. The last one is counted from the trips. */
const FILTERS: Readonly<Record<string, TileFilters>> = {
  all: { match: "origin" },
  quarter: { match: "origin", from: "2025-07-07", to: "2025-10-05" },
  hours: { match: "origin", hours: [7, 8, 9] },
};
const ZOOMS = [10, 11, 12, 13, 14];

/** How long do the tiles of cities take, drawn one after the other, at the zoom levels of a city? */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      ...{ engine: { type: "string" }, trips: { type: "string", default: "1000000" } },
      save: { type: "boolean", default: false },
    },
  });
  const trips = Number(values.trips);
  if (!Number.isSafeInteger(trips) || trips < 1000) throw new RangeError("--trips: expected a whole number from 1000");
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const target = await openTarget(values.engine, process.env.DATABASE_URL || undefined);
  try {
    const db = await openAreaDatabase(target);
    try {
      await fill(db, trips, print);
      const rows: (string | number)[][] = [];
      const result: Record<string, number> = {};
      for (const [name, filters] of Object.entries(FILTERS)) {
        for (const z of ZOOMS) {
          const times: number[] = [];
          let bytes = 0;
          for (const tile of tilesOf(z)) {
            const started = performance.now();
            bytes = Math.max(bytes, (await drawCells(db.sql, tile, filters, undefined)).bytes.length);
            times.push(performance.now() - started);
          }
          times.sort((a, b) => a - b);
          const [half, most] = [digits(quantile(times, 0.5), 3), digits(quantile(times, 0.95), 3)];
          Object.assign(result, { [`${name}_z${z}_p50_ms`]: half, [`${name}_z${z}_p95_ms`]: most });
          rows.push([name, z, times.length, half, most, bytes]);
        }
      }
      print(table(["filters", "zoom", "tiles", "p50 ms", "p95 ms", "largest, bytes"], rows, 1));
      if (values.save) print(`saved: ${saveResult(`tiles-${db.engine}-${trips}`, await versionsOf(db.sql), result)}`);
    } finally {
      await db.stop();
    }
  } finally {
    target.stop();
  }
}

/** The tiles around the middle of each city: three by three, as a screen shows them. */
const tilesOf = (z: number): Tile[] =>
  PLACES.flatMap(([, lon, lat]) => {
    const side = 2 ** z;
    const x = Math.floor(((lon + 180) / 360) * side);
    const y = Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * side);
    return [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => ({ z, x: x + dx, y: y + dy })));
  });
