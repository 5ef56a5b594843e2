import { parseArgs } from "node:util";
import { TripgridClient, TripgridError } from "../../client/index.ts";
import { readConfig } from "../config.ts";
import { StartError } from "../errors.ts";
import { runLoad } from "./load-run.ts";
import { count } from "./progress.ts";
import { UsageError } from "./usage-error.ts";

/** Rides a minute, and how many times as many in a burst: a fleet in a city, and its evening. */
const RATE = 200;
const BURST = 50;

interface Arguments {
  url: string;
  key: string | undefined;
  /** Undefined: a source that only this run uses. */
  source: string | undefined;
  seconds: number;
  perMinute: number;
  burst: number;
  lateMs: number;
}

/**
 * `tripgrid load --url URL [--key KEY] [--duration 60s] [--rate 200] [--burst 50] [--late 1000] [--source NAME]`: posts
 * rides and asks questions, then counts what is stored.
 *
 * @returns the exit status: 0 if every ride that was acknowledged is there, and none was lost
 */
export async function load(args: string[], write: (text: string) => void): Promise<number> {
  const { url, key, source = `load-${Date.now().toString(36)}`, seconds, ...rates } = argumentsOf(args);
  let refused = 0;
  let unanswered = 0;
  const client = new TripgridClient({
    ...{ url, key },
    onRetry: (_, reply) => {
      if (reply) refused++;
      else unanswered++;
    },
  });
  const before = await totalOf(client, source).catch((error) => {
    throw notReached(url, error);
  });
  write(
    `${count(rates.perMinute)} rides a minute, in bursts ${count(rates.perMinute * rates.burst)}, for ${seconds} s, as ${source}\n`,
  );
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once("SIGINT", onSignal);
  const result = await runLoad({ client, source, seconds, ...rates, signal: stop.signal, say: write });
  process.off("SIGINT", onSignal);
  const { posts, questions } = result;
  write(
    `rides: ${count(posts.sent)} sent, ${count(posts.done)} acknowledged, ${count(posts.late)} of them late, ${count(posts.failed)} failed\n`,
  );
  write(`       acknowledged after ${times(posts.ms)}\n`);
  write(
    `questions: ${count(questions.sent)} asked, ${count(questions.done)} answered, ${count(questions.late)} of them late, ${count(questions.failed)} failed\n`,
  );
  write(`       answered after ${times(questions.ms)}\n`);
  write(`replies that said to come again: ${count(refused)}; tries without a reply: ${count(unanswered)}\n`);
  for (const [reason, times] of result.reasons) write(`  ${count(times)} × ${reason}\n`);
  const after = await totalOf(client, source);
  if (before === undefined || after === undefined) {
    write("The service shows no such counts (TRIPGRID_MIN_GROUP_SIZE, or the key's scopes): they are not compared.\n");
    return posts.failed === 0 ? 0 : 1;
  }
  const stored = after - before;
  // A ride that failed may be stored all the same: its reply was lost.
  const isRight = stored >= posts.inserted && stored <= posts.inserted + posts.failed;
  write(
    `counted: ${count(stored)} stored, ${count(posts.inserted)} acknowledged as new: ${isRight ? "right" : "WRONG"}\n`,
  );
  return isRight && posts.failed === 0 ? 0 : 1;
}

/** Why the service cannot be asked, in one sentence. */
function notReached(url: string, error: unknown): unknown {
  if (error instanceof TripgridError) {
    const hint = error.problem.status === 401 ? " --key or TRIPGRID_API_KEY holds the key." : "";
    return new StartError(`${error.message}${hint}`);
  }
  // The error of fetch has the reason in its cause.
  const { cause } = error as { cause?: { code?: string; message?: string } };
  if (!(error instanceof TypeError) || cause === undefined) return error;
  return new StartError(`${url} cannot be reached: ${cause.message || cause.code}.`);
}

/** Trips of a source. Undefined: the service does not tell. */
async function totalOf(client: TripgridClient, source: string): Promise<number | undefined> {
  try {
    return (await client.countTrips("source", { source })).total ?? undefined;
  } catch (error) {
    if (error instanceof TripgridError && error.problem.status === 403) return undefined;
    // The service does not know the source before its first ride.
    if (error instanceof TripgridError && error.problem.status === 404) return 0;
    throw error;
  }
}

/** Percentiles, in milliseconds. */
function times(ms: number[]): string {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (share: number) => count(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return `${at(0.5)} ms (half within), ${at(0.95)} ms (95 %), ${at(0.99)} ms (99 %), ${at(1)} ms (all)`;
}

function argumentsOf(args: string[]): Arguments {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      args,
      options: { url: text, key: text, source: text, duration: text, rate: text, burst: text, late: text },
    });
    const { url = "", key, source, duration = "60s" } = values;
    if (!URL.canParse(url)) throw new UsageError("load: --url: expected an address such as http://127.0.0.1:8080");
    const [, amount, unit = "s"] = /^(\d+)(s|m|h)?$/.exec(duration) ?? [];
    if (amount === undefined) throw new UsageError("load: --duration: expected a time such as 60s, 10m or 1h");
    const number = (name: "rate" | "burst" | "late", usual: number) => {
      const given = Number(values[name] ?? usual);
      if (!(given > 0)) throw new UsageError(`load: --${name}: expected a number above 0`);
      return given;
    };
    return {
      ...{ url, key: key ?? readConfig().apiKey, source },
      seconds: Number(amount) * { s: 1, m: 60, h: 3600 }[unit as "s" | "m" | "h"],
      perMinute: number("rate", RATE),
      burst: number("burst", BURST),
      lateMs: number("late", 1000),
    };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw error instanceof UsageError ? error : new UsageError(`load: ${(error as Error).message}`);
  }
}
