import { describe, expect, it } from "vitest";
import { AllBatchesFeed } from "../../src/events/all-batches-feed.ts";
import { RecentChanges } from "../../src/events/recent-changes.ts";
import { createRoom, SHARES } from "../../src/kit/room.ts";
import { nextOf, receiptOf } from "./support.ts";

const change = (change_id: number, batchId = `b${change_id}`) => ({ change_id, receipt: receiptOf(batchId) });
const changes = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => change(from + i));

function feedAfter(after: number | undefined, low = 0, bytes = 1e6) {
  const room = createRoom(bytes / SHARES.events);
  const recent = new RecentChanges(low, room);
  const asked = { count: 0 };
  const follow = (from = after) =>
    new AllBatchesFeed(
      from,
      recent,
      () => asked.count++,
      () => {},
    );
  const feed = follow();
  const ids = async (of = feed) => {
    const taken: string[] = [];
    for (let next = await nextOf(of, 0); next && next !== "quiet"; next = await nextOf(of, 0)) taken.push(next.id);
    return taken;
  };
  return { feed, recent, room, asked, ids, follow };
}

describe("the changes that were found", () => {
  it("are the same array for all followers at the same place", () => {
    const { feed, recent, follow } = feedAfter(undefined);
    const other = follow();
    recent.add(changes(1, 3), 3);
    recent.add(changes(4, 5), 5);
    const late = follow();
    for (let i = 0; i < 2; i++) {
      const events = feed.take();
      expect(events).toHaveLength(3 - i);
      expect(other.take()).toBe(events);
    }
    expect([feed.take(), other.take(), late.take()]).toEqual([undefined, undefined, undefined]);
  });

  it("says in each id no more than what was taken", async () => {
    const { recent, ids } = feedAfter(undefined);
    recent.add([change(40), change(45), change(60)], 42);
    recent.add([change(43), change(70)], 70);
    expect(await ids()).toEqual(["42-40", "42-45", "42-60", "69-43", "70-70"]);
  });

  it("comes in parts of a bounded size", () => {
    const { feed, recent } = feedAfter(undefined);
    recent.add(changes(1, 200), 200);
    const sizes: number[] = [];
    for (let events = feed.take(); events; events = feed.take()) sizes.push(events.length);
    expect(sizes.length).toBe(3);
    expect(sizes.reduce((a, b) => a + b)).toBe(200);
  });
});

describe("a follower that reads nothing", () => {
  it("gets pages once there is no room for what it has not taken, from what it knows", async () => {
    const { feed, recent, room } = feedAfter(undefined, 10, 100_000);
    recent.add(changes(11, 30), 30);
    feed.take();
    recent.add(changes(31, 130), 130);
    expect(feed.take()).toBeDefined();
    feed.close();
    expect(room.held().events).toBeLessThanOrEqual(100_000);
    recent.add(changes(131, 400), 400);
    const low = Number((await nextOf(feed, 0)) ?? 130);
    expect(feed.wantsPageAfter ?? low).toBeLessThanOrEqual(130);
    recent.close();
    expect(room.held().events).toBe(0);
  });

  it("gets them from its page on, if what is left of that is lower", async () => {
    const { feed, recent } = feedAfter(0, 9999, 100_000);
    feed.take();
    feed.givePage(changes(1, 200), false);
    expect(feed.take()?.[0]?.id).toBe("1-1");
    recent.add(changes(10_000, 10_400), 10_400);
    feed.take();
    // What is left of the page begins somewhere behind its first part.
    expect(feed.wantsPageAfter).toBeGreaterThan(50);
    expect(feed.wantsPageAfter).toBeLessThan(200);
  });
});

describe("a page", () => {
  it("says in each id no more than what was taken, and is older than what is found later", async () => {
    const { feed, recent, ids } = feedAfter(0, 50);
    expect(await ids()).toEqual([]);
    recent.add([change(70, "b30"), change(71), change(72, "b90")], 72);
    feed.givePage([change(30, "b1"), change(60), change(70, "b30"), change(80, "b90")], true);
    expect(await ids()).toEqual(["30-30", "50-60", "50-70", "50-80", "71-71"]);
    recent.add([change(80, "b90")], 80);
    expect(await ids()).toEqual(["80-80"]);
  });

  it("is asked for, and again the next, until it was the last", async () => {
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
});
