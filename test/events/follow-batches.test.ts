import { afterEach, describe, expect, it } from "vitest";
import { type BatchEvent, type Feed, knownBy } from "../../src/events/batch-changes.ts";
import { createFollower, type Follower } from "../../src/events/follow-batches.ts";
import { fakeBatches, nextOf } from "./support.ts";

let follower: Follower | undefined;
afterEach(() => follower?.close());

function start() {
  const batches = fakeBatches();
  const errors: unknown[] = [];
  const made = createFollower({ ...batches.deps, everyMs: 10, onError: (error) => errors.push(error) });
  follower = made;
  return { batches, follower: made, errors };
}

/** The next event, which has to come. */
async function event(feed: Feed): Promise<BatchEvent> {
  const next = await nextOf(feed, 30_000);
  if (next === undefined || next === "quiet") throw new Error(`There is no event: ${next}`);
  return next;
}

async function followOne(from: Follower, id: string, after?: number): Promise<Feed> {
  const feed = await from.followBatch(id, after);
  if (feed === undefined || feed === "over") throw new Error(`${id} cannot be followed: ${feed}`);
  return feed;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a feed brings until so many different batches were among it. */
async function drain(feed: Feed, batches: number): Promise<BatchEvent[]> {
  const events: BatchEvent[] = [];
  for (const seen = new Set<string>(); seen.size < batches; seen.add(events.at(-1)?.receipt.batch_id ?? "")) {
    events.push(await event(feed));
  }
  return events;
}

describe("one batch", () => {
  it("comes as it is, then with its changes, of those not taken in time the newest, up to its end", async () => {
    const { batches, follower } = start();
    batches.change("a");
    const feed = await followOne(follower, "a");
    expect((await event(feed)).id).toBe("1");
    batches.change("a");
    await sleep(60);
    batches.change("b");
    batches.change("a", "committed");
    await sleep(60);
    expect(await event(feed)).toMatchObject({ id: "4", receipt: { state: "committed" } });
    expect(await nextOf(feed, 1000)).toBeUndefined();
    expect(feed.closed.aborted).toBe(true);
  });

  it("that is over is not sent to a follower that knows its end, and is sent to others up to its end", async () => {
    const { batches, follower } = start();
    batches.change("a", "failed");
    expect(await follower.followBatch("a", 1)).toBe("over");
    expect(await follower.followBatch("none", undefined)).toBeUndefined();
    const feed = await followOne(follower, "a", 0);
    expect((await event(feed)).receipt.state).toBe("failed");
    expect(await nextOf(feed, 1000)).toBeUndefined();
  });

  it("is followed by several, each from where it is", async () => {
    const { batches, follower } = start();
    batches.change("a");
    const [first, second] = [await followOne(follower, "a"), await followOne(follower, "a", 1)];
    await event(first);
    batches.change("a");
    expect([(await event(first)).id, (await event(second)).id]).toEqual(["2", "2"]);
  });
});

describe("all batches", () => {
  it("come from now on, also those that become visible late", async () => {
    const { batches, follower } = start();
    batches.change("old", "running", 5);
    const { feed, id } = await follower.followBatches(undefined);
    expect(id).toBe("0-5");
    batches.change("b", "running", 8);
    expect((await event(feed)).id).toBe("0-8");
    batches.change("late", "running", 7);
    batches.change("later", "running", 3);
    const ids = (await drain(feed, 2)).map((one) => [one.receipt.batch_id, one.id]);
    expect(ids).toEqual([
      ["later", "0-3"],
      ["late", "0-7"],
    ]);
  });

  it("come again from a number, page by page, each batch as it is then, and then go on", async () => {
    const { batches, follower } = start();
    for (let i = 0; i < 450; i++) batches.change(`b${i}`);
    const { feed } = await follower.followBatches(40);
    const first = await event(feed);
    batches.change("b60", "committed");
    const rest = [first, ...(await drain(feed, 409))].map(({ receipt }) => receipt.batch_id);
    expect(new Set(rest).size).toBe(410);
    batches.change("b0");
    let next = await event(feed);
    // It may have come as it was before, too.
    while (next.receipt.batch_id === "b60") next = await event(feed);
    expect(next.receipt.batch_id).toBe("b0");
  });

  it("of which a batch changes meanwhile do not come in an older state after a newer one", async () => {
    const { batches, follower } = start();
    for (let i = 0; i < 300; i++) batches.change(`b${i}`);
    const { feed } = await follower.followBatches(0);
    const newest = new Map<string, number>();
    for (let i = 0; i < 400; i++) {
      if (i % 3 === 0) batches.change(`b${i % 300}`);
      const { id, receipt } = await event(feed);
      const changeId = Number(id.split("-")[1]);
      expect(changeId).toBeGreaterThanOrEqual(newest.get(receipt.batch_id) ?? 0);
      newest.set(receipt.batch_id, changeId);
    }
  });

  it("all reach a follower that reads nothing for long, without being kept for it", async () => {
    const { batches, follower } = start();
    const { feed } = await follower.followBatches(undefined);
    for (let i = 0; i < 2500; i++) batches.change(`b${i}`);
    await sleep(500);
    expect(await drain(feed, 2500)).toHaveLength(2500);
  });

  it("can be resumed from any event, and no change is missed", async () => {
    const { batches, follower } = start();
    const { feed } = await follower.followBatches(undefined);
    for (let i = 1; i <= 20; i++) if (i % 4 !== 0) batches.change(`b${i}`, "running", i);
    await sleep(50);
    for (const late of [16, 4, 12]) batches.change(`b${late}`, "running", late);
    const sent = await drain(feed, 18);
    expect(sent).toHaveLength(18);
    for (const [i, { id }] of sent.entries()) {
      const known = new Set(sent.slice(0, i + 1).map(({ receipt }) => receipt.batch_id));
      const again = (await follower.followBatches(knownBy(id))).feed;
      while (known.size < 18) known.add((await event(again)).receipt.batch_id);
      again.close();
    }
  });
});

describe("looking", () => {
  it("happens only while there are followers", async () => {
    const { batches, follower } = start();
    batches.change("a");
    const [one, { feed: all }] = [await followOne(follower, "a"), await follower.followBatches(undefined)];
    await expect.poll(() => batches.looks).toBeGreaterThan(2);
    one.close();
    all.close();
    await sleep(200);
    const { looks } = batches;
    await sleep(200);
    expect(batches.looks).toBe(looks);
  });

  it("continues when the database is back, and logs only once that it is away", async () => {
    const { batches, follower, errors } = start();
    batches.change("a");
    const [one, { feed: all }] = [await followOne(follower, "a", 1), await follower.followBatches(undefined)];
    batches.isAway = true;
    await sleep(150);
    expect(await nextOf(one, 20)).toBe("quiet");
    batches.change("a");
    batches.isAway = false;
    expect([(await event(one)).id, (await event(all)).receipt.batch_id]).toEqual(["2", "a"]);
    expect(errors).toHaveLength(1);
  });

  it("comes at once when it is asked for", async () => {
    const batches = fakeBatches();
    follower = createFollower({ ...batches.deps, everyMs: 60_000 });
    const { feed } = await follower.followBatches(undefined);
    await sleep(50);
    batches.change("a");
    follower.trigger();
    // Unasked it comes after a minute, long after this test is given up.
    await event(feed);
  });
});

it("more than 5000 are refused, until one goes away", async () => {
  const { batches, follower } = start();
  batches.change("a");
  const feeds = await Promise.all(Array.from({ length: 5000 }, () => followOne(follower, "a", 1)));
  await expect(follower.followBatches(undefined)).rejects.toMatchObject({ code: "too_many_requests" });
  await expect(follower.followBatch("a", undefined)).rejects.toMatchObject({ code: "too_many_requests" });
  feeds[7]?.close();
  expect((await follower.followBatches(undefined)).id).toBe("1-1");
});

it("closing ends every feed, and those that come afterwards", async () => {
  const { batches, follower } = start();
  batches.change("a");
  const [one, { feed: all }] = [await followOne(follower, "a", 1), await follower.followBatches(undefined)];
  const waiting = [nextOf(one, 5000), nextOf(all, 5000)];
  await follower.close();
  expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
  expect(await nextOf(await followOne(follower, "a"), 5000)).toBeUndefined();
});
