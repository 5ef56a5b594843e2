import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type Batch, type Consumer, type EachBatchPayload, type Kafka, type KafkaMessage } from "kafkajs";
import type { Listener, Message, Subscription } from "./broker.ts";
import { cutStretch } from "./cut-stretch.ts";
import { deferred } from "./deferred.ts";
import { isMissingTopic, missingTopic } from "./missing-topic.ts";

const RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;
/** A broker waits this long for more messages, so that few messages a second do not become as many batches. */
const MAX_WAIT_MS = 50;
const MIN_BYTES = 64 * 1024;
const BYTES_OF_PARTITION = 4 * 1024 * 1024;
const HEARTBEAT_MS = 3000;
/** How often stored positions are told to the broker. */
const COMMIT_EVERY_MS = 2000;
/** How soon partitions that were added are noticed. kafkajs would take five minutes. */
const METADATA_MS = 30_000;
/**
 * How long the leader of a group waits before it shares out the partitions. A coordinator may refuse a member that asks
 * for its share after they were given out.
 */
const SETTLE_MS = 250;

/** The place of a partition that is read. */
interface Place {
  /** The offset to fetch next. */
  next: number;
  /** The delivery of the batch that was fetched last. */
  delivery: Promise<void>;
}

/**
 * Reads a topic as a member of a consumer group. kafkajs ends a consumer for errors that it takes to be lasting, and
 * says so only by an event. Here every end is followed by a new consumer, until the subscription is stopped.
 */
