import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createPublisher } from "../../src/broker/publisher.ts";
import { BrokerAway, type Outgoing, type PublishFault } from "../../src/messaging/broker.ts";

const topicOf = (id: number) => (id % 2 === 0 ? "even" : "odd");

/** An outbox in memory. */
function create(count: number, publish: (messages: readonly Outgoing[]) => (PublishFault | undefined)[]) {
  const outbox = new Map(Array.from({ length: count }, (_, i) => [i + 1, { attempts: 0, isHeld: false }]));
  const published: string[] = [];
  const refused: number[] = [];
  const returned: { id: number; isRefused: boolean; counts: boolean }[] = [];
  const told: string[] = [];
  const publisher = createPublisher({
    broker: {
      publish: async (messages) => {
        const faults = publish(messages);
        messages.forEach(({ key }, i) => {
          if (!faults[i]) published.push(key ?? "");
        });
        return faults;
      },
    },
    take: async (limit, except) => {
      const free = [...outbox].filter(([id, one]) => !one.isHeld && !except.includes(topicOf(id))).slice(0, limit);
      return free.map(([id, one]) => {
        one.isHeld = true;
        return {
          id,
          topic: topicOf(id),
          key: String(id),
          value: Buffer.from(""),
          headers: {},
          attempts: ++one.attempts,
        };
      });
    },
    remove: async (ids) => {
      for (const id of ids) outbox.delete(id);
    },
    giveBack: async (messages) => {
      for (const { id, isRefused, counts } of messages) {
        returned.push({ id, isRefused, counts });
        const one = outbox.get(id);
        if (one && !isRefused) one.isHeld = false;
      }
    },
    onFault: () => {},
    onTopicFault: (topic, detail) => void told.push(`${topic}: ${detail}`),
    onRefused: ({ id }) => void refused.push(id),
    everyMs: 5,
  });
  publisher.start();
  return { publisher, outbox, published, refused, returned, told };
}

describe("the publisher", () => {
  test("publishes all messages in order, and removes them", async () => {
    const t = create(1203, (messages) => messages.map(() => undefined));
    await expect.poll(() => t.outbox.size).toBe(0);
    expect(t.published).toEqual(Array.from({ length: 1203 }, (_, i) => String(i + 1)));
    await t.publisher.stop();
  });

  test("keeps the messages while the broker is away, and blames none of them", async () => {
    let left = 2;
    const t = create(3, (messages) => {
      if (left-- > 0) throw new BrokerAway("away");
      return messages.map(() => undefined);
    });
    await expect.poll(() => t.published, { timeout: 30_000 }).toEqual(["1", "2", "3"]);
    expect(t.returned).toHaveLength(6);
    expect(t.returned.every(({ counts, isRefused }) => !counts && !isRefused)).toBe(true);
    await t.publisher.stop();
  });

  test("gives up a message that is refused for good, and publishes the others", async () => {
    const t = create(3, (messages) =>
      messages.map(({ key }) => (key === "2" ? { detail: "too large", mayPass: false } : undefined)),
    );
    await expect.poll(() => t.published).toEqual(["1", "3"]);
    expect(t.refused).toEqual([2]);
    expect(t.returned).toEqual([{ id: 2, isRefused: true, counts: true }]);
    await t.publisher.stop();
  });

  test("blames no message of a topic that is missing, publishes to others, and says so until it is there", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    let isThere = false;
    const missing = { detail: "no such topic", mayPass: true, isOfTopic: true };
    const t = create(6, (messages) =>
      messages.map(({ topic }) => (topic === "even" && !isThere ? missing : undefined)),
    );
    await expect.poll(() => t.published).toEqual(["1", "3", "5"]);
    await expect.poll(() => t.returned).toHaveLength(3);
    expect(t.returned.every(({ counts, isRefused }) => !counts && !isRefused)).toBe(true);
    expect(t.told).toEqual(["even: no such topic"]);
    expect(t.publisher.fault()).toBe("no such topic");
    isThere = true;
    vi.advanceTimersByTime(10_000);
    await expect.poll(() => t.published).toEqual(["1", "3", "5", "2", "4", "6"]);
    expect(t.publisher.fault()).toBeUndefined();
    await t.publisher.stop();
  });
});
