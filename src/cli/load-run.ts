import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type TripgridClient, TripgridError } from "../../client/index.ts";

export interface LoadOptions {
  client: TripgridClient;
  source: string;
  seconds: number;
  /** Rides a minute, and the factor of a burst. */
  perMinute: number;
  burst: number;
  /** Requests that take longer count as late. */
  lateMs: number;
  signal: AbortSignal;
  say: (line: string) => void;
}

interface Tally {
  sent: number;
  done: number;
  late: number;
  failed: number;
  /** From the moment when it was due to its reply, in milliseconds. */
  ms: number[];
}

export interface LoadResult {
  posts: Tally & { inserted: number };
  questions: Tally;
  /** Why something failed, and how often. */
  reasons: Map<string, number>;
}

/** A burst lasts 5 s of each 30 s, the first one begins after 10 s. */
const CYCLE_MS = 30_000;
const BURST_FROM_MS = 10_000;
const BURST_MS = 5000;
const ASK_EVERY_MS = 1000;
const TICK_MS = 20;
const SAY_EVERY_MS = 10_000;
/** Rides begin around here and go a few kilometres: longitude and latitude of a city's middle. */
const MIDDLE = [77.59, 12.97] as const;
const QUESTIONS = [
  { bbox: "77.4,12.8,77.8,13.2" },
  { bbox: "77.4,12.8,77.8,13.2", method: "estimate" },
  { bbox: "77.55,12.9,77.65,13.0", hours: "7-9", days: "mon-fri" },
] as const;

/**
 * Sends rides when they are due, whether or not earlier ones are answered, and a question each second. Ends when all have
 * their replies.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { seconds, perMinute, burst, signal, say } = options;
  const result: LoadResult = { posts: { ...tally(), inserted: 0 }, questions: tally(), reasons: new Map() };
  const underWay = new Set<Promise<void>>();
  const keep = (work: Promise<void>) => {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  };
  const began = performance.now();
  let due = 0;
  let asked = 0;
  let said = 0;
  for (let last = 0, now = 0; now < seconds * 1000 && !signal.aborted; last = now) {
    await sleep(TICK_MS);
    now = performance.now() - began;
    const inBurst = last % CYCLE_MS >= BURST_FROM_MS && last % CYCLE_MS < BURST_FROM_MS + BURST_MS;
    due += ((now - last) / 60_000) * perMinute * (inBurst ? burst : 1);
    while (result.posts.sent < Math.floor(due)) keep(post(options, result));
    while (asked < Math.floor(now / ASK_EVERY_MS)) keep(ask(options, result, asked++));
    if (now - said < SAY_EVERY_MS) continue;
    said = now;
    const { posts } = result;
    say(
      `${Math.round(now / 1000)} s: ${posts.sent} sent, ${posts.done} acknowledged, ${posts.late} late, ${posts.failed} failed\n`,
    );
  }
  while (underWay.size > 0) await Promise.all(underWay);
  return result;
}

const tally = (): Tally => ({ sent: 0, done: 0, late: 0, failed: 0, ms: [] });

function post({ client, source, lateMs }: LoadOptions, { posts, reasons }: LoadResult): Promise<void> {
  const near = (middle: number) => Number((middle + (Math.random() - 0.5) / 5).toFixed(5));
  const ride = {
    trip_id: randomUUID(),
    source,
    started_at: new Date(Date.now() - Math.random() * 28 * 86_400_000).toISOString().slice(0, 19),
    origin: [near(MIDDLE[0]), near(MIDDLE[1])],
    destination: [near(MIDDLE[0]), near(MIDDLE[1])],
  };
  return timed(posts, reasons, lateMs, async () => {
    const receipt = await client.sendTrips([ride]);
    posts.inserted += receipt.inserted;
  });
}

function ask({ client, lateMs }: LoadOptions, { questions, reasons }: LoadResult, n: number): Promise<void> {
  const question = QUESTIONS[n % QUESTIONS.length] ?? QUESTIONS[0];
  return timed(questions, reasons, lateMs, async () => void (await client.weeklyAverages(question)));
}

async function timed(
  of: Tally,
  reasons: Map<string, number>,
  lateMs: number,
  work: () => Promise<void>,
): Promise<void> {
  const began = performance.now();
  of.sent++;
  try {
    await work();
    const ms = performance.now() - began;
    of.done++;
    of.ms.push(ms);
    if (ms > lateMs) of.late++;
  } catch (error) {
    of.failed++;
    const { problem } = error as Partial<TripgridError>;
    const reason =
      error instanceof TripgridError ? `${problem?.status} ${problem?.code}: ${error.message}` : String(error);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
}
