import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import kafkajs from "kafkajs";
import { startKafka, startNats } from "../harness/brokers.ts";
import { lacksKafka, lacksNats } from "../harness/find-programs.ts";

export interface Sent {
  value: string;
  headers: Record<string, string>;
  key?: string;
}

/** A broker under test, seen from outside. */
export interface TestBroker {
  url: string;
  createTopic(topic: string, partitions: number): Promise<void>;
  /** Appends messages to a partition. Resolves once all are acknowledged. */
  produce(topic: string, partition: number, values: readonly (string | Buffer)[]): Promise<void>;
  /** All messages of all partitions of a topic so far. */
  read(topic: string): Promise<Sent[]>;
  /** How many messages a topic that is read has, by its positions. */
  length(topic: string): Promise<number>;
  /** The broker goes away as in a crash, and comes back with what it acknowledged. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

export const KINDS = ["nats", "kafka"] as const;
export type Kind = (typeof KINDS)[number];

/** Why the tests of this kind are skipped. Undefined: they run. */
export const lacks = (kind: Kind): string | undefined => (kind === "nats" ? lacksNats() : lacksKafka());

/** @param partitions of each topic that is read */
export const startBroker = (kind: Kind, partitions: number): Promise<TestBroker> =>
  kind === "nats" ? startNatsBroker(partitions) : startKafkaBroker();

/** Asks again while a server that was just started does not answer yet. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 30) throw error;
      await sleep(500);
    }
  }
}

async function startNatsBroker(partitions: number): Promise<TestBroker> {
  const server = await startNats();
  const open = async () => {
    const nc = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    return { nc, js: jetstream(nc), jsm: await jetstreamManager(nc) };
  };
  const { nc, js, jsm } = await open();
  const subjectOf = (topic: string, partition: number) => (partitions === 1 ? topic : `${topic}.${partition}`);
  return {
    url: server.url,
    createTopic: async (topic, count) => {
      const subjects = Array.from({ length: count }, (_, i) => subjectOf(topic, i));
      await jsm.streams.add({ name: topic.replaceAll(".", "_"), subjects });
    },
    produce: async (topic, partition, values) => {
      const subject = subjectOf(topic, partition);
      const send = async (value: string | Buffer) => {
        // The server drops a second copy with the same id.
        for (const msgID = randomUUID(); ; ) {
          try {
            await js.publish(subject, value, { msgID, timeout: 2000 });
            return;
          } catch {
            await sleep(100);
          }
        }
      };
      for (let at = 0; at < values.length; at += 1000) await Promise.all(values.slice(at, at + 1000).map(send));
    },
    read: async (topic) => {
      const named = (subject: string) => patiently(() => jsm.streams.names(subject).next());
      const found = await Promise.all([topic, `${topic}.0`].map(named));
      const stream = found.flat()[0];
      if (stream === undefined) return [];
      const subjects = found[0]?.length ? topic : `${topic}.*`;
      const options = { deliver_policy: DeliverPolicy.All, filter_subjects: subjects };
      const consumer = await patiently(() => js.consumers.get(stream, options));
      const { num_pending } = await patiently(() => consumer.info());
      const sent: Sent[] = [];
      if (num_pending === 0) return sent;
      const messages = await consumer.consume({ max_messages: 1000 });
      for await (const message of messages) {
        const headers = Object.fromEntries([...(message.headers ?? [])].map(([name, [value]]) => [name, value ?? ""]));
        sent.push({ value: message.string(), headers });
        if (sent.length >= num_pending) break;
      }
      await messages.close();
      return sent;
    },
    length: async (topic) => (await jsm.streams.info(topic.replaceAll(".", "_"))).state.messages,
    down: () => server.kill(),
    up: () => server.start(),
    close: async () => {
      await nc.close();
      await server.kill();
    },
  };
}

async function startKafkaBroker(): Promise<TestBroker> {
  const cluster = await startKafka();
  const kafka = new kafkajs.Kafka({
    brokers: cluster.brokers,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 30, maxRetryTime: 500 },
  });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  return {
    url: cluster.url,
    createTopic: (topic, count) => cluster.say(`create ${topic} ${count}`),
    produce: async (topic, partition, values) => {
      for (let at = 0; at < values.length; at += 1000) {
        const messages = values.slice(at, at + 1000).map((value) => ({ value, partition }));
        await producer.send({ topic, messages });
      }
    },
    read: (topic) => readKafka(cluster.brokers, topic),
    length: async (topic) => {
      const admin = kafka.admin();
      await admin.connect();
      const ends = await admin.fetchTopicOffsets(topic);
      await admin.disconnect();
      return ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
    },
    down: () => cluster.say("stop 1"),
    up: () => cluster.say("start 1"),
    close: async () => {
      await producer.disconnect();
      cluster.stop();
    },
  };
}

/** Reads to the end of each partition. A consumer of kafkajs would first wait some seconds for its group. */
async function readKafka(brokers: readonly string[], topic: string): Promise<Sent[]> {
  const args = ["-C", "-q", "-e", "-J", "-b", brokers.join(","), "-t", topic];
  const { stdout } = await promisify(execFile)("kcat", args, { maxBuffer: 1024 ** 3 });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { payload, key, headers = [] } = JSON.parse(line) as { payload: string; key?: string; headers?: string[] };
      const told: Record<string, string> = {};
      for (let at = 0; at < headers.length; at += 2) told[headers[at] ?? ""] = headers[at + 1] ?? "";
      return { value: payload, headers: told, ...(key ? { key } : {}) };
    });
}
