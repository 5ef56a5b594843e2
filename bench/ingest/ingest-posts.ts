import { digits, quantile } from "../lib/figures.ts";
import { type Body, bodiesOf, FORMATS, type Format } from "./bodies.ts";
import type { IngestBench } from "./ingest-bench.ts";
import { closedLoop, type Load, openLoop } from "./load.ts";

/** One way of posting, and what came of it. */
export interface Posted {
  trips_a_post: number;
  format: Format;
  clients: number;
  trips_per_s: number;
  p50_ms: number;
  p99_ms: number;
  service_cpu_us_a_trip: number;
}

const SIZES = [
  { each: 1, take: 10_000 },
  { each: 100, take: 50_000 },
  { each: 5000, take: 200_000 },
] as const;
const CLIENTS = [1, 8, 32] as const;
/** A configuration ends with its bodies or after this time. */
const SECONDS = 15;
const SINGLES_SECONDS = 4;

/** Every size, form and number of clients, once each. */
export async function postEveryWay(bench: IngestBench, print: (posted: Posted) => void): Promise<Posted[]> {
  const all: Posted[] = [];
  for (const { each, take } of SIZES) {
    for (const format of Object.keys(FORMATS) as Format[]) {
      const bodies = bodiesOf(format, { of: bench.trips, take: Math.min(take, bench.trips), each });
      for (const clients of CLIENTS) {
        await bench.reset();
        const before = bench.service.cpuSeconds();
        const load = await closedLoop(bench.service.url, bodies, clients, each === 1 ? SINGLES_SECONDS : SECONDS);
        const cpu = bench.service.cpuSeconds() - before;
        await check(bench, load);
        all.push({
          ...{ trips_a_post: each, format, clients },
          trips_per_s: Math.round(load.trips / load.seconds),
          p50_ms: digits(quantile(load.latencies, 0.5), 3),
          p99_ms: digits(quantile(load.latencies, 0.99), 3),
          service_cpu_us_a_trip: digits((cpu / load.trips) * 1e6, 3),
        });
        print(all.at(-1) as Posted);
      }
    }
  }
  return all;
}

/** Posts all trips, 5,000 each; gives the seconds. */
export async function postAll(bench: IngestBench, bodies: readonly Body[], clients: number): Promise<number> {
  const load = await closedLoop(bench.service.url, bodies, clients, 3600);
  if (load.trips !== bench.trips) throw new Error(`Only ${load.trips} of ${bench.trips} trips were stored.`);
  await check(bench, load);
  return load.seconds;
}

/** Single posts at a fixed rate, answered or not, for some seconds. */
export async function postSteadily(bench: IngestBench, perSecond: number, seconds: number) {
  const take = perSecond * seconds;
  const bodies = bodiesOf("json", { of: Math.max(take, bench.trips), take, each: 1 });
  await bench.reset();
  const load = await openLoop(bench.service.url, bodies, perSecond);
  await check(bench, load);
  return {
    posts_per_s: perSecond,
    seconds,
    acknowledged: load.posts,
    refused: load.refused,
    p50_ms: digits(quantile(load.latencies, 0.5), 3),
    p99_ms: digits(quantile(load.latencies, 0.99), 3),
  };
}

/** How many commits twenty single posts take while many clients send them. */
export async function commitsPerTwenty(bench: IngestBench, clients: number): Promise<number> {
  const take = clients * 20;
  const bodies = bodiesOf("json", { of: Math.max(take, bench.trips), take, each: 1 });
  await bench.reset();
  const load = await closedLoop(bench.service.url, bodies, clients, 60);
  await check(bench, load);
  // Batches that share a transaction carry its number.
  const [row] = await bench.sql<{ commits: number }[]>`
    select count(distinct xmin::text) as commits from tripgrid.batches`;
  return digits(((row?.commits ?? 0) * 20) / load.posts, 3);
}

/** What was acknowledged is stored, and nothing else. */
async function check(bench: IngestBench, load: Load): Promise<void> {
  const stored = await bench.count();
  if (stored !== load.trips) throw new Error(`${load.trips} trips were acknowledged, ${stored} are stored.`);
}
