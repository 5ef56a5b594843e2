import { Ticker } from "../kit/poller.ts";
import type { Broker, Outgoing, PublishFault } from "../messaging/broker.ts";

/** Messages that are published together. */
const AT_ONCE = 500;
/** How often the outbox is looked at for messages of other processes, and for those that failed. */
const LOOK_EVERY_MS = 1000;
const MAX_WAIT_MS = 30_000;
/** When messages are tried again whose topic is missing. Others are published meanwhile. */
const TOPIC_WAIT_MS = 10_000;
/** How long an attempt takes at most, and the look that begins it. */
const ATTEMPT_MS = 20_000;

interface Waiting extends Outgoing {
  id: number;
  attempts: number;
}

interface Returned {
  id: number;
  detail: string;
  isRefused: boolean;
  counts: boolean;
}

export interface PublisherDeps {
  broker: Pick<Broker, "publish">;
  /** Takes what is due, but for these topics. */
  take: (limit: number, except: readonly string[]) => Promise<Waiting[]>;
  remove: (ids: readonly number[]) => Promise<void>;
  giveBack: (messages: readonly Returned[], retryInMs: number) => Promise<void>;
  /** Called with the first fault of a series. */
  onFault: (error: unknown) => void;
  /** Called when a topic is found to be missing, or may not be written to. Its messages wait. */
  onTopicFault: (topic: string, detail: string) => void;
  /** Called with each message that the broker refused for good. */
  onRefused: (message: Waiting, detail: string) => void;
  everyMs?: number;
}

/** Publishes what is in the outbox. */
export interface Publisher {
  start(): void;
  /** Why messages are not published: the broker is away, or topics are at fault. Undefined: nothing is known of it. */
  fault(): string | undefined;
  /** Looks into the outbox at once. Call it after the commit of a transaction that called `addOutgoing`. */
  trigger(): void;
  /** Ends after the messages under way. The others stay in the outbox. */
  stop(): Promise<void>;
}

/**
 * Publishes the messages of the outbox, in its order, and removes them once the broker has acknowledged them. A message
 * may be published twice: if the process ends between the acknowledgement and the removal, the next one publishes it
 * again. While the broker is away the messages stay.
 */
export function createPublisher(deps: PublisherDeps): Publisher {
  let failures = 0;
  let pauseUntil = 0;
  /** The last faults: of the broker, which has the name "", and of topics. Each holds until another attempt was due. */
  const faults = new Map<string, { detail: string; retryAt: number }>();
  const note = (name: string, detail: string, retryInMs: number) =>
    faults.set(name, { detail, retryAt: Date.now() + retryInMs });
  const holding = (late = 0) => [...faults].filter(([, { retryAt }]) => retryAt + late > Date.now());
  const ticker = new Ticker(look, deps.everyMs ?? LOOK_EVERY_MS, deps.onFault);

  async function look(): Promise<void> {
    if (Date.now() < pauseUntil) return;
    const messages = await deps.take(
      AT_ONCE,
      holding().map(([topic]) => topic),
    );
    if (messages.length === 0) return;
    await publish(messages);
    // There may be more.
    ticker.trigger();
  }

  async function publish(messages: Waiting[]): Promise<void> {
    let outcome: (PublishFault | undefined)[];
    try {
      outcome = await deps.broker.publish(messages);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const retryInMs = wait();
      note("", detail, retryInMs);
      // The broker is away: no message is to blame.
      const all = messages.map(({ id }) => ({ id, detail, isRefused: false, counts: false }));
      await deps.giveBack(all, retryInMs);
      throw error;
    }
    faults.delete("");
    const isPassing = outcome.some((fault) => fault === undefined);
    const failed = messages.flatMap((message, i): (Returned & { isOfTopic: boolean })[] => {
      const fault = outcome[i];
      const { id, topic } = message;
      if (!fault) {
        faults.delete(topic);
        return [];
      }
      const { detail, mayPass, isOfTopic = false } = fault;
      if (!mayPass) deps.onRefused(message, detail);
      if (isOfTopic && !faults.has(topic)) deps.onTopicFault(topic, detail);
      if (isOfTopic) note(topic, detail, TOPIC_WAIT_MS);
      return [{ id, detail, isRefused: !mayPass, counts: isPassing && !isOfTopic, isOfTopic }];
    });
    await deps.remove(messages.filter((_, i) => outcome[i] === undefined).map(({ id }) => id));
    const ofTopic = failed.filter(({ isOfTopic }) => isOfTopic);
    await deps.giveBack(ofTopic, TOPIC_WAIT_MS);
    const others = failed.filter(({ isOfTopic }) => !isOfTopic);
    if (others.length === 0 || isPassing) failures = 0;
    if (others.length === 0) return;
    await deps.giveBack(others, wait());
    const passing = others.find(({ isRefused }) => !isRefused);
    if (passing) throw new Error(`the broker did not take ${others.length} messages: ${passing.detail}`);
  }

  function wait(): number {
    const ms = Math.min(250 * 2 ** failures++, MAX_WAIT_MS);
    pauseUntil = Date.now() + ms;
    return ms;
  }

  return {
    start: () => ticker.run(true),
    fault: () => holding(ATTEMPT_MS)[0]?.[1].detail,
    trigger: () => ticker.trigger(),
    stop: () => ticker.stop(),
  };
}
