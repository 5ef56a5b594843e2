import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Work } from "../../src/batches/work.ts";
import { startWorker, type Worker, type WorkerDeps } from "../../src/ingest/batch-worker.ts";

// The clock stands still, or jumps where a test says so; waiting itself is real and short.
let now = 0;
beforeEach(() => void vi.spyOn(Date, "now").mockImplementation(() => now));
let worker: Worker | undefined;
afterEach(async () => {
  await worker?.stop();
  vi.restoreAllMocks();
});

const LONG_MS = 3_600_000;

/** A queue in memory, and a worker on it. */
function working(processBatch: WorkerDeps["processBatch"], more: Partial<WorkerDeps> = {}, lookEveryMs = 1) {
  const queue: string[] = [];
  const chunks = new Map<string, number>();
  const deaths = new Map<string, number>();
  const log: string[] = [];
  let claims = 0;
  worker = startWorker({
    claim: async (isMine) => {
      claims++;
      const batchId = queue.find(isMine);
      if (batchId === undefined) return undefined;
      const done = Array.from({ length: chunks.get(batchId) ?? 0 }, (_, i) => [i, { rows: 1, endByte: i }] as const);
      const work = { batchId, chunks: new Map(done) } as unknown as Work;
      return { work, deaths: deaths.get(batchId) ?? 0, release: async () => void log.push(`release ${batchId}`) };
    },
    begin: async () => async () => {},
    processBatch: async (work, signal) => {
      log.push(`do ${work.batchId}`);
      await processBatch(work, signal);
      queue.splice(queue.indexOf(work.batchId), 1);
    },
    fail: async (batchId, { code }) => {
      log.push(`fail ${batchId} ${code}`);
      queue.splice(queue.indexOf(batchId), 1);
    },
    mayPass: (error) => (error as Error).message === "away",
    logError: (error, batchId) => log.push(`log ${batchId} ${(error as Error).message}`),
    lookEveryMs,
    ...more,
  });
  const until = (count: number, line: string) =>
    expect.poll(() => log.filter((one) => one === line).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
  return { queue, chunks, deaths, log, until, claims: () => claims };
}

/** Lets the worker look a few times. */
async function looks(claims: () => number): Promise<void> {
  const before = claims();
  await expect.poll(claims, { timeout: 10_000 }).toBeGreaterThan(before + 3);
}

const no = () => Promise.reject(new Error("no"));

describe("a worker", () => {
  it("works off what is queued, one batch after the other, and lets each go", async () => {
    let under = 0;
    const { queue, log, until } = working(async () => {
      expect(++under).toBe(1);
      await new Promise((turn) => setTimeout(turn, 2));
      under--;
    });
    queue.push("a", "b", "c");
    await until(1, "release c");
    expect(log).toEqual(["a", "b", "c"].flatMap((id) => [`do ${id}`, `release ${id}`]));
  });

  it("looks by itself now and then, and at once when it is nudged", async () => {
    const { queue, until, claims } = working(async () => {}, {}, LONG_MS);
    await expect.poll(claims).toBe(1);
    queue.push("a");
    worker?.trigger();
    await until(1, "release a");
  });

  it("nudged while it works looks again when it is done", async () => {
    let go = () => {};
    const { queue, until, claims } = working(
      () =>
        new Promise<void>((done) => {
          go = done;
        }).then(no),
      {},
      LONG_MS,
    );
    await expect.poll(claims).toBe(1);
    queue.push("a");
    worker?.trigger();
    await until(1, "do a");
    // A batch that fails is no reason to look again, but that there is another one is.
    queue.push("b");
    worker?.trigger();
    go();
    await until(1, "do b");
    go();
  });

  it("continues after a failed look at the queue", async () => {
    let fails = 3;
    const { log } = working(async () => {}, {
      claim: async () => {
        if (fails-- > 0) throw new Error(fails === 1 ? "away" : "broken");
        return undefined;
      },
    });
    await expect.poll(() => fails).toBeLessThan(0);
    expect(log).toEqual(["log undefined broken", "log undefined broken"]);
  });
});

describe("a batch that fails", () => {
  it("is tried again later each time, and given up after five tries", async () => {
    const { queue, log, until, claims } = working(no);
    queue.push("a");
    for (let tries = 1; tries < 5; tries++) {
      await until(tries, "release a");
      await looks(claims);
      now += 1000 * 2 ** tries - 1;
      await looks(claims);
      expect(log.filter((line) => line === "do a")).toHaveLength(tries);
      now += 1;
    }
    await until(1, "fail a internal");
    await looks(claims);
    expect(log.filter((line) => line === "do a")).toHaveLength(5);
    expect(log.filter((line) => line === "log a no")).toHaveLength(5);
    expect(log.filter((line) => line === "release a")).toHaveLength(5);
  });

  it("holds up no other one", async () => {
    const { queue, until } = working(async ({ batchId }) => {
      if (batchId === "a") throw new Error("no");
    });
    queue.push("a", "b");
    await until(1, "release b");
    expect(queue).toEqual(["a"]);
  });

  it("is not given up as long as it gets on", async () => {
    const { queue, log, chunks, until } = working(async ({ batchId }) => {
      chunks.set(batchId, (chunks.get(batchId) ?? 0) + 1);
      throw new Error("no");
    });
    queue.push("a");
    for (let tries = 1; tries <= 12; tries++) {
      await until(tries, "release a");
      now += LONG_MS;
    }
    expect(log.filter((line) => line.startsWith("fail"))).toEqual([]);
  });

  it("for a reason that may pass is tried again later each time, up to a minute, and never given up", async () => {
    const { queue, log, until, claims } = working(() => Promise.reject(new Error("away")));
    queue.push("a");
    for (const [i, seconds] of [2, 4, 8, 16, 32, 60, 60, 60, 60].entries()) {
      await until(i + 1, "release a");
      await looks(claims);
      now += seconds * 1000 - 1;
      await looks(claims);
      expect(log.filter((line) => line === "do a")).toHaveLength(i + 1);
      now += 1;
    }
    await until(10, "release a");
    expect(log.filter((line) => line.startsWith("fail"))).toEqual([]);
    expect(log.filter((line) => line === "log a away")).toHaveLength(10);
  });

  it("and cannot even be given up is tried on", async () => {
    let canFail = false;
    const given: string[] = [];
    const { queue, until } = working(no, {
      fail: async (batchId) => {
        if (!canFail) throw new Error("away");
        given.push(batchId);
        queue.splice(0);
      },
    });
    queue.push("a");
    // Five tries, and a sixth after it could not be given up.
    for (let tries = 1; tries <= 6; tries++) {
      await until(tries, "release a");
      now += LONG_MS;
    }
    expect(given).toEqual([]);
    canFail = true;
    for (let tries = 7; tries <= 11 && given.length === 0; tries++) {
      await until(tries, "release a");
      now += LONG_MS;
    }
    await expect.poll(() => given).toEqual(["a"]);
  });
});

describe("a worker that is to stop", () => {
  it("tells the batch under way, lets it end, and begins no other", async () => {
    let signal: AbortSignal | undefined;
    const { queue, log, until } = working(async (_, s) => {
      signal = s;
      await new Promise((done) => s.addEventListener("abort", done));
      await new Promise((done) => setTimeout(done, 5));
      log.push("ended");
    });
    queue.push("a", "b");
    await until(1, "do a");
    expect(signal?.aborted).toBe(false);
    await worker?.stop();
    expect(log).toEqual(["do a", "ended", "release a"]);
  });

  it("does so at once if it waits", async () => {
    const { claims } = working(async () => {}, {}, LONG_MS);
    await expect.poll(claims).toBe(1);
    await worker?.stop();
    expect(claims()).toBe(1);
  });
});

describe("a batch over which processes ended", () => {
  it("is tried once more, and set aside after the second crash; the queue continues", async () => {
    const done: string[] = [];
    const { queue, deaths, log, until } = working(async ({ batchId }) => void done.push(batchId));
    deaths.set("once", 9).set("twice", 10);
    queue.push("twice", "once", "other");
    await until(1, "release other");
    expect(done).toEqual(["once", "other"]);
    expect(log).toContain("fail twice poison");
  });
});
