import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Attempt, DueCallback } from "../../src/callbacks/callback.ts";
import {
  createDeliverer,
  type Deliverer,
  type DelivererDeps,
  retryInMs,
} from "../../src/callbacks/deliver-callbacks.ts";
import { receiptOf } from "../events/support.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(async () => {
  const stopped = deliverer?.stop();
  await vi.advanceTimersByTimeAsync(5000);
  await stopped;
  vi.useRealTimers();
});

let deliverer: Deliverer | undefined;

/** A table of callbacks whose clock is that of the test, and a receiver that answers as it is told. */
function start(
  batchIds: string[],
  answer: (callback: DueCallback) => Attempt | Promise<Attempt>,
  more: Partial<DelivererDeps> = {},
) {
  const rows = batchIds.map((id) => ({ id, attempt: 0, dueAt: Date.now(), end: "" }));
  const began = Date.now();
  const sent: { id: string; attempt: number; atSecond: number }[] = [];
  const given: string[] = [];
  const find = ({ id }: { id: string }) => rows.find((row) => row.id === id) ?? { end: "", dueAt: 0 };
  const made = createDeliverer({
    takeDue: async (limit) => {
      const due = rows.filter((row) => row.end === "" && row.dueAt <= Date.now()).slice(0, limit);
      return due.map((row) => {
        row.attempt++;
        row.dueAt = Date.now() + 60_000;
        const { id, attempt } = row;
        return { id, attempt, url: "https://example.com/", payload: receiptOf(id, "committed") };
      });
    },
    send: async (callback) => {
      const { id, attempt } = callback;
      sent.push({ id, attempt, atSecond: Math.round((Date.now() - began) / 1000) });
      return answer(callback);
    },
    recordDelivery: async (callback) => {
      find(callback).end = "delivered";
    },
    recordFailure: async (callback, _, retry) => {
      if (retry === undefined) find(callback).end = "given up";
      else find(callback).dueAt = Date.now() + retry;
    },
    onFailure: ({ id }, error, isGivenUp) => given.push(`${id}: ${error}${isGivenUp ? ", given up" : ""}`),
    random: () => 0.5,
    everyMs: 1000,
    ...more,
  });
  deliverer = made;
  made.start();
  return { rows, sent, given, deliverer: made };
}

const failed: Attempt = { error: "status 500", isLast: false };

describe("a receipt", () => {
  it("that was delivered is not sent again", async () => {
    const { rows, sent } = start(["a"], () => "delivered");
    await vi.advanceTimersByTimeAsync(3600_000);
    expect([sent.length, rows[0]?.end]).toEqual([1, "delivered"]);
  });

  it("is sent again after longer and longer times, then given up", async () => {
    const { rows, sent, given } = start(["a"], () => failed, { everyMs: 10_000 });
    await vi.advanceTimersByTimeAsync(60 * 3600_000);
    const waits = sent.slice(1).map(({ atSecond }, i) => atSecond - (sent[i]?.atSecond ?? 0));
    const expected = [5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600];
    expect(waits).toHaveLength(expected.length);
    // It is looked for every ten seconds.
    for (const [i, seconds] of expected.entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(seconds);
      expect(waits[i]).toBeLessThanOrEqual(seconds + 11);
    }
    expect(rows[0]?.end).toBe("given up");
    expect([given.length, given.at(-1)]).toEqual([10, "a: status 500, given up"]);
  });

  it("that its receiver wants no more is given up at once", async () => {
    const { rows, sent } = start(["a"], () => ({ error: "status 410", isLast: true }));
    await vi.advanceTimersByTimeAsync(3600_000);
    expect([sent.length, rows[0]?.end]).toEqual([1, "given up"]);
  });

  it("is sent again if its delivery could not be recorded", async () => {
    const errors: unknown[] = [];
    let isAway = true;
    const recordDelivery = async () => {
      if (isAway) throw new Error("away");
    };
    const { sent } = start(["a"], () => "delivered", { recordDelivery, onError: (error) => errors.push(error) });
    await vi.advanceTimersByTimeAsync(30_000);
    expect([sent.length, errors.length]).toEqual([1, 1]);
    isAway = false;
    await vi.advanceTimersByTimeAsync(40_000);
    expect(sent.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });
});

it("a tenth sooner or later, so that what failed together does not come again together", () => {
  expect([retryInMs(1, 0), retryInMs(1, 1), retryInMs(9, 0.5), retryInMs(10, 0.5)]).toEqual([
    4500,
    5500,
    24 * 3600_000,
    undefined,
  ]);
});

describe("at once", () => {
  it("are at most eight, and the next come as soon as there is room", async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `b${i}`);
    let open = 0;
    let most = 0;
    const { rows, sent } = start(ids, async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 100));
      open--;
      return "delivered" as const;
    });
    await vi.advanceTimersByTimeAsync(90);
    expect([sent.length, most]).toEqual([8, 8]);
    await vi.advanceTimersByTimeAsync(600);
    expect([most, rows.every(({ end }) => end === "delivered")]).toEqual([8, true]);
  });

  it("comes what is due when it is asked to look", async () => {
    const { rows, sent, deliverer } = start([], () => "delivered", { everyMs: 3600_000 });
    await vi.advanceTimersByTimeAsync(1000);
    rows.push({ id: "a", attempt: 0, dueAt: 0, end: "" });
    deliverer.trigger();
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toHaveLength(1);
  });
});

it("stopping waits a little for what is under way, then cuts it off, and takes nothing more", async () => {
  const recordFailure = vi.fn(async () => {});
  const send: DelivererDeps["send"] = ({ id }, stop) =>
    new Promise((resolve) => {
      if (id === "quick") setTimeout(resolve, 1000, "delivered");
      stop.addEventListener("abort", () => resolve({ error: "the service stopped", isLast: false }));
    });
  const { rows, deliverer } = start(["quick", "stuck"], () => "delivered", { send, recordFailure });
  await vi.advanceTimersByTimeAsync(100);
  rows.push({ id: "late", attempt: 0, dueAt: 0, end: "" });
  const stopped = deliverer.stop();
  await vi.advanceTimersByTimeAsync(3100);
  await stopped;
  expect(rows.map(({ attempt, end }) => [attempt, end])).toEqual([
    [1, "delivered"],
    [1, ""],
    [0, ""],
  ]);
  expect(recordFailure).toHaveBeenCalledOnce();
});

it("the database may be away meanwhile", async () => {
  const errors: unknown[] = [];
  let isAway = true;
  const takeDue = vi.fn(async () => {
    if (isAway) throw new Error("away");
    return [];
  });
  start([], () => "delivered", { takeDue, onError: (error) => errors.push(error) });
  await vi.advanceTimersByTimeAsync(10_000);
  isAway = false;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(takeDue.mock.calls.length).toBeGreaterThan(15);
  expect(errors).toHaveLength(1);
});
