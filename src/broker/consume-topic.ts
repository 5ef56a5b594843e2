import { setTimeout as sleep } from "node:timers/promises";
import type { Listener, PartitionLog, Subscription } from "../messaging/broker.ts";
import { cutStretch } from "../messaging/cut-stretch.ts";
import type { PartitionStatus } from "./broker-status.ts";
import type { ConsumerDeps, Held } from "./consumer-deps.ts";
import { ReadPartition } from "./read-partition.ts";

/** How often the broker is asked how many messages are unread. */
const LAG_EVERY_MS = 5000;

export interface TopicConsumer {
  topic: string;
  /** The partitions that this process reads now. */
  partitions(): PartitionStatus[];
  /** Why the topic is not read. Undefined: the broker answers. */
  fault(): string | undefined;
  /** Ends after the stretches that are being stored. */
  stop(): Promise<void>;
}

/**
 * Reads a topic and stores its messages, each once in effect. What this process may read is decided by the broker; from
 * where, by the stored positions. A failure pauses only its partition, which is then claimed again and read from the
 * stored position.
 */
export function consumeTopic<Claim extends Held>(deps: ConsumerDeps<Claim>): TopicConsumer {
  const { topic, broker, log } = deps;
  const readers = new Map<number, ReadPartition<Claim>>();
  const stopping = new AbortController();
  let fault: string | undefined;

  const lagOf = async (partition: number, position: number | undefined): Promise<PartitionLog> => {
    const found = (await broker.lag(topic, new Map([[partition, position]]))).get(partition);
    if (!found) throw new Error(`the broker knows no partition ${partition} of ${topic}`);
    return found;
  };

  const listener: Listener = {
    onAssigned: (partition) => {
      readers.get(partition)?.stop();
      const reader = new ReadPartition(partition, { ...deps, subscription, lagOf });
      readers.set(partition, reader);
      reader.start();
    },
    onRevoked: (partition) => {
      readers.get(partition)?.stop();
      readers.delete(partition);
    },
    onMessages: async (partition, stretch) => {
      await readers.get(partition)?.store(stretch, cutStretch);
    },
    onFault: (error) => {
      if (fault === undefined) log.warn({ topic, err: error }, "a topic cannot be read; it is tried again");
      fault = error.message;
    },
    onRecovered: () => {
      if (fault !== undefined) log.info({ topic }, "a topic can be read again");
      fault = undefined;
    },
  };
  const subscription: Subscription = broker.subscribe(topic, listener);

  const watchLag = async () => {
    while (!stopping.signal.aborted) {
      await sleep(deps.lagEveryMs ?? LAG_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted || readers.size === 0) continue;
      const positions = new Map([...readers].map(([partition, reader]) => [partition, reader.position]));
      // A broker that is away is reported by the subscription.
      const logs = await broker.lag(topic, positions).catch(() => new Map<number, PartitionLog>());
      for (const [partition, found] of logs) readers.get(partition)?.sees(found);
    }
  };
  const watching = watchLag();

  return {
    topic,
    partitions: () => [...readers.values()].map((reader) => reader.status()),
    fault: () => fault,
    stop: async () => {
      stopping.abort();
      for (const reader of readers.values()) reader.stop();
      await subscription.stop();
      await watching;
    },
  };
}
