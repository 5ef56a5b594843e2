import { readFileSync } from "node:fs";
import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import {
  connect,
  credsAuthenticator,
  type MsgHdrs,
  headers as newHeaders,
  PermissionViolationError,
} from "@nats-io/transport-node";
import {
  type Broker,
  BrokerAway,
  type Outgoing,
  type PublishFault,
  type Subscription,
  TopicMissing,
} from "./broker.ts";
import type { BrokerSettings } from "./broker-settings.ts";
import { KEY_HEADER } from "./nats-reader.ts";
import { type Connected, streamName, streamOf, subjectOf } from "./nats-streams.ts";
import { subscribeNats } from "./nats-subscription.ts";
import { readTlsFiles } from "./tls-files.ts";

const REQUEST_MS = 5000;

/**
 * NATS JetStream. A topic is a subject, and its log is the stream that takes this subject. With several partitions the
 * partition `n` of a topic is the subject `<topic>.<n>`.
 */
export function createNats(settings: BrokerSettings): Broker {
  const { credentialsFile } = settings;
  const files = {
    credentials: credentialsFile === undefined ? undefined : readFileSync(credentialsFile),
    tls: readTlsFiles(settings.tls),
  };
  let connecting: Promise<Connected> | undefined;
  const subscriptions = new Set<Subscription>();

  const connected = (): Promise<Connected> => {
    connecting ??= open(settings, files).catch((error: Error) => {
      connecting = undefined;
      throw new BrokerAway(`NATS cannot be reached: ${error.message}`, { cause: error });
    });
    return connecting;
  };
  /** Runs a call of the broker; what it throws is a broker that is away, unless it says something else. */
  const within = async <T>(call: (all: Connected) => Promise<T>): Promise<T> => {
    const all = await connected();
    try {
      return await call(all);
    } catch (error) {
      if (error instanceof TopicMissing) throw error;
      throw new BrokerAway(`NATS does not answer: ${(error as Error).message}`, { cause: error });
    }
  };

  return {
    kind: "nats",
    subscribe: (topic, listener) => {
      const subscription = subscribeNats(topic, listener, settings, connected);
      subscriptions.add(subscription);
      return subscription;
    },
    publish: (messages) => within((all) => publishAll(all, messages)),
    lag: (topic, positions) =>
      within(async ({ jsm }) => {
        const logs = await Promise.all(
          [...positions].map(async ([partition, position]) => {
            const subject = subjectOf(topic, partition, settings.partitions);
            return [partition, await logOf(jsm, subject, position)] as const;
          }),
        );
        return new Map(logs);
      }),
    close: async () => {
      await Promise.all([...subscriptions].map((one) => one.stop()));
      const all = await connecting?.catch(() => undefined);
      await all?.nc.close();
    },
  };
}

interface Files {
  credentials: Buffer | undefined;
  tls: ReturnType<typeof readTlsFiles>;
}

async function open({ urls, user, password }: BrokerSettings, { credentials, tls }: Files): Promise<Connected> {
  const nc = await connect({
    servers: urls,
    name: "tripgrid",
    timeout: REQUEST_MS,
    // A connection that is lost later is made again for ever.
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    ...(user === undefined ? {} : { user, pass: password ?? "" }),
    ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(credentials) }),
    ...(tls === undefined ? {} : { tls }),
    // Otherwise a password that is changed later ends the connection for good.
    ignoreAuthErrorAbort: true,
  });
  return { nc, jsm: await jetstreamManager(nc, { checkAPI: false, timeout: REQUEST_MS }), known: new Set() };
}

async function logOf(jsm: JetStreamManager, subject: string, position: number | undefined) {
  const stream = await streamOf(jsm, subject);
  const { state, created } = await jsm.streams.info(stream);
  // A consumer knows exactly how many messages of the subject follow a position.
  const counter = await jsm.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    filter_subject: subject,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: 10e9,
    ...(position === undefined
      ? { deliver_policy: DeliverPolicy.All }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, position) }),
  });
  void jsm.consumers.delete(stream, counter.name).catch(() => {});
  return {
    first: Math.max(1, state.first_seq),
    end: state.last_seq + 1,
    unread: counter.num_pending,
    logId: `${stream}@${created}`,
  };
}

async function publishAll(all: Connected, messages: readonly Outgoing[]): Promise<(PublishFault | undefined)[]> {
  const js = jetstream(all.nc, { timeout: REQUEST_MS });
  const missing = new Map<string, string>();
  // There is no answer on a subject that no stream takes. A missing one delays no other.
  for (const topic of new Set(messages.map((message) => message.topic))) {
    const fault = await makeStream(all, topic);
    if (fault !== undefined) missing.set(topic, fault);
  }
  const most = all.nc.info?.max_payload ?? Number.POSITIVE_INFINITY;
  return Promise.all(
    messages.map(async ({ topic, key, value, headers }): Promise<PublishFault | undefined> => {
      const detail = missing.get(topic);
      if (detail !== undefined) return { detail, mayPass: true, isOfTopic: true };
      const sent = headersOf({ ...headers, ...(key === undefined ? {} : { [KEY_HEADER]: key }) });
      if (value.length + sent.bytes > most) {
        return { detail: `the message is larger than the ${most} bytes that the server takes`, mayPass: false };
      }
      try {
        await js.publish(topic, value, { headers: sent.headers, ...copyId(headers) });
        return undefined;
      } catch (error) {
        all.known.delete(topic);
        const fault = { detail: `${topic}: ${(error as Error).message}`, mayPass: true };
        return isDenied(error) ? { ...fault, isOfTopic: true } : fault;
      }
    }),
  );
}

/**
 * By this id the server drops a second copy. The batch is part of it, since a topic that was made anew has other messages
 * at the same positions.
 */
function copyId(headers: Outgoing["headers"]): { msgID?: string } {
  const { "tripgrid-id": id, "tripgrid-batch": batch } = headers;
  return id === undefined ? {} : { msgID: batch === undefined ? id : `${id} ${batch}` };
}

/** Whether the server refused it for want of a right. */
const isDenied = (error: unknown): boolean =>
  error instanceof PermissionViolationError || (error instanceof Error && isDenied(error.cause));

/**
 * Makes a stream for a topic that none takes. It is looked for again with the first failure.
 *
 * @returns why there is none
 */
async function makeStream({ jsm, known }: Connected, topic: string): Promise<string | undefined> {
  if (known.has(topic)) return undefined;
  const [taking] = await jsm.streams.names(topic).next();
  const name = streamName(topic);
  try {
    if (taking === undefined) await jsm.streams.add({ name, subjects: [topic] });
    known.add(topic);
    return undefined;
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    // Somebody made it for the partitions of a topic, for example, and must say what it is for.
    const how = `a stream that takes it could not be made (${error.message}). If ${name} takes other subjects, add this one: nats stream edit ${name} --subjects`;
    return `no stream takes the subject ${topic}, and ${how}`;
  }
}

function headersOf(all: Readonly<Record<string, string>>): { headers: MsgHdrs; bytes: number } {
  const headers = newHeaders();
  let bytes = 20;
  for (const [name, value] of Object.entries(all)) {
    // A name or value that NATS does not allow came with a message of another broker.
    if (!/^[!-9;-~]+$/.test(name) || /[\r\n]/.test(value)) continue;
    headers.set(name, value);
    bytes += name.length + Buffer.byteLength(value) + 4;
  }
  return { headers, bytes };
}
