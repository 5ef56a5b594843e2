import { parseArgs } from "node:util";
import type { FeatureCollection } from "geojson";
import { areaFeatures } from "../../src/geo/area-features.ts";
import { weeklyAveragesByArea } from "../../src/weekly-averages/weekly-averages-by-area.db.ts";
import { digits, median, table } from "../lib/figures.ts";
import { saveResult, versionsOf } from "../lib/save.ts";
import { openTarget } from "../lib/target.ts";
import { type AreaDatabase, openAreaDatabase } from "./area-database.ts";
import { fill } from "./area-fill.ts";
import { PLACES } from "./area-places.ts";
import { quartersOf } from "./area-quarters.ts";

const ROUNDS = 7;
/** The questions, each with a thousand quarters. */
const WINDOWS = {
  all: {},
  quarter: { from: "2025-07-07", to: "2025-10-05" },
} as const;

/** How long do a thousand areas side by side take: the quarters of the largest city, and those of ten cities? */
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
      const result = await measure(db, print);
      if (values.save)
        print(`saved: ${saveResult(`quarters-${db.engine}-${trips}`, await versionsOf(db.sql), result)}`);
    } finally {
      await db.stop();
    }
  } finally {
    target.stop();
  }
}

async function measure(db: AreaDatabase, print: (line: string) => void): Promise<Record<string, number>> {
  const rows: (string | number)[][] = [];
  const result: Record<string, number> = {};
  for (const [kind, quarters] of Object.entries(kindsOfQuarters())) {
    const body = JSON.stringify(quarters);
    for (const [name, dates] of Object.entries(WINDOWS)) {
      const times: number[] = [];
      let counted = 0;
      for (let round = -1; round < ROUNDS; round++) {
        const started = performance.now();
        const areas = areaFeatures(JSON.parse(body), "areas", {
          nameProperty: "name",
          maxVertices: 50_000,
          maxFeatures: 1000,
        });
        const { answer } = await weeklyAveragesByArea(db.sql)({ match: "origin", ...dates, areas }, false);
        JSON.stringify(answer);
        // The first one warms up.
        if (round >= 0) times.push((performance.now() - started) / 1000);
        counted = answer.areas.reduce((sum, area) => sum + (area.trips ?? 0), 0);
      }
      const [half, most] = [digits(median(times), 3), digits(Math.max(...times), 3)];
      Object.assign(result, { [`${kind}_${name}_p50_s`]: half, [`${kind}_${name}_max_s`]: most });
      rows.push([kind, name, quarters.features.length, counted, half, most]);
    }
  }
  print(table(["quarters", "window", "areas", "trips", "p50 s", "max s"], rows, 2));
  return result;
}

function kindsOfQuarters(): Record<string, FeatureCollection> {
  const [largest] = PLACES;
  return {
    one_city: quartersOf(largest as (typeof PLACES)[number], 40, 25),
    ten_cities: {
      type: "FeatureCollection",
      features: PLACES.slice(0, 10).flatMap((place) => quartersOf(place, 10, 10).features),
    },
  };
}
