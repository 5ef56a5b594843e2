import { describe, expect, it } from "vitest";
import { AllBatchesFeed } from "../../src/follow/all-batches-feed.ts";
import { receiptOf } from "./support.ts";

const change = (change_id: number, batchId = `b${change_id}`) => ({ change_id, receipt: receiptOf(batchId) });
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

function feedAfter(after: number | undefined, low = 0) {
  const asked = { count: 0 };
  const feed = new AllBatchesFeed(
    after,
    () => low,
    () => asked.count++,
    () => {},
  );
  const ids = async () => {
    const taken: string[] = [];
    for (let next = await feed.next(0); next && next !== "quiet"; next = await feed.next(0)) taken.push(next.id);
    return taken;
  };
  return { feed, asked, ids };
}

describe("who takes nothing", () => {
  it("is kept the newest of each batch", async () => {
    const { feed, ids } = feedAfter(undefined, 5000);
    for (const n of numbers(1, 5000)) feed.offer(change(n, `b${n % 2}`));
    expect(feed.wantsPageAfter).toBeUndefined();
    expect(await ids()).toEqual(["4999-4999", "5000-5000"]);
  });

  it("gets pages once there are too many, from the lowest that was kept", () => {
    const { feed } = feedAfter(undefined);
    for (const n of numbers(11, 1010)) feed.offer(change(n));
    expect(feed.wantsPageAfter).toBeUndefined();
    feed.offer(change(1011));
    expect(feed.wantsPageAfter).toBe(10);
  });

  it("gets them from its page on, if what is left of that is lower", async () => {
    const { feed } = feedAfter(0, 9999);
    feed.givePage([change(3), change(7), change(9)], false);
    expect(await feed.next(0)).toMatchObject({ id: "3-3" });
    for (const n of numbers(11, 1011)) feed.offer(change(n));
    expect(feed.wantsPageAfter).toBe(6);
  });
});

describe("an id", () => {
  it("says no more than what was taken: of a page, of what is kept, and of what was offered", async () => {
    const { feed, ids } = feedAfter(0, 50);
    feed.offer(change(40));
    feed.givePage([change(30), change(45), change(60)], true);
    expect(await ids()).toEqual(["30-30", "39-45", "39-60", "50-40"]);
  });
});

it("asks for a page, and again for the next, until it was the last", async () => {
  const { feed, asked, ids } = feedAfter(7, 100);
  expect(await ids()).toEqual([]);
  expect([asked.count, feed.wantsPageAfter]).toEqual([1, 7]);
  feed.givePage([change(8), change(9)], false);
  expect(feed.wantsPageAfter).toBeUndefined();
  expect(await ids()).toEqual(["8-8", "9-9"]);
  expect([asked.count, feed.wantsPageAfter]).toEqual([2, 9]);
  feed.givePage([], true);
  expect(await ids()).toEqual([]);
  expect([asked.count, feed.wantsPageAfter]).toEqual([2, undefined]);
});
