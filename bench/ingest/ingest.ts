import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { withRefreshLock } from "../../src/rollups/refresh-rollups.db.ts";
import { digits, median, table } from "../lib/figures.ts";
import { saveResult, versionsOf } from "../lib/save.ts";
import { openTarget } from "../lib/target.ts";
import { bodiesOf } from "./bodies.ts";
import { type IngestBench, openIngestBench } from "./ingest-bench.ts";
import { commitsPerTwenty, type Posted, postAll, postEveryWay, postSteadily } from "./ingest-posts.ts";
import { makeReference } from "./reference.ts";

/**
 * How fast do trips come in, by posts and by files, beside PostgreSQL's own COPY of the same rows into the same table?
 * The last line is the answer as JSON.
 */
export async function run(args: string[]): Promise<void> {
  const options = readOptions(args);
  const target = await openTarget(options.engine, process.env.DATABASE_URL || undefined);
  const bench = await openIngestBench(target, options.trips, options.profile);
  try {
    await measure(bench, options.save);
  } finally {
    await bench.stop();
    target.stop();
  }
}

const ROUNDS = 3;
const print = (line: string) => process.stdout.write(`${line}\n`);

async function measure(bench: IngestBench, save: boolean): Promise<void> {
  const versions = await versionsOf(bench.sql);
  print(
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  );
  // Also warms the service up, and leaves the rows that the reference is made of.
  print(`first import of ${bench.trips} trips: ${(await bench.importAll()).toFixed(1)} s`);
  const reference = await makeReference(bench.target, bench.sql, bench.reset);
  print(`reference: ${reference.how}`);
  const posts = await postEveryWay(bench, (posted) => print(JSON.stringify(posted)));
  const steady = await postSteadily(bench, 1000, 10);
  const commits = await commitsPerTwenty(bench, 200);

  const large = posts.filter((posted) => posted.trips_a_post === 5000);
  const best = large.reduce((a, b) => (b.trips_per_s > a.trips_per_s ? b : a));
  const bodies = bodiesOf(best.format, { of: bench.trips, take: bench.trips, each: 5000 });
  const seconds = {
    copy: [] as number[],
    http: [] as number[],
    http_without_rollups: [] as number[],
    import: [] as number[],
  };
  for (let round = 1; round <= ROUNDS; round++) {
    await bench.reset();
    seconds.copy.push(await reference.copy());
    await bench.reset();
    seconds.http.push(await postAll(bench, bodies, best.clients));
    if (versions.engine !== "embedded") {
      await bench.reset();
      seconds.http_without_rollups.push(await withoutRollups(bench, () => postAll(bench, bodies, best.clients)));
    }
    await bench.reset();
    seconds.import.push(await bench.importAll());
    print(
      `round ${round}: ${Object.entries(seconds)
        .map(([way, s]) => `${way} ${s.at(-1)?.toFixed(2)} s`)
        .join(", ")}`,
    );
  }
  const peaks = await measurePeaks(bench, () => postAll(bench, bodies, best.clients));

  const isKept = seconds.http_without_rollups.length > 0;
  const perS = (way: keyof typeof seconds) => Math.round(bench.trips / median(seconds[way]));
  const ratio = (way: keyof typeof seconds) => digits(median(seconds.copy) / median(seconds[way]), 3);
  const answer = {
    bench: "ingest",
    engine: versions.engine,
    trips: bench.trips,
    copy_trips_per_s: perS("copy"),
    http_trips_per_s: perS("http"),
    import_trips_per_s: perS("import"),
    single_post_p99_ms: steady.p99_ms,
    http_ratio: ratio("http"),
    import_ratio: ratio("import"),
    http_without_rollups_trips_per_s: isKept ? perS("http_without_rollups") : null,
    /** What keeping the rollups takes of the rate of posts. Of all rounds: a refresh falls into one and not into the next. */
    rollups_cost: isKept ? digits(1 - sum(seconds.http_without_rollups) / sum(seconds.http), 3) : null,
  };
  const more = {
    reference: reference.how,
    commits_per_20_single_posts: commits,
    ...peaks,
    steady_single_posts: steady,
  };
  report(posts, best, more);
  if (save)
    print(`saved: ${saveResult(`ingest-${versions.engine}`, versions, { ...answer, ...more, seconds, posts })}`);
  print(JSON.stringify(answer));
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** While it works nothing is taken up into the rollups: this is what does that, as far as the service can tell. */
async function withoutRollups<T>({ sql }: IngestBench, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const done = await withRefreshLock(sql, "postgres", async () => ({ result: await work() }));
    if (done) {
      // Postponed work would slow the next round down.
      while ((await sql`select from tripgrid_internal.pending_weeks limit 1`).length > 0) await sleep(100);
      return done.result;
    }
    await sleep(100);
  }
}

/** The most memory that a new process takes for each way in. */
async function measurePeaks(bench: IngestBench, postAll: () => Promise<number>) {
  await bench.reset();
  await bench.restart();
  await postAll();
  const http = bench.service.peakMb();
  await bench.reset();
  await bench.restart();
  await bench.importAll();
  return { peak_mb_http: http, peak_mb_import: bench.service.peakMb() };
}

function report(posts: readonly Posted[], best: Posted, more: object): void {
  const head = ["trips a post", "format", "clients", "trips/s", "p50 ms", "p99 ms", "service CPU µs/trip", ""];
  print(
    `\n${table(
      head,
      posts.map((posted) => [...Object.values(posted), posted === best ? "best" : ""]),
      0,
    )}`,
  );
  for (const [name, value] of Object.entries(more)) {
    print(`${name.replaceAll("_", " ")}: ${typeof value === "object" ? JSON.stringify(value) : value}`);
  }
}

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: "string" },
      trips: { type: "string", default: "200000" },
      save: { type: "boolean", default: false },
      profile: { type: "string" },
    },
  });
  const trips = Number(values.trips);
  if (!Number.isSafeInteger(trips) || trips < 5000) throw new RangeError("--trips: expected a whole number from 5000");
  return { ...values, trips };
}
