import kafkajs, { type Admin, type KafkaConfig, type Producer } from "kafkajs";
import {
  type Broker,
  BrokerAway,
  type Outgoing,
  type PublishFault,
  type Subscription,
  TopicMissing,
} from "./broker.ts";
import type { BrokerSettings } from "./broker-settings.ts";
import { addCodecs } from "./kafka-codecs.ts";
import { subscribeKafka } from "./kafka-subscription.ts";
import { isMissingTopic, missingTopic } from "./missing-topic.ts";
import { readTlsFiles } from "./tls-files.ts";

/** How long a call keeps trying, while the broker is away, before it says so: about five seconds. */
const RETRY = { initialRetryTime: 200, maxRetryTime: 2000, retries: 5 };
const REQUEST_MS = 15_000;

/**
 * A broker that speaks Kafka's protocol. kafkajs is no longer maintained; its successors need a newer Node, or compile
 * code when they are installed. Only the files `kafka*.ts` know it.
 */
export function createKafka(settings: BrokerSettings): Broker {
  addCodecs();
  const kafka = new kafkajs.Kafka(kafkaConfig(settings));
  const subscriptions = new Set<Subscription>();
  const admin = keptOpen(() => kafka.admin({ retry: RETRY }));
  /** Where the messages of a call went, as `topic/partition`. */
  const used = new Set<string>();
  const producer = keptOpen(() =>
    kafka.producer({ allowAutoTopicCreation: true, createPartitioner: () => notedPartitioner(used), retry: RETRY }),
  );
  let clusterId: string | undefined;
  return {
    kind: "kafka",
    subscribe: (topic, listener) => {
      const subscription = subscribeKafka(kafka, `${settings.group}.${topic}`, topic, listener);
      subscriptions.add(subscription);
      return subscription;
    },
    publish: (messages) => producer.use((one) => publishAll(messages, (some) => send(one, some, used))),
    lag: (topic, positions) =>
      admin.use(async (one) => {
        clusterId ??= (await one.describeCluster()).clusterId ?? "";
        return logsOf(one, topic, positions, clusterId);
      }),
    close: async () => {
      await Promise.all([...subscriptions].map((one) => one.stop()));
      await Promise.all([admin.close(), producer.close()]);
    },
  };
}

function kafkaConfig({ urls, user, password, sasl, tls }: BrokerSettings): KafkaConfig {
  const ssl = readTlsFiles(tls);
  return {
    clientId: "tripgrid",
    brokers: urls,
    // The important parts of its log also come as errors and events.
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 5000,
    requestTimeout: REQUEST_MS,
    retry: RETRY,
    ...(ssl === undefined ? {} : { ssl }),
    ...(user === undefined ? {} : { sasl: { mechanism: sasl as "plain", username: user, password: password ?? "" } }),
  };
}

/** Connects when it is first used, and again after a call that failed. */
function keptOpen<T extends Admin | Producer>(create: () => T) {
  let open: Promise<T> | undefined;
  const connect = async () => {
    const one = create();
    await one.connect();
    return one;
  };
  const close = async () => {
    const closing = open;
    open = undefined;
    const one = await closing?.catch(() => undefined);
    await one?.disconnect().catch(() => {});
  };
  return {
    /** @throws BrokerAway, TopicMissing */
    use: async <R>(call: (one: T) => Promise<R>): Promise<R> => {
      try {
        open ??= connect();
        return await call(await open);
      } catch (error) {
        if (error instanceof TopicMissing) throw error;
        void close();
        throw new BrokerAway(`Kafka cannot be reached: ${(error as Error).message}`, { cause: error });
      }
    },
    close,
  };
}

/** @throws TopicMissing */
async function logsOf(
  admin: Admin,
  topic: string,
  positions: ReadonlyMap<number, number | undefined>,
  clusterId: string,
) {
  const offsets = await admin.fetchTopicOffsets(topic).catch((error: Error) => {
    throw isMissingTopic(error) ? missingTopic(topic) : error;
  });
  return new Map(
    offsets
      .filter(({ partition }) => positions.has(partition))
      .map(({ partition, low, high }) => {
        const [first, end] = [Number(low), Number(high)];
        const next = Math.max(first, positions.get(partition) ?? first);
        return [partition, { first, end, unread: Math.max(0, end - next), logId: clusterId || undefined }];
      }),
  );
}

async function publishAll(
  messages: readonly Outgoing[],
  send: (some: readonly Outgoing[]) => Promise<void>,
): Promise<(PublishFault | undefined)[]> {
  const faults = new Map<Outgoing, PublishFault>();
  // One topic that is missing holds up no other.
  for (const topic of new Set(messages.map((message) => message.topic))) {
    const ofTopic = messages.filter((message) => message.topic === topic);
    const fault = await faultIn(() => send(ofTopic));
    if (fault === undefined) continue;
    for (const message of ofTopic) {
      // kafkajs does not say which message the broker refused.
      const isAlone = fault.isOfTopic === true || ofTopic.length === 1;
      const own = isAlone ? fault : await faultIn(() => send([message]));
      if (own) faults.set(message, own);
    }
  }
  return messages.map((message) => faults.get(message));
}

/** Why a call failed. Undefined: it did not. @throws the error of a connection */
async function faultIn(call: () => Promise<void>): Promise<PublishFault | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    if (isConnectionFault(error)) throw error;
    return faultOf(error);
  }
}

/** Chooses partitions as Java's client does, and notes them. */
function notedPartitioner(used: Set<string>) {
  const choose = kafkajs.Partitioners.DefaultPartitioner();
  return (args: Parameters<typeof choose>[0]) => {
    const partition = choose(args);
    used.add(`${args.topic}/${partition}`);
    return partition;
  };
}

/**
 * Sends messages of one topic in one call of kafkajs. If a leader moves meanwhile, kafkajs can leave out a partition and report
 * success, so each partition must be among those that were acknowledged.
 */
async function send(producer: Producer, messages: readonly Outgoing[], used: Set<string>): Promise<void> {
  used.clear();
  const replies = await producer.send({
    acks: -1,
    timeout: REQUEST_MS,
    topic: messages[0]?.topic ?? "",
    messages: messages.map(({ key, value, headers }) => ({
      key: key ?? null,
      value: Buffer.from(value),
      headers: { ...headers },
    })),
  });
  const acknowledged = new Set(replies.map(({ topicName, partition }) => `${topicName}/${partition}`));
  const left = [...used].filter((one) => !acknowledged.has(one));
  if (left.length > 0) throw new Error(`no reply came for ${left.join(", ")}`);
}

/** Errors for which the broker refuses a message permanently. */
const REFUSED = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD"];
const OF_TOPIC = ["UNKNOWN_TOPIC_OR_PARTITION", "TOPIC_AUTHORIZATION_FAILED", "INVALID_TOPIC_EXCEPTION"];

function faultOf(error: unknown): PublishFault {
  const { type = "", message } = rootOf(error) as { type?: string; message: string };
  const fault = { detail: message, mayPass: !REFUSED.includes(type) };
  return OF_TOPIC.includes(type) ? { ...fault, isOfTopic: true } : fault;
}

const rootOf = (error: unknown): unknown => {
  const { cause } = error as { cause?: unknown };
  return cause === undefined ? error : rootOf(cause);
};

function isConnectionFault(error: unknown): boolean {
  const { name = "", code = "" } = rootOf(error) as { name?: string; code?: string };
  return /Connection|BrokerNotFound|RequestTimeout|NoBrokerAvailable|SASL/.test(name) || /^E[A-Z]+/.test(code);
}