export function subscribeKafka(kafka: Kafka, groupId: string, topic: string, listener: Listener): Subscription {
  const stopping = new AbortController();
  const { signal } = stopping;
  const assigned = new Set<number>();
  /** Partitions that are read. The others are paused. */
  const places = new Map<number, Place>();
  const reported = new Map<number, number>();
  const underWay = new Set<Promise<void>>();
  let consumer: Consumer | undefined;

  const pauseAll = (partitions: number[]) => {
    for (const partition of partitions) places.delete(partition);
    if (partitions.length > 0) consumer?.pause([{ topic, partitions }]);
  };
  const assign = (mine: readonly number[]) => {
    for (const partition of [...assigned].filter((one) => !mine.includes(one))) {
      assigned.delete(partition);
      places.delete(partition);
      listener.onRevoked(partition);
    }
    // Nothing is delivered before the stored position is known.
    pauseAll([...mine]);
    for (const partition of mine) {
      assigned.add(partition);
      listener.onAssigned(partition);
    }
  };
  const eachBatch = async ({ batch, resolveOffset, heartbeat }: EachBatchPayload) => {
    const { partition } = batch;
    const place = places.get(partition);
    if (!place) return;
    // Its types lack the offset that was asked for.
    const fetched = Number((batch as Batch & { fetchedOffset: string }).fetchedOffset);
    let isRebalancing = false;
    const beating = setInterval(() => {
      heartbeat().catch(() => {
        isRebalancing = true;
      });
    }, HEARTBEAT_MS);
    try {
      await place.delivery;
    } finally {
      clearInterval(beating);
    }
    // It was paused or sent to another place.
    if (isRebalancing || signal.aborted || places.get(partition) !== place) return;
    // kafkajs goes on to the oldest message if the one at the offset is gone, and beyond the marks of transactions. The
    // partition is claimed again, which tells these two apart.
    if (fetched > place.next) {
      pauseAll([partition]);
      listener.onAssigned(partition);
      return;
    }
    const parts = cutStretch(stretchOf(batch, place.next));
    place.next = parts.at(-1)?.next ?? place.next;
    resolveOffset(String(place.next - 1));
    place.delivery = deliver(partition, place, parts);
  };
  // A batch is fetched while the one before it is stored: kafkajs fetches nothing until it has all of this one back.
  const deliver = (partition: number, place: Place, parts: ReturnType<typeof cutStretch>): Promise<void> => {
    const delivery = (async () => {
      for (const part of parts) {
        if (signal.aborted || places.get(partition) !== place) return;
        await listener.onMessages(partition, part);
      }
    })();
    const ended = () => void underWay.delete(delivery);
    underWay.add(delivery);
    delivery.then(ended, ended);
    return delivery;
  };

  /** Runs one consumer until it ends. @throws the error that ended it */
  const runOnce = async (): Promise<void> => {
    const one = kafka.consumer({
      groupId,
      allowAutoTopicCreation: false,
      partitionAssigners: [settledRoundRobin],
      maxWaitTimeInMs: MAX_WAIT_MS,
      minBytes: MIN_BYTES,
      maxBytesPerPartition: BYTES_OF_PARTITION,
      metadataMaxAge: METADATA_MS,
      heartbeatInterval: HEARTBEAT_MS,
      sessionTimeout: 10_000,
      rebalanceTimeout: 30_000,
      // Without it kafkajs would take other settings here than the client's.
      retry: { initialRetryTime: 200, maxRetryTime: 2000, retries: 5, restartOnFailure: async () => false },
    });
    const ended = deferred<void>();
    ended.promise.catch(() => {});
    one.on(one.events.CRASH, ({ payload }) => ended.reject(payload.error));
    one.on(one.events.GROUP_JOIN, ({ payload }) => {
      const mine = payload.memberAssignment[topic] ?? [];
      pauseAll(mine);
      // What is being delivered ends before its partition is assigned again.
      void Promise.allSettled(underWay).then(() => {
        if (consumer !== one) return;
        listener.onRecovered();
        assign(mine);
      });
    });
    const abort = () => ended.resolve();
    signal.addEventListener("abort", abort, { once: true });
    consumer = one;
    try {
      await one.connect();
      await one.subscribe({ topics: [topic], fromBeginning: true });
      await one.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 4,
        eachBatch,
      });
      await ended.promise;
    } finally {
      signal.removeEventListener("abort", abort);
      consumer = undefined;
      await one.disconnect().catch(() => {});
      assign([]);
      await Promise.allSettled(underWay);
    }
  };

  const run = async () => {
    let wait = RETRY_MS;
    while (!signal.aborted) {
      const began = Date.now();
      try {
        await runOnce();
      } catch (error) {
        if (Date.now() - began > MAX_RETRY_MS) wait = RETRY_MS;
        listener.onFault(isMissingTopic(error) ? missingTopic(topic) : (error as Error));
        await sleep(wait, undefined, { signal }).catch(() => {});
        wait = Math.min(2 * wait, MAX_RETRY_MS);
      }
    }
  };
  const running = run();

  const commit = async () => {
    if (reported.size === 0 || !consumer) return;
    const offsets = [...reported].map(([partition, position]) => ({ topic, partition, offset: String(position) }));
    reported.clear();
    await consumer.commitOffsets(offsets).catch(() => {});
  };
  const committing = setInterval(() => void commit(), COMMIT_EVERY_MS);

  return {
    read: (partition, from) => {
      if (!assigned.has(partition) || !consumer) return;
      places.set(partition, { next: from, delivery: Promise.resolve() });
      consumer.seek({ topic, partition, offset: String(from) });
      consumer.resume([{ topic, partitions: [partition] }]);
    },
    pause: (partition) => {
      if (assigned.has(partition)) pauseAll([partition]);
    },
    report: (partition, position) => {
      if (assigned.has(partition)) reported.set(partition, position);
    },
    stop: async () => {
      clearInterval(committing);
      await commit();
      stopping.abort();
      await running;
    },
  };
}

/** Round robin as kafkajs does it, a moment later. */
const settledRoundRobin: (typeof kafkajs.PartitionAssigners)["roundRobin"] = (context) => {
  const base = kafkajs.PartitionAssigners.roundRobin(context);
  return {
    ...base,
    assign: async (group) => {
      if (group.members.length > 1) await sleep(SETTLE_MS);
      return base.assign(group);
    },
  };
};

function stretchOf(batch: Batch, from: number) {
  const messages = batch.messages.filter(({ offset }) => Number(offset) >= from).map(messageFrom);
  return { from, next: Math.max(from, Number(batch.lastOffset()) + 1), messages };
}

function messageFrom({ offset, key, value, headers, timestamp }: KafkaMessage): Message {
  const told: Record<string, string> = {};
  for (const [name, sent] of Object.entries(headers ?? {})) told[name] = String(Array.isArray(sent) ? sent[0] : sent);
  return {
    position: Number(offset),
    key: key ?? undefined,
    value: value ?? undefined,
    headers: told,
    sentAt: plausible(Number(timestamp)),
  };
}

const DAY_MS = 86_400_000;

/** A producer may give any time, or none, which is -1. Microseconds in the place of milliseconds are no date of ours. */
function plausible(sentAt: number): number {
  const now = Date.now();
  return sentAt > 0 && sentAt < now + DAY_MS ? sentAt : now;
}
