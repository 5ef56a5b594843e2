import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import pLimit from "p-limit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Batch, LoadTrips, Outcome } from "../../src/batches/batch.ts";
import type { Receipt } from "../../src/batches/receipt.ts";
import { createGroupCommit } from "../../src/ingest/group-commit.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const batch = (batchId: string, received = 1) => ({ batchId, received }) as Batch;
const receiptOf = ({ batchId }: Batch): Outcome => ({ receipt: { batch_id: batchId } as Receipt });

/** A gatherer whose stores end when the test says so; each group is listed by the ids of its batches. */
function gatherer({ waitMs = 5, maxRows = 100, writers = 2, deadlineMs = 60_000 } = {}) {
  const groups: string[][] = [];
  const ends: ((outcomes?: Outcome[] | Error) => Promise<unknown>)[] = [];
  const load: LoadTrips = createGroupCommit({
    storeBatches: (batches) => {
      groups.push(batches.map(({ batchId }) => batchId));
      return new Promise((resolve, reject) => {
        ends.push((outcomes = batches.map(receiptOf)) => {
          if (outcomes instanceof Error) reject(outcomes);
          else resolve(outcomes);
          return vi.advanceTimersByTimeAsync(0);
        });
      });
    },
    waitMs,
    maxRows,
    bulk: pLimit(writers),
    deadlineMs,
  });
  const receipts: string[] = [];
  const send = (id: string, rows?: number) => {
    void load(batch(id, rows)).then(
      (receipt) => receipts.push(receipt.batch_id),
      (error: Error) => receipts.push(`${id}: ${error?.message}`),
    );
  };
  return { send, groups, ends, receipts };
}

