import { randomUUID } from "node:crypto";
import type { NatsConnection, Subscription } from "@nats-io/transport-node";

const SAY_EVERY_MS = 1000;
/** A process that says nothing for this long does not take part any more. */
const GONE_AFTER_MS = 5000;
/** How long a new process listens before it takes partitions. The others answer its first word at once. */
const LISTEN_MS = 500;

interface Word {
  id: string;
  /** Whether the process ends. */
  leaves?: boolean;
  /** Whether the process has just begun and asks the others to answer. */
  asks?: boolean;
}

/**
 * Shares the partitions of a topic between the processes of a group. JetStream has no partitions, so the processes tell
 * each other that they are there, by plain messages on one subject, and each computes its own share.
 *
 * For some seconds two processes may both take a partition, or none. Neither loses nor doubles a message: positions are
 * checked when rows are stored.
 */
export interface Members {
  stop(): Promise<void>;
}

/**
 * @param subject where the processes of the group meet
 * @param onShare called with the partitions of this process whenever they change
 */
export function joinMembers(
  nc: NatsConnection,
  subject: string,
  partitions: number,
  onShare: (share: ReadonlySet<number>) => void,
): Members {
  const id = randomUUID();
  const heard = new Map<string, number>();
  let share = "";
  let isListening = true;

  const say = (word: Omit<Word, "id"> = {}) => {
    if (!nc.isClosed()) nc.publish(subject, JSON.stringify({ id, ...word }));
  };
  const compute = () => {
    if (isListening) return;
    const oldest = Date.now() - GONE_AFTER_MS;
    for (const [other, at] of heard) if (at < oldest) heard.delete(other);
    const all = [id, ...heard.keys()].sort();
    const mine = Array.from({ length: partitions }, (_, i) => i).filter((i) => all[i % all.length] === id);
    if (mine.join() === share) return;
    share = mine.join();
    onShare(new Set(mine));
  };
  const subscription: Subscription = nc.subscribe(subject, {
    callback: (error, message) => {
      const word = error ? undefined : wordFrom(message.string());
      if (!word || word.id === id) return;
      if (word.leaves) heard.delete(word.id);
      else heard.set(word.id, Date.now());
      if (word.asks) say();
      compute();
    },
  });
  say({ asks: true });
  const listening = setTimeout(() => {
    isListening = false;
    compute();
  }, LISTEN_MS);
  const saying = setInterval(() => {
    // Others cannot be heard either while the connection is lost, so this process keeps its share.
    if (nc.isClosed()) return;
    say();
    compute();
  }, SAY_EVERY_MS);
  return {
    stop: async () => {
      clearTimeout(listening);
      clearInterval(saying);
      subscription.unsubscribe();
      say({ leaves: true });
      await nc.flush().catch(() => {});
    },
  };
}

function wordFrom(text: string): Word | undefined {
  try {
    const word = JSON.parse(text) as Word;
    return typeof word?.id === "string" ? word : undefined;
  } catch {
    return undefined;
  }
}
