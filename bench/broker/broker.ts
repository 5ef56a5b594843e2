import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { KINDS, type Kind, lacks, startBroker, type TestBroker } from "../../test/broker/test-broker.ts";
import { bodiesOf } from "../ingest/bodies.ts";
import { type IngestBench, openIngestBench } from "../ingest/ingest-bench.ts";
import { postAll } from "../ingest/ingest-posts.ts";
import { digits, median, quantile } from "../lib/figures.ts";
import { saveResult, versionsOf } from "../lib/save.ts";
import { openTarget } from "../lib/target.ts";

/**
 * How fast do trips come in by a topic, beside posts of the same trips in the same run? And how long after it was sent is
 * a message stored, at a fixed rate? The last line is the answer as JSON.
 */
export async function run(args: string[]): Promise<void> {
  const options = readOptions(args);
  const target = await openTarget(options.engine, process.env.DATABASE_URL || undefined);
  const broker = await startBroker(options.broker, PARTITIONS);
  Object.assign(target.env, {
    TRIPGRID_BROKER_URL: broker.url,
    TRIPGRID_BROKER_PARTITIONS: String(PARTITIONS),
    TRIPGRID_TRIPS_TOPIC: TOPIC,
  });
  // Before the service, which asks for it: a broker may make a topic that is asked for.
  await broker.createTopic(TOPIC, PARTITIONS);
  const bench = await openIngestBench(target, options.trips);
  try {
    await measure(bench, broker, options);
  } finally {
    await bench.stop();
    await broker.close();
    target.stop();
  }
}

const TOPIC = "trips";
const PARTITIONS = 4;
const ROUNDS = 3;
const CLIENTS = 8;
const TRIPS_A_POST = 1000;
/** The stand-in for Kafka keeps 5 MB of a partition, about 13,000 trips. */
const MOST_TRIPS: Readonly<Record<Kind, number>> = { nats: 100_000, kafka: 40_000 };
const print = (line: string) => process.stdout.write(`${line}\n`);

interface Options {
  broker: Kind;
  trips: number;
  rate: number;
  seconds: number;
  save: boolean;
}

async function measure(bench: IngestBench, broker: TestBroker, options: Options): Promise<void> {
  const versions = await versionsOf(bench.sql);
  const bodies = bodiesOf("ndjson", { of: bench.trips, take: bench.trips, each: TRIPS_A_POST });
  const messages = bodies.map(({ bytes }) => bytes.toString().trimEnd().split("\n"));
  // Also warms the service up.
  await postAll(bench, bodies, CLIENTS);
  const seconds = { http: [] as number[], topic: [] as number[] };
  for (let round = 1; round <= ROUNDS; round++) {
    await bench.reset();
    // Both ways begin with a new process.
    await bench.restart();
    seconds.http.push(await postAll(bench, bodies, CLIENTS));
    await bench.reset();
    seconds.topic.push(await readAll(bench, broker, messages));
    print(`round ${round}: http ${seconds.http.at(-1)?.toFixed(2)} s, topic ${seconds.topic.at(-1)?.toFixed(2)} s`);
  }
  await bench.reset();
  const latency = await steadily(bench, broker, options);
  const perS = (way: keyof typeof seconds) => Math.round(bench.trips / median(seconds[way]));
  const answer = {
    ...{ bench: "broker", engine: versions.engine, broker: options.broker, trips: bench.trips },
    http_trips_per_s: perS("http"),
    topic_trips_per_s: perS("topic"),
    topic_ratio: digits(median(seconds.http) / median(seconds.topic), 3),
    ...latency,
  };
  if (options.save) {
    const name = `broker-${options.broker}-${versions.engine}`;
    print(`saved: ${saveResult(name, versions, { ...answer, seconds })}`);
  }
  print(JSON.stringify(answer));
}

/**
 * Reads a topic in which all trips lie already, so that the work of the producer is not measured; gives the seconds from
 * the first batch to the last commit. The service has just started.
 */
async function readAll(bench: IngestBench, broker: TestBroker, bodies: readonly string[][]): Promise<number> {
  await bench.stop();
  for (const [i, body] of bodies.entries()) await broker.produce(TOPIC, i % PARTITIONS, body);
  await bench.restart();
  while ((await bench.count()) < bench.trips) await sleep(50);
  const [row] = await bench.sql<{ seconds: number; others: number }[]>`
    select extract(epoch from max(committed_at) - min(created_at))::float8 as seconds,
           sum(rejected + duplicates) as others
    from tripgrid.batches`;
  if (row?.others !== 0) throw new Error("Some messages were rejected or duplicates.");
  return row.seconds;
}

/** How long a message waits from when it is sent until it is committed, at a fixed rate. */
async function steadily(bench: IngestBench, broker: TestBroker, { rate, seconds }: Options) {
  const take = rate * seconds;
  const all = bodiesOf("ndjson", { of: Math.max(take, bench.trips), take, each: 1 }).map(({ bytes }) => String(bytes));
  /** When each message of a partition was sent, in order. */
  const sentAt: number[][] = Array.from({ length: PARTITIONS }, () => []);
  const sending: Promise<void>[] = [];
  const began = performance.now();
  for (let sent = 0; sent < take; await sleep(5)) {
    const due = Math.min(take, Math.floor(((performance.now() - began) * rate) / 1000));
    if (due === sent) continue;
    const partition = sending.length % PARTITIONS;
    for (let i = sent; i < due; i++) sentAt[partition]?.push(Date.now());
    sending.push(broker.produce(TOPIC, partition, all.slice(sent, due)));
    sent = due;
  }
  await Promise.all(sending);
  while ((await bench.count()) < take) await sleep(50);
  const batches = await bench.sql<{ partition: number; received: number; ms: number }[]>`
    select (source ->> 'partition')::int as partition, received, extract(epoch from committed_at)::float8 * 1000 as ms
    from tripgrid.batches order by (source ->> 'first_position')::bigint`;
  // A partition is stored in its order, so the batches say when each of its messages was.
  const waits = batches
    .flatMap(({ partition, received, ms }) => (sentAt[partition] ?? []).splice(0, received).map((at) => ms - at))
    .sort((a, b) => a - b);
  return {
    messages_per_s: rate,
    stored_p50_ms: digits(quantile(waits, 0.5), 3),
    stored_p99_ms: digits(quantile(waits, 0.99), 3),
  };
}

function readOptions(args: string[]): Options & { engine: string | undefined } {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: "string" },
      broker: { type: "string", default: "nats" },
      trips: { type: "string" },
      rate: { type: "string", default: "1000" },
      seconds: { type: "string", default: "10" },
      save: { type: "boolean", default: false },
    },
  });
  const broker = KINDS.find((kind) => kind === values.broker);
  if (!broker) throw new RangeError(`--broker: expected ${KINDS.join(", ")}`);
  const reason = lacks(broker);
  if (reason !== undefined) throw new RangeError(`--broker ${broker}: ${reason}`);
  const whole = (name: "trips" | "rate" | "seconds", least: number) => {
    const value = Number(values[name] ?? MOST_TRIPS[broker]);
    if (!Number.isSafeInteger(value) || value < least)
      throw new RangeError(`--${name}: expected a number from ${least}`);
    return value;
  };
  return {
    engine: values.engine,
    save: values.save,
    broker,
    trips: whole("trips", 5000),
    rate: whole("rate", 1),
    seconds: whole("seconds", 1),
  };
}
