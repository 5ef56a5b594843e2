import type { BatchChange, BatchState, Receipt } from "../../src/batches/receipt.ts";
import type { BatchEvent, Feed } from "../../src/events/batch-changes.ts";

/** The receipt of a batch of which nothing else matters. */
export function receiptOf(batchId: string, state: BatchState = "running", received = 0): Receipt {
  return {
    batch_id: batchId,
    state,
    mapping: "native",
    received,
    inserted: received,
    duplicates: 0,
    rejected: 0,
    rejects: [],
    created_at: "2026-01-01T00:00:00Z",
    committed_at: state === "committed" ? "2026-01-01T00:00:01Z" : null,
  };
}

/** A table of batches: what the database does for those who follow, and no more. */
export function fakeBatches() {
  const rows = new Map<string, BatchChange>();
  let last = 0;
  const fake = {
    isAway: false,
    looks: 0,
    /** Changes a batch; with a number of its own, as if it were committed late. */
    change(batchId: string, state: BatchState = "running", changeId = last + 1): number {
      last = Math.max(last, changeId);
      rows.set(batchId, { change_id: changeId, receipt: receiptOf(batchId, state) });
      return changeId;
    },
    deps: {
      startChanges: async () => {
        const numbers = sorted().map((one) => one.change_id);
        const high = numbers.at(-1) ?? 0;
        const gaps = numbers.flatMap((to, i) => {
          const from = (numbers[i - 1] ?? 0) + 1;
          return from < to ? [{ from, to: to - 1 }] : [];
        });
        return { high, gaps, snapshot };
      },
      findChanges: async (after: number, gaps: readonly { from: number; to: number }[], limit: number) => {
        look();
        const inGap = (n: number) => gaps.some(({ from, to }) => from <= n && n <= to);
        const late = sorted().filter((one) => one.change_id <= after && inGap(one.change_id));
        const next = sorted().filter((one) => one.change_id > after);
        const changes = [...late.slice(0, limit), ...next.slice(0, limit)];
        return { changes, isFull: changes.length >= limit, snapshot };
      },
      findStates: async (known: readonly { batchId: string; after: number }[]) => {
        look();
        return known.flatMap(({ batchId, after }) => {
          const row = rows.get(batchId);
          return row && row.change_id > after ? [row] : [];
        });
      },
    },
  };
  const snapshot = { xmin: 1, xmax: 1 };
  const sorted = () => [...rows.values()].toSorted((a, b) => a.change_id - b.change_id);
  function look() {
    fake.looks++;
    if (fake.isAway) throw new Error("away");
  }
  return fake;
}

const taken = new WeakMap<Feed, BatchEvent[]>();

/** The next event of a feed, one by one; `quiet` if none came for so long, undefined at its end. */
export async function nextOf(feed: Feed, waitMs: number): Promise<BatchEvent | "quiet" | undefined> {
  const left = taken.get(feed) ?? [];
  taken.set(feed, left);
  for (const until = performance.now() + waitMs; ; ) {
    if (feed.closed.aborted) return undefined;
    if (left.length === 0) left.push(...(feed.take() ?? []));
    const event = left.shift();
    if (event) return event;
    if (feed.isOver) feed.close();
    if (feed.closed.aborted) return undefined;
    const ms = until - performance.now();
    if (ms <= 0) return "quiet";
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        feed.closed.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      feed.onEvents = wake;
      feed.closed.addEventListener("abort", wake);
    });
  }
}
