import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Sql } from "../../src/database/client.ts";
import { type SpawnedService, spawnService } from "../harness/index.ts";
import type { TestBroker } from "./test-broker.ts";

/** What a topic brings. */
export interface Brought {
  topic: string;
  /** A good message. Its number makes its id, so that one that is stored twice or not at all is found. */
  message: (n: number) => string;
  /** Where they are stored. */
  table: string;
}

export const TRIPS: Brought = {
  topic: "trips",
  message: (n) => {
    const started_at = new Date(Date.UTC(2018, 4, 21) + n * 60_000).toISOString().slice(0, 19);
    return JSON.stringify({ trip_id: String(n), source: "bus", started_at, origin: [7.6 + (n % 100) / 1000, 45] });
  },
  table: "tripgrid.trips",
};

/** Every second one says when it was seen. */
export const DETECTIONS: Brought = {
  topic: "intellisite.detections",
  message: (n) => {
    const id = `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
    const seen_at = n % 2 === 0 ? undefined : new Date(Date.UTC(2025, 4, 21) + n * 1000).toISOString();
    return JSON.stringify({ id, Year: 2000 + (n % 20), Make: "Toyota", Model: `${n % 7}`, Category: "SUV", seen_at });
  },
  table: "tripgrid.detections",
};

export interface RunOptions {
  brought?: Brought;
  broker: TestBroker;
  /** Settings of every process. */
  env: Record<string, string>;
  databaseUrl: string;
  /** Stops the database as a crash does and starts it again. Undefined: it is never stopped. */
  restartDatabase?: () => Promise<void>;
  messages: number;
  kills: number;
  /** How often a process ends in order, and another one joins. */
  leaves: number;
  brokerRestarts: number;
  databaseRestarts: number;
}

export interface RunResult {
  /** Different good messages, and further copies of them in the topic: a producer sends again what was not acknowledged. */
  good: number;
  goodCopies: number;
  /** Bad messages in the topic. */
  bad: number;
  /** All messages in the topic, by its positions. */
  inTopic: number;
  /** Good messages that are stored. */
  stored: number;
  /** Sums over all receipts. */
  received: number;
  duplicates: number;
  rejected: number;
  /** Different messages in the topic of rejected ones, and copies of them. */
  deadLetters: number;
  copies: number;
  /** Messages that are still in the outbox, or alerts that are to be added to it. */
  waiting: number;
  seconds: number;
}

/** The brokers of `mock-kafka.c` keep 5 MB of a partition. */
export const PARTITIONS = 4;
const BAD_EVERY = 50;
const PROCESSES = 2;
/** The longest pause between two faults. */
const PAUSE_MS = 4000;
const AT_ONCE = 200;

const isBad = (n: number) => n % BAD_EVERY === 7;

const messageOf = (n: number, { message }: Brought) => (isBad(n) ? `{'id': ${n}}` : message(n));

/**
 * Sends messages by a topic while processes of the service are killed and started again, and the broker and the
 * database go away and come back. Waits until everything is stored, and counts it.
 */
export async function killRun(options: RunOptions): Promise<RunResult> {
  const { broker, env, databaseUrl, messages, kills, brokerRestarts, databaseRestarts, brought = TRIPS } = options;
  const began = performance.now();
  await broker.createTopic(brought.topic, PARTITIONS);
  const services = new Set<SpawnedService>();
  const join = () => services.add(spawnService(env));
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    const all = [...services];
    const one = all[Math.floor(Math.random() * all.length)];
    if (!one) return;
    services.delete(one);
    one.kill(signal);
    await one.exited;
  };
  join();
  const faults = shuffled([
    ...Array(kills).fill("kill"),
    ...Array(options.leaves).fill("leave"),
    ...Array(brokerRestarts).fill("broker"),
    ...Array(options.restartDatabase ? databaseRestarts : 0).fill("database"),
  ]);
  // The faults fall into the time of sending.
  const sending = produceAll(broker, brought, messages, (faults.length * PAUSE_MS) / 2);
  for (const fault of faults) {
    while (services.size < PROCESSES) join();
    await sleep(Math.random() * PAUSE_MS);
    if (fault === "kill") await end("SIGKILL");
    else if (fault === "leave") await end("SIGTERM");
    else if (fault === "database") await options.restartDatabase?.();
    else {
      await broker.down();
      await sleep(Math.random() * 1500);
      await broker.up();
    }
  }
  while (services.size < PROCESSES) join();
  await sending;
  const result = await untilStored(broker, brought, databaseUrl);
  for (const one of services) one.kill("SIGTERM");
  await Promise.all([...services].map((one) => one.exited));
  return { ...result, seconds: Math.round((performance.now() - began) / 1000) };
}

/** Sends everything, in order in each partition, within so many milliseconds or longer. */
async function produceAll(broker: TestBroker, brought: Brought, messages: number, ms: number): Promise<void> {
  const all = Array.from({ length: messages }, (_, n) => n);
  for (let at = 0; at < all.length; at += AT_ONCE) {
    await sleep((ms * AT_ONCE) / messages);
    const some = all.slice(at, at + AT_ONCE);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const values = some.filter((n) => n % PARTITIONS === partition).map((n) => messageOf(n, brought));
      await broker.produce(brought.topic, partition, values);
    }
  }
}

async function untilStored(broker: TestBroker, { topic, table }: Brought, databaseUrl: string) {
  const sent = (await broker.read(topic)).map(({ value }) => value);
  const good = new Set(sent.filter((value) => value.startsWith('{"'))).size;
  const bad = sent.filter((value) => value.startsWith("{'")).length;
  const sql = createClient({ url: databaseUrl }, { max: 1 });
  try {
    const until = performance.now() + 300_000;
    let last = await counts(sql, table);
    while ((last.received < sent.length || last.waiting > 0) && performance.now() < until) {
      await sleep(500);
      last = await counts(sql, table);
    }
    const rejected = await broker.read(`${topic}.rejected`);
    const ids = new Set(rejected.map(({ headers }) => headers["tripgrid-id"]));
    const goodCopies = sent.length - bad - good;
    return {
      good,
      goodCopies,
      bad,
      inTopic: await broker.length(topic),
      ...last,
      deadLetters: ids.size,
      copies: rejected.length - ids.size,
    };
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function counts(sql: Sql, table: string) {
  const [row] = await sql<
    { stored: number; received: number; duplicates: number; rejected: number; waiting: number }[]
  >`
    select (select count(*) from ${sql.unsafe(table)}) as stored, coalesce(sum(received), 0) as received,
           coalesce(sum(duplicates), 0) as duplicates, coalesce(sum(rejected), 0) as rejected,
           (select count(*) from tripgrid.outbox)
             + (select count(*) from tripgrid.alerts a, tripgrid.alert_state s where a.number is null or a.number > s.published) as waiting
    from tripgrid.batches`;
  if (!row) throw new Error("there are no counts");
  return row;
}

function shuffled<T>(all: T[]): T[] {
  return all
    .map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
