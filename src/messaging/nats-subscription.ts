import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import type { Listener, Subscription } from "./broker.ts";
import type { BrokerSettings } from "./broker-settings.ts";
import { joinMembers, type Members } from "./nats-members.ts";
import { messagesAhead, readSubject } from "./nats-reader.ts";
import { type Connected, streamOf, subjectOf } from "./nats-streams.ts";

const RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

/** Reads a topic together with the other processes of the group. */
export function subscribeNats(
  topic: string,
  listener: Listener,
  { partitions, group }: BrokerSettings,
  connected: () => Promise<Connected>,
): Subscription {
  const stopping = new AbortController();
  const { signal } = stopping;
  const share = new Set<number>();
  /** The reading of each partition that is not paused. */
  const reading = new Map<number, { stop: AbortController; done: Promise<void> }>();
  let members: Members | undefined;

  const pause = (partition: number) => {
    reading.get(partition)?.stop.abort();
    reading.delete(partition);
  };
  const assign = (mine: ReadonlySet<number>) => {
    for (const partition of [...share].filter((one) => !mine.has(one))) {
      share.delete(partition);
      pause(partition);
      listener.onRevoked(partition);
    }
    for (const partition of [...mine].filter((one) => !share.has(one))) {
      share.add(partition);
      listener.onAssigned(partition);
    }
  };
  const read = async (partition: number, from: number, ended: AbortSignal) => {
    try {
      const { nc, jsm } = await connected();
      const subject = subjectOf(topic, partition, partitions);
      const stream = await streamOf(jsm, subject);
      const deliver: Parameters<typeof readSubject>[0]["deliver"] = async (stretch) => {
        if (!ended.aborted) await listener.onMessages(partition, stretch);
      };
      const { onRecovered } = listener;
      const { state } = await jsm.streams.info(stream);
      const ahead = messagesAhead(state.messages === 0 ? 0 : state.bytes / state.messages);
      await readSubject({ js: jetstream(nc), stream, subject, from, ahead, deliver, onReading: onRecovered }, ended);
    } catch (error) {
      if (ended.aborted) return;
      listener.onFault(error as Error);
      await sleep(RETRY_MS, undefined, { signal: ended }).catch(() => {});
      // The stream may be another one now, so the partition is claimed again.
      if (!ended.aborted && share.has(partition)) listener.onAssigned(partition);
    }
  };
  const join = async () => {
    for (let wait = RETRY_MS; !signal.aborted; wait = Math.min(2 * wait, MAX_RETRY_MS)) {
      try {
        const { nc } = await connected();
        if (signal.aborted) return;
        listener.onRecovered();
        members = joinMembers(nc, `tripgrid.members.${group}.${topic}`, partitions, assign);
        return;
      } catch (error) {
        listener.onFault(error as Error);
        await sleep(wait, undefined, { signal }).catch(() => {});
      }
    }
  };
  const joining = join();
  return {
    read: (partition, from) => {
      const before = reading.get(partition);
      before?.stop.abort();
      if (!share.has(partition) || signal.aborted) return;
      const stop = new AbortController();
      // Stretches of an earlier reading are settled first.
      const done = (before?.done ?? Promise.resolve()).then(() => read(partition, from, stop.signal));
      reading.set(partition, { stop, done });
    },
    pause,
    // Nothing is kept at the server: its consumers end with this process.
    report: () => {},
    stop: async () => {
      stopping.abort();
      await joining;
      await members?.stop();
      const all = [...reading.values()];
      for (const { stop } of all) stop.abort();
      await Promise.all(all.map(({ done }) => done));
      share.clear();
    },
  };
}
