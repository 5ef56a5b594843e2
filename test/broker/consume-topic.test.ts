import { describe, expect, test } from "vitest";
import { consumeTopic } from "../../src/broker/consume-topic.ts";
import type { Listener, Message, PartitionLog, Stretch, Subscription } from "../../src/messaging/broker.ts";

interface Claim {
  position: number | undefined;
  logId: string | undefined;
  epoch: number;
}

const message = (position: number): Message => ({
  position,
  key: undefined,
  value: Buffer.from(String(position)),
  headers: {},
  sentAt: 0,
});

/** A broker of one partition, and a table of positions, both in memory. */
function create(messages: number[], more: Partial<PartitionLog> = {}) {
  const log: PartitionLog = { first: 0, end: messages.length, unread: messages.length, logId: "log", ...more };
  const row = { position: undefined as number | undefined, logId: undefined as string | undefined, epoch: 0 };
  const stored: Message[] = [];
  const logged: string[] = [];
  const problems: (string | undefined)[] = [];
  let listener: Listener | undefined;
  let reading = 0;
  const subscription: Subscription = {
    read: (partition, from) => {
      const mine = ++reading;
      setImmediate(async () => {
        const found = messages.map(message).filter(({ position }) => position >= from);
        if (mine !== reading || found.length === 0) return;
        await listener?.onMessages(partition, { from, next: (found.at(-1)?.position ?? 0) + 1, messages: found });
      });
    },
    pause: () => {
      reading++;
    },
    report: () => {},
    stop: async () => {},
  };
  /** What fails, and how. It may throw. */
  const faults = { store: (_: Stretch, __: Claim) => {}, claim: () => {} };
  const told = (about: object, text: string) => void logged.push(`${text} ${JSON.stringify(about)}`);
  const consumer = consumeTopic<Claim>({
    topic: "t",
    broker: {
      subscribe: (_, given) => {
        listener = given;
        return subscription;
      },
      lag: async (_, positions) =>
        new Map([...positions].map(([partition, at]) => [partition, { ...log, unread: log.end - (at ?? log.first) }])),
    },
    claim: async () => {
      faults.claim();
      row.epoch++;
      return { ...row };
    },
    store: async (claim, stretch, logId) => {
      faults.store(stretch, claim);
      if (claim.epoch !== row.epoch || claim.position !== row.position) throw new Error("fenced");
      stored.push(...stretch.messages);
      Object.assign(row, { position: stretch.next, logId });
      return { claim: { ...claim, position: stretch.next, logId }, rejected: 0 };
    },
    setProblem: async (_, problem) => void problems.push(problem),
    mayPass: (error) => (error as Error).message === "away",
    isFenced: (error) => (error as Error).message === "fenced",
    log: { info: told, warn: told, error: told },
    lagEveryMs: 20,
    retryMs: 1,
  });
  return { consumer, listener: () => listener as Listener, row, stored, logged, problems, faults, log };
}

const positions = (stored: readonly Message[]) => stored.map(({ position }) => position);
const upTo = (end: number) => Array.from({ length: end }, (_, i) => i);

describe("a topic", () => {
  test("is read from its oldest message, then from the stored position", async () => {
    const t = create(upTo(10));
    t.row.position = 4;
    t.row.logId = "log";
    t.listener().onAssigned(0);
    await expect.poll(() => positions(t.stored)).toEqual([4, 5, 6, 7, 8, 9]);
    expect(t.row.position).toBe(10);
    await expect
      .poll(() => t.consumer.partitions())
      .toMatchObject([{ state: "reading", position: 10, lag: 0, age_seconds: 0 }]);
    await t.consumer.stop();
  });

  test("waits while the database is away, and goes on without a gap or a copy", async () => {
    const t = create(upTo(12));
    let left = 5;
    t.faults.store = () => {
      if (left-- > 0) throw new Error("away");
    };
    let claims = 3;
    t.faults.claim = () => {
      if (claims-- > 0) throw new Error("away");
    };
    t.listener().onAssigned(0);
    await expect.poll(() => positions(t.stored)).toEqual(upTo(12));
    await t.consumer.stop();
  });

  test("whose partition another process took over stores nothing until it is claimed again", async () => {
    const t = create(upTo(6));
    let isFirst = true;
    t.faults.store = () => {
      if (isFirst) Object.assign(t.row, { epoch: t.row.epoch + 1, position: 4, logId: "log" });
      isFirst = false;
    };
    t.listener().onAssigned(0);
    await expect.poll(() => positions(t.stored)).toEqual([4, 5]);
    await t.consumer.stop();
  });

  test("gives up only the message that cannot be stored", async () => {
    const t = create(upTo(40));
    t.faults.store = ({ messages }) => {
      if (messages.some(({ position, fault }) => position === 23 && !fault)) throw new Error("a fault of ours");
    };
    t.listener().onAssigned(0);
    await expect.poll(() => positions(t.stored), { timeout: 20_000 }).toEqual(upTo(40));
    expect(t.stored.flatMap(({ position, fault }) => (fault ? [position] : []))).toEqual([23]);
    await t.consumer.stop();
  });

  test.each([
    ["ends before the stored position", 8, { end: 3 }, "it ends at 3"],
    ["is another log", 1, { logId: "other" }, "another log"],
  ])("that was made anew (%s) stops, and says what to do", async (_, position, more: Partial<PartitionLog>, why) => {
    const t = create(upTo(3), more);
    Object.assign(t.row, { position, logId: "log" });
    t.listener().onAssigned(0);
    await expect.poll(() => t.consumer.partitions()[0]?.state).toBe("stopped");
    const [partition] = t.consumer.partitions();
    expect(partition?.problem).toContain(why);
    expect(partition?.problem).toContain("delete from tripgrid.broker_positions where topic = 't' and partition = 0");
    expect(t.problems).toEqual([partition?.problem]);
    expect(t.logged.filter((line) => line.includes("made anew"))).toHaveLength(1);
    expect(t.stored).toEqual([]);
    await t.consumer.stop();
  });

  test("that is made anew while it is read stops too", async () => {
    const t = create(upTo(5));
    t.listener().onAssigned(0);
    await expect.poll(() => positions(t.stored)).toEqual(upTo(5));
    t.log.logId = "other";
    await expect.poll(() => t.consumer.partitions()[0]?.state).toBe("stopped");
    await t.consumer.stop();
  });

  test("whose oldest messages are gone goes on, and says which", async () => {
    const t = create(upTo(10), { first: 6 });
    Object.assign(t.row, { position: 2, logId: "log" });
    t.listener().onAssigned(0);
    await expect.poll(() => positions(t.stored)).toEqual([6, 7, 8, 9]);
    expect(t.logged.join()).toContain("has dropped messages");
    await t.consumer.stop();
  });

  test("tells its fault until the broker works again", async () => {
    const t = create([]);
    t.listener().onFault(new Error("the broker is away"));
    t.listener().onFault(new Error("the broker is away"));
    expect(t.consumer.fault()).toBe("the broker is away");
    t.listener().onRecovered();
    expect(t.consumer.fault()).toBeUndefined();
    expect(t.logged).toHaveLength(2);
    await t.consumer.stop();
  });
});