describe("small batches that arrive together", () => {
  it("share a store, in the order in which they came, and each gets its own receipt", async () => {
    const { send, groups, ends, receipts } = gatherer();
    for (const id of ["a", "b", "c"]) send(id);
    await vi.advanceTimersByTimeAsync(4);
    send("d");
    expect(groups).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(groups).toEqual([["a", "b", "c", "d"]]);
    expect(receipts).toEqual([]);
    await ends[0]?.();
    expect(receipts).toEqual(["a", "b", "c", "d"]);
  });

  it("wait for the set time from the first of them on, and later ones do not prolong it", async () => {
    const { send, groups } = gatherer({ waitMs: 100 });
    for (let i = 0; i < 10; i++) {
      send(`${i}`);
      await vi.advanceTimersByTimeAsync(11);
    }
    expect(groups).toEqual([["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]]);
  });

  it("while others are stored are the next group, at once and without waiting", async () => {
    const { send, groups, ends, receipts } = gatherer({ waitMs: 100 });
    send("a");
    await vi.advanceTimersByTimeAsync(100);
    send("b");
    send("c");
    await vi.advanceTimersByTimeAsync(1000);
    expect(groups).toEqual([["a"]]);
    await ends[0]?.();
    expect(groups).toEqual([["a"], ["b", "c"]]);
    expect(receipts).toEqual(["a"]);
    await ends[1]?.();
    // Then one that comes waits again.
    send("d");
    await vi.advanceTimersByTimeAsync(99);
    expect(groups).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(groups[2]).toEqual(["d"]);
  });

  it("each get their own error, and the others none", async () => {
    const { send, ends, receipts } = gatherer();
    for (const id of ["a", "b", "c", "d"]) send(id);
    await vi.advanceTimersByTimeAsync(5);
    await ends[0]?.([receiptOf(batch("a")), { error: new Error("mine") }, receiptOf(batch("c"))]);
    expect(receipts.sort()).toEqual(["a", "b: mine", "c", "d: undefined"]);
  });

  it("all get the error of a store that throws, and those after them are stored all the same", async () => {
    const { send, groups, ends, receipts } = gatherer();
    send("a");
    send("b");
    await vi.advanceTimersByTimeAsync(5);
    send("c");
    await ends[0]?.(new Error("away"));
    expect(receipts).toEqual(["a: away", "b: away"]);
    expect(groups[1]).toEqual(["c"]);
    await ends[1]?.();
    send("d");
    await vi.advanceTimersByTimeAsync(5);
    expect(groups[2]).toEqual(["d"]);
  });
});

describe("a group", () => {
  it("never holds more rows than are set; a batch without any counts as one", async () => {
    const { send, groups, ends } = gatherer({ maxRows: 10, writers: 1 });
    for (const [id, rows] of Object.entries({ a: 4, b: 4, c: 4, d: 0, e: 9, f: 1, g: 1 })) send(id, rows);
    await vi.advanceTimersByTimeAsync(5);
    for (let i = 0; i < ends.length; i++) await ends[i]?.();
    expect(groups.toSorted()).toEqual([["a", "b"], ["c", "d"], ["e", "f"], ["g"]]);
  });

  it("that is full is stored without waiting, beside the one that is being stored", async () => {
    const { send, groups } = gatherer({ maxRows: 3, waitMs: 100 });
    send("a");
    await vi.advanceTimersByTimeAsync(100);
    for (const id of ["b", "c", "d"]) send(id);
    await vi.advanceTimersByTimeAsync(0);
    expect(groups).toEqual([["a"], ["b", "c", "d"]]);
  });

  it("of one batch that is larger than a group may be is stored by itself", async () => {
    const { send, groups } = gatherer({ maxRows: 10 });
    send("a", 50);
    await vi.advanceTimersByTimeAsync(0);
    expect(groups).toEqual([["a"]]);
  });

  it("answers every request, whatever the order of events", async () => {
    const { send, ends, receipts, groups } = gatherer({ maxRows: 7, writers: 1 });
    const sent = Array.from({ length: 300 }, (_, i) => ({ id: `${i}`, rows: (i * 7919) % 9 }));
    const rowsOf = new Map(sent.map(({ id, rows }) => [id, Math.max(1, rows)]));
    for (const [i, { id, rows }] of sent.entries()) {
      send(id, rows);
      if (i % 5 === 0) await vi.advanceTimersByTimeAsync(i % 3);
      if (i % 7 === 0) await ends.shift()?.();
    }
    for (let i = 0; receipts.length < sent.length && i < 1000; i++) {
      await vi.advanceTimersByTimeAsync(5);
      await ends.shift()?.();
    }
    expect(receipts.length).toBe(sent.length);
    expect(new Set(groups.flat()).size).toBe(sent.length);
    for (const group of groups) {
      const rows = group.reduce((sum, id) => sum + (rowsOf.get(id) ?? 0), 0);
      expect(rows <= 7 || group.length === 1).toBe(true);
    }
  });
});

describe("a large batch", () => {
  it("goes by itself and at once, and the small ones do not wait for it", async () => {
    const { send, groups, ends, receipts } = gatherer({ maxRows: 5000 });
    send("small");
    send("large", 1000);
    send("small too", 999);
    await vi.advanceTimersByTimeAsync(0);
    expect(groups).toEqual([["large"]]);
    await vi.advanceTimersByTimeAsync(5);
    expect(groups[1]).toEqual(["small", "small too"]);
    await ends[1]?.();
    expect(receipts).toEqual(["small", "small too"]);
    await ends[0]?.(new Error("no"));
    expect(receipts[2]).toBe("large: no");
  });

  it("waits for its turn among requests with many rows", async () => {
    const { send, groups, ends } = gatherer({ writers: 1 });
    for (const id of ["a", "b"]) send(id, 2000);
    await vi.advanceTimersByTimeAsync(100);
    expect(groups).toEqual([["a"]]);
    await ends[0]?.();
    expect(groups).toEqual([["a"], ["b"]]);
  });
});

describe("a batch whose sender has hung up", () => {
  it("is not held, and makes no group full", async () => {
    const { send, groups, ends, receipts } = gatherer({ maxRows: 10, deadlineMs: 1000 });
    send("first");
    await vi.advanceTimersByTimeAsync(5);
    send("late", 6);
    await vi.advanceTimersByTimeAsync(1000);
    expect(receipts.map((line) => line.slice(0, 5))).toEqual(["first", "late:"]);
    send("next", 4);
    await vi.advanceTimersByTimeAsync(0);
    expect(groups).toEqual([["first"]]);
    await ends[0]?.();
    expect(groups).toEqual([["first"], ["next"]]);
  });

  it.each([1, 5000])("is let go though its turn has not come: %d rows", async (received) => {
    vi.useRealTimers();
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const bulk = pLimit(1);
    const ends: (() => void)[] = [];
    const storeBatches = () => new Promise<Outcome[]>((go) => void ends.push(() => go([])));
    const load = createGroupCommit({ storeBatches, waitMs: 1, maxRows: 100, bulk, deadlineMs: 20 });
    const isRefused = (one: Promise<unknown>) => one.then(() => false).catch(() => true);
    const first = [isRefused(load(batch("first", 5000))), isRefused(load(batch("small")))];
    await new Promise((go) => setTimeout(go, 5));
    const send = () => {
      const late = batch("late", received);
      return { ref: new WeakRef(late), refused: isRefused(load(late)) };
    };
    const { ref, refused } = send();
    expect(await refused).toBe(true);
    await Promise.all(first);
    await new Promise((go) => setTimeout(go, 5));
    gc();
    expect(ref.deref()).toBeUndefined();
    for (const end of ends) end();
  });
});
