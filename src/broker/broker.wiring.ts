import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { LimitFunction } from "p-limit";
import type { Sql } from "../database/client.ts";
import { mayPass } from "../database/may-pass.ts";
import { AppError, StartError } from "../errors.ts";
import type { LookupsFor } from "../lookups/lookup.ts";
import type { Mapping } from "../mappings/mapping.ts";
import { type Broker, BrokerAway, TopicMissing } from "../messaging/broker.ts";
import { brokerSettings } from "../messaging/broker-settings.ts";
import { openBroker } from "../messaging/open-broker.ts";
import type { Store } from "../storage/trip-transaction.db.ts";
import { yearsFrom } from "../time/time.ts";
import type { Wiring } from "../wiring.ts";
import { type BrokerStatus, createCounts, type OutboxStatus } from "./broker-status.ts";
import { consumeTopic, type TopicConsumer } from "./consume-topic.ts";
import { outboxStatus, removeOutgoing, returnOutgoing, takeOutgoing } from "./outbox.db.ts";
import { type Claim, claimPartition, Fenced, setProblem } from "./positions.db.ts";
import { createPublisher, type Publisher } from "./publisher.ts";
import { type Subject, storeStretch } from "./store-stretch.db.ts";
import { topicTrips } from "./topic-trips.db.ts";

export interface BrokerParts {
  /** Publishes the outbox. Undefined: there is no broker, and nothing may be added to the outbox. */
  publisher: Publisher | undefined;
  /** Begins to read the topic of a subject, if there is one. Does nothing if there is no broker. */
  consume<Rows>(subject: Subject<Rows> | undefined): void;
  /** Undefined: there is no broker. */
  status: (() => BrokerStatus) | undefined;
  outbox: (() => Promise<OutboxStatus>) | undefined;
  stop(): Promise<void>;
}

/**
 * Opens the broker of the settings. It connects in the background, so a broker that is away stops nothing else.
 *
 * @throws StartError if a file of the settings cannot be read, or a topic is named and no broker
 */
export async function wireBroker({ config, lanes, log }: Wiring): Promise<BrokerParts> {
  const settings = brokerSettings(config);
  if (settings === undefined) {
    if (config.tripsTopic !== undefined) {
      throw new StartError("TRIPGRID_TRIPS_TOPIC names a topic, but there is no broker: set TRIPGRID_BROKER_URL too.");
    }
    return { publisher: undefined, consume: () => {}, status: undefined, outbox: undefined, stop: async () => {} };
  }
  const broker = await openBroker(settings);
  const { sql } = lanes.ingest;
  const owner = `${hostname()}/${process.pid}/${randomUUID()}`;
  const publisher = wirePublisher(broker, sql, log);
  publisher.start();
  const consumers: TopicConsumer[] = [];
  const counts = createCounts();
  return {
    publisher,
    consume: (subject) => {
      if (subject === undefined) return;
      const { topic } = subject;
      const consumer = consumeTopic<Claim>({
        ...{ topic, broker, log },
        claim: (partition) => claimPartition(sql, { topic, partition }, owner),
        store: (claim, stretch, logId) => storeStretch(subject, claim, stretch, logId),
        setProblem: (claim, problem) => setProblem(sql, claim, problem),
        mayPass: isPassing,
        isFenced: (error) => error instanceof Fenced,
        onStored: (messages, rejected) => {
          counts.add(topic, messages, rejected);
          if (rejected > 0) publisher.trigger();
        },
      });
      consumers.push(consumer);
    },
    status: () => ({
      kind: broker.kind,
      topics: consumers.map((consumer) => ({
        topic: consumer.topic,
        fault: consumer.fault() ?? null,
        partitions: consumer.partitions(),
        ...counts.of(consumer.topic),
      })),
      publish_fault: publisher.fault() ?? null,
    }),
    outbox: () => outboxStatus(lanes.figures.sql),
    stop: async () => {
      await Promise.all([...consumers.map((one) => one.stop()), publisher.stop()]);
      await broker.close();
    },
  };
}

const wirePublisher = (broker: Broker, sql: Sql, log: Wiring["log"]) =>
  createPublisher({
    broker,
    take: takeOutgoing.bind(null, sql),
    remove: (ids) => removeOutgoing(sql, ids),
    giveBack: (messages, retryInMs) => returnOutgoing(sql, messages, retryInMs),
    onFault: (err) => log.warn({ err }, "messages cannot be published now; they stay in the outbox"),
    onTopicFault: (topic, detail) =>
      log.error({ topic, detail }, "nothing can be published to a topic; its messages stay in the outbox"),
    onRefused: ({ id, topic }, detail) =>
      log.error({ outbox_id: id, topic, detail }, "the broker refused a message; it is kept in tripgrid.outbox"),
  });

/** A named mapping that is gone is made again by its owner. Until then the partition waits. */
const isPassing = (error: unknown): boolean =>
  error instanceof BrokerAway ||
  error instanceof TopicMissing ||
  (error instanceof AppError && error.code === "invalid_parameter") ||
  mayPass(error);

interface Given {
  store: Store;
  /** Shared with the other writers of many rows. */
  bulk: LimitFunction;
  customMappings: () => Promise<readonly Mapping[]>;
  lookupsFor: LookupsFor;
  /** Called when this process has stored a batch. */
  onChange: () => void;
}

/** The subject of trips. Undefined: trips do not come by a topic. */
export function wireTopicTrips({ config, room }: Wiring, { store, bulk, customMappings, lookupsFor, onChange }: Given) {
  if (config.tripsTopic === undefined) return undefined;
  return topicTrips({
    topic: config.tripsTopic,
    mapping: config.tripsMapping,
    ...{ store, bulk, customMappings, lookupsFor, room },
    startRange: () => ({ min: config.minTime, max: yearsFrom(new Date(), 1) }),
    limits: config,
    rejectLimits: { rows: config.maxRejectedRows, bytes: config.maxRejectedBytes },
    onStored: onChange,
  });
}
