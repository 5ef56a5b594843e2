import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { newKey } from "../../src/auth/key-text.ts";
import { addKey } from "../../src/auth/keys.db.ts";
import { type Body, bodiesOf } from "../ingest/bodies.ts";
import { type IngestBench, openIngestBench } from "../ingest/ingest-bench.ts";
import { closedLoop } from "../ingest/load.ts";
import { digits, median, table } from "../lib/figures.ts";
import { saveResult, versionsOf } from "../lib/save.ts";
import { openTarget } from "../lib/target.ts";
import { checkedKeyUs } from "./checked-key.ts";

/**
 * What does authentication cost? The same posts with a key and without, in turn, on one service and one database; and the
 * check of a credential that was checked before. The last line is the answer as JSON.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { engine: { type: "string" }, rounds: { type: "string", default: "9" }, save: { type: "boolean" } },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 3) throw new RangeError("--rounds: expected 3 or more");
  const target = await openTarget(values.engine, process.env.DATABASE_URL || undefined);
  const bench = await openIngestBench(target, TRIPS);
  try {
    await measure(bench, rounds, values.save === true);
  } finally {
    await bench.stop();
    target.stop();
  }
}

const TRIPS = 200_000;
/** Posts of one trip are those that a check of each could slow down. */
const LOADS = [
  { name: "1 trip a post, 32 clients", each: 1, clients: 32, seconds: 3 },
  { name: "100 trips a post, 8 clients", each: 100, clients: 8, seconds: 3 },
] as const;
const print = (line: string) => process.stdout.write(`${line}\n`);

async function measure(bench: IngestBench, rounds: number, save: boolean): Promise<void> {
  const versions = await versionsOf(bench.sql);
  const results: { load: string; without: Rate[]; with_key: Rate[] }[] = [];
  for (const { name, each, clients, seconds } of LOADS) {
    const bodies = bodiesOf("json", { of: TRIPS, take: TRIPS, each });
    const rate = async (key: string | undefined) => {
      await bench.reset();
      const before = bench.service.cpuSeconds();
      const load = await closedLoop(bench.service.url, bodies, clients, seconds, headersOf(key));
      if (load.refused > 0) throw new Error(`${load.refused} posts were refused.`);
      const cpuUs = ((bench.service.cpuSeconds() - before) * 1e6) / load.posts;
      return { perS: Math.round(load.trips / load.seconds), cpuUs: Math.round(cpuUs) };
    };
    // The first one warms the service up and is not counted.
    await rate(undefined);
    const result = { load: name, without: [] as Rate[], with_key: [] as Rate[] };
    for (let round = 1; round <= rounds; round++) {
      // Each comes first in half of the rounds.
      for (const isOn of round % 2 === 0 ? [false, true] : [true, false]) {
        const key = isOn ? await switchOn(bench, bodies) : undefined;
        (isOn ? result.with_key : result.without).push(await rate(key));
        if (isOn) await switchOff(bench, bodies);
      }
      const [off, on] = [result.without.at(-1), result.with_key.at(-1)];
      print(`${name}, round ${round}: ${off?.perS} trips/s without, ${on?.perS} with a key`);
    }
    results.push(result);
  }
  const checked = await checkedKeyUs();
  const answer = {
    bench: "auth",
    engine: versions.engine,
    loads: results.map(({ load, without, with_key }) => ({
      load,
      without_trips_per_s: middle(without, "perS"),
      with_key_trips_per_s: middle(with_key, "perS"),
      ratio: digits(middle(with_key, "perS") / middle(without, "perS"), 3),
      without_cpu_us_a_post: middle(without, "cpuUs"),
      with_key_cpu_us_a_post: middle(with_key, "cpuUs"),
    })),
    checked_key_us: digits(checked, 3),
  };
  print(
    table(
      ["load", "trips/s without", "trips/s with a key", "ratio", "CPU µs a post without", "with a key"],
      answer.loads.map((one) => Object.values(one)),
      1,
    ),
  );
  if (save) print(`saved as ${saveResult(`auth-${versions.engine}`, versions, answer)}`);
  print(JSON.stringify(answer));
}

/** Of one round: trips a second, and processor time of the service for a post. On a busy machine the second says more. */
interface Rate {
  perS: number;
  cpuUs: number;
}

const middle = (rates: readonly Rate[], of: keyof Rate) => median(rates.map((rate) => rate[of]));

const headersOf = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { authorization: `Bearer ${key}` };

/** Makes the first key, and waits until the service asks for it. */
async function switchOn(bench: IngestBench, bodies: readonly Body[]): Promise<string> {
  const key = await addKey(bench.sql, {
    ...{ name: "bench", scopes: ["ingest"], source: undefined, region: undefined },
    ...{ expiresAt: undefined, createdBy: undefined },
  });
  await untilIt(bench, bodies, newKey(), 401);
  await untilIt(bench, bodies, key.key, 200);
  return key.key;
}

/** Removes all keys, as if there had never been one, and waits until the service asks for none. */
async function switchOff(bench: IngestBench, bodies: readonly Body[]): Promise<void> {
  await bench.sql`delete from tripgrid.api_keys`;
  await untilIt(bench, bodies, undefined, 200);
}

async function untilIt(bench: IngestBench, [body]: readonly Body[], key: string | undefined, status: number) {
  for (;;) {
    const sent = { method: "POST", body: new Uint8Array(body?.bytes ?? []) };
    const headers = { "content-type": body?.type ?? "", ...headersOf(key) };
    const reply = await fetch(`${bench.service.url}/v1/trips?dry_run=true`, { ...sent, headers });
    await reply.arrayBuffer();
    if (reply.status === status) return;
    await sleep(100);
  }
}
