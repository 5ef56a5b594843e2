import { Ticker } from "../kit/poller.ts";
import type { Broker, Outgoing, PublishFault } from "./broker.ts";

/** Messages that are published together. */
const AT_ONCE = 500;
/** How often the outbox is looked at for messages of other processes, and for those that failed. */
const LOOK_EVERY_MS = 1000;
const MAX_WAIT_MS = 30_000;

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
  take: (limit: number) => Promise<Waiting[]>;
  remove: (ids: readonly number[]) => Promise<void>;
  giveBack: (messages: readonly Returned[], retryInMs: number) => Promise<void>;
  /** Called with the first fault of a series. */
  onFault: (error: unknown) => void;
  /** Called with each message that the broker refused for good. */
  onRefused: (message: Waiting, detail: string) => void;
  everyMs?: number;
}

/** Publishes what is in the outbox. */
export interface Publisher {
  start(): void;
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
  const ticker = new Ticker(look, deps.everyMs ?? LOOK_EVERY_MS, deps.onFault);

  async function look(): Promise<void> {
    if (Date.now() < pauseUntil) return;
    const messages = await deps.take(AT_ONCE);
    if (messages.length === 0) return;
    await publish(messages);
    // There may be more.
    ticker.trigger();
  }

  async function publish(messages: Waiting[]): Promise<void> {
    let faults: (PublishFault | undefined)[];
    try {
      faults = await deps.broker.publish(messages);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      // The broker is away: no message is to blame.
      const all = messages.map(({ id }) => ({ id, detail, isRefused: false, counts: false }));
      await deps.giveBack(all, wait());
      throw error;
    }
    const isPassing = faults.some((fault) => fault === undefined);
    const failed = messages.flatMap((message, i): Returned[] => {
      const fault = faults[i];
      if (!fault) return [];
      if (!fault.mayPass) deps.onRefused(message, fault.detail);
      return [{ id: message.id, detail: fault.detail, isRefused: !fault.mayPass, counts: isPassing }];
    });
    await deps.remove(messages.filter((_, i) => faults[i] === undefined).map(({ id }) => id));
    if (failed.length === 0) {
      failures = 0;
      return;
    }
    if (isPassing) failures = 0;
    await deps.giveBack(failed, wait());
    const passing = failed.find(({ isRefused }) => !isRefused);
    if (passing) throw new Error(`the broker did not take ${failed.length} messages: ${passing.detail}`);
  }

  function wait(): number {
    const ms = Math.min(250 * 2 ** failures++, MAX_WAIT_MS);
    pauseUntil = Date.now() + ms;
    return ms;
  }

  return {
    start: () => ticker.run(true),
    trigger: () => ticker.trigger(),
    stop: () => ticker.stop(),
  };
}
