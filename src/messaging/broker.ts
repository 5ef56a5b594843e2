import type { Fault } from "../kit/parsed.ts";

/**
 * What Tripgrid needs of a message broker. `kafka.ts` and `nats.ts` implement it. Only files with these names at
 * their beginning know a broker's client.
 *
 * A topic has partitions, numbered from 0. The messages of a partition have ascending positions, possibly with gaps. A
 * position is a non-negative integer below 2^53: Kafka's offset, or the sequence of JetStream's stream.
 *
 * The broker decides which process reads which partition. It does not decide from which position: positions are stored
 * in our database, and move in the transaction that stores the rows (`store-stretch.db.ts`).
 */
export interface Broker {
  /** For logs and metrics. */
  readonly kind: "kafka" | "nats";
  /**
   * Takes part in reading a topic, together with the other processes of the same group. Connects in the background and
   * keeps trying: it never rejects because the broker is away or the topic is missing. Those faults go to
   * `listener.onFault`.
   */
  subscribe(topic: string, listener: Listener): Subscription;
  /**
   * Publishes messages. Resolves once the broker has acknowledged or refused each of them, in the given order. It
   * creates a missing topic if the broker allows that.
   *
   * @returns one entry a message: undefined if the broker has stored it, else the reason
   * @throws BrokerAway if the broker cannot be reached; then nothing is known of any message
   */
  publish(messages: readonly Outgoing[]): Promise<(PublishFault | undefined)[]>;
  /**
   * Where the log of each partition begins and ends, and how many messages are unread.
   *
   * @param positions the next position to read of each partition; undefined: none was read yet
   * @returns one entry for each of these partitions that exists
   * @throws BrokerAway, TopicMissing
   */
  lag(topic: string, positions: ReadonlyMap<number, number | undefined>): Promise<Map<number, PartitionLog>>;
  /** Stops all subscriptions and closes the connections. */
  close(): Promise<void>;
}

/** The state of a partition at the broker. */
export interface PartitionLog {
  /** The position of the oldest message that still exists; `end` if there is none. */
  first: number;
  /** The position that the next message will have, or a lower bound above every existing message. */
  end: number;
  /** Messages at or after the given position. */
  unread: number;
  /** Identifies the log where the broker tells it. Another value means that the topic was deleted and created again. */
  logId: string | undefined;
}

/** What a subscription reports. Its functions are called in order for a partition, never two at once. */
export interface Listener {
  /**
   * This process now reads the partition. No message comes before `Subscription.read` is called. Called again for the
   * same partition if the log may be another one, or does not begin where it should.
   */
  onAssigned(partition: number): void;
  /** This process no longer reads the partition. A stretch that is being stored may end as usual. */
  onRevoked(partition: number): void;
  /**
   * The next messages of a partition. More come only after the promise is settled. It must not reject.
   *
   * Stretches follow each other without a gap: the first one begins at the position given to `read`, and each other one
   * at the `next` of the one before.
   */
  onMessages(partition: number, stretch: Stretch): Promise<void>;
  /** The broker is away, the topic is missing or the like. Called with every failed attempt. */
  onFault(error: Error): void;
  /** The broker works again after a fault. */
  onRecovered(): void;
}

export interface Subscription {
  /**
   * Begins to deliver a partition, or goes to another position. Does nothing if the partition is not assigned to this
   * process any more.
   *
   * @param from the first position to deliver
   */
  read(partition: number, from: number): void;
  /** Stops delivering until `read` is called again. The partition stays assigned. */
  pause(partition: number): void;
  /** Tells the broker a stored position, for its lag tools only. Faults are ignored. */
  report(partition: number, position: number): void;
  /** Leaves the group. Resolves after the calls of `onMessages` under way are settled. */
  stop(): Promise<void>;
}

/** Consecutive messages of one partition. */
export interface Stretch {
  /** The position it was read from, which its first message may exceed. */
  from: number;
  /** The position to read next, which may exceed the last message's by more than one. */
  next: number;
  messages: readonly Message[];
}

/** A message that came from a topic. */
export interface Message {
  position: number;
  key: Uint8Array | undefined;
  /** Undefined: the message has no value, as a tombstone of Kafka. */
  value: Uint8Array | undefined;
  headers: Readonly<Record<string, string>>;
  /** When the broker or the producer says that it was sent, in milliseconds since 1970. */
  sentAt: number;
  /** Why it must not be stored: storing it failed again and again. A subject rejects it with this reason. */
  fault?: Fault;
}

/** A message that is to be published. */
export interface Outgoing {
  topic: string;
  /** Messages with the same key keep their order where the broker has partitions. */
  key: string | undefined;
  value: Uint8Array;
  /** ASCII names and values without line ends. */
  headers: Readonly<Record<string, string>>;
}

/** Why a message was not published. */
export interface PublishFault {
  detail: string;
  /** Whether another attempt may succeed. False for a message that is too large. */
  mayPass: boolean;
  /** Whether the topic is to blame and not the message: it is missing, or may not be written to. */
  isOfTopic?: boolean;
}

/** The broker cannot be reached or does not answer. */
export class BrokerAway extends Error {
  override readonly name = "BrokerAway";
}

/** The topic does not exist. It is read once it does. */
export class TopicMissing extends Error {
  override readonly name = "TopicMissing";
}
