import { parseArgs } from "node:util";
import { type AreaDatabase, openAreaDatabase } from "../areas/area-database.ts";
import { fill } from "../areas/area-fill.ts";
import { digits } from "../lib/figures.ts";
import { saveResult, versionsOf } from "../lib/save.ts";
import { openTarget } from "../lib/target.ts";
import { askDsl } from "./cluster-dsl.ts";
import { askClusters } from "./cluster-questions.ts";
import { sampleViews } from "./cluster-samples.ts";

/**
 * How long do the biggest clusters of a city take, what a BI tool asks to sample a view, and a question in the query language beside
 * a plain GROUP BY over the same trips? The last line is the answer as JSON.
 */
export async function run(args: string[]): Promise<void> {
  const options = readOptions(args);
  const target = await openTarget(options.engine, process.env.DATABASE_URL || undefined);
  try {
    const db = await openAreaDatabase(target);
    try {
      await measure(db, options);
    } finally {
      await db.stop();
    }
  } finally {
    target.stop();
  }
}

const print = (line: string) => process.stdout.write(`${line}\n`);

async function measure(db: AreaDatabase, { trips, save, compare }: Options): Promise<void> {
  const versions = await versionsOf(db.sql);
  print(
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  );
  const filled = await fill(db, trips, print, true);
  const clusters = await askClusters(db.sql, compare, print);
  const samples = await sampleViews(db.sql, print);
  const dsl = await askDsl(db.sql, print);
  const answer = {
    ...{ bench: "clusters", engine: db.engine, trips },
    top_clusters_p95_ms: clusters.p95_ms,
    bi_sample_p95_ms: samples.p95_ms,
    dsl_p50_ms: dsl.dsl_p50_ms,
    raw_group_by_p50_ms: dsl.raw_p50_ms,
    mismatches: clusters.mismatches + dsl.mismatches,
  };
  const more = {
    top_clusters_p50_ms: clusters.p50_ms,
    hot_spots_p50_ms: clusters.hot_spots_p50_ms,
    bi_sample_max_ms: samples.max_ms,
    dsl_times_faster: digits(dsl.raw_p50_ms / dsl.dsl_p50_ms, 3),
    totals_s: filled.totals_s,
    ...{ load_s: filled.load_s, refresh_s: filled.refresh_s, late_refresh_s: filled.late_refresh_s },
    index_bytes_a_trip: filled.index_bytes_a_trip,
    rollup_bytes_a_trip: filled.rollup_bytes_a_trip,
  };
  for (const [name, value] of Object.entries(more)) print(`${name.replaceAll("_", " ")}: ${value}`);
  if (save) print(`saved: ${saveResult(`clusters-${db.engine}-${trips}`, versions, { ...answer, ...more })}`);
  print(JSON.stringify({ ...answer, ...more }));
}

type Options = ReturnType<typeof readOptions>;

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: "string" },
      trips: { type: "string", default: "200000" },
      save: { type: "boolean", default: false },
      compare: { type: "string", default: "6" },
    },
  });
  const [trips, compare] = [Number(values.trips), Number(values.compare)];
  if (!Number.isSafeInteger(trips) || trips < 1000) throw new RangeError("--trips: expected a whole number from 1000");
  if (!Number.isSafeInteger(compare) || compare < 0) throw new RangeError("--compare: expected a whole number");
  return { engine: values.engine, save: values.save, trips, compare };
}
