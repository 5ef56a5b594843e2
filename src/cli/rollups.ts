import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Config, readConfig } from "../config.ts";
import { StartError } from "../errors.ts";
import type { RollupStatus } from "../rollups.ts";
import { startOwnService } from "./own-service.ts";
import { count } from "./progress.ts";
import { configuredUrl, isTripgrid } from "./running-service.ts";
import { UsageError } from "./usage-error.ts";

const ACTIONS = ["status", "refresh", "rebuild"] as const;
type Action = (typeof ACTIONS)[number];

const LOOK_EVERY_MS = 500;
/** So often it is said how far it is, where nobody looks at it as it goes. */
const SAY_EVERY_MS = 5000;

/** `tripgrid rollups status|refresh|rebuild [--url URL]`: through the service that runs, or one of our own. */
export async function rollups(args: string[]): Promise<number> {
  const { action, url } = argumentsOf(args);
  const service = await findService(readConfig(), url);
  try {
    let status = await service.ask(action);
    if (action !== "status") status = await untilUpToDate(status, () => service.ask("status"));
    process.stdout.write(`${sentenceOf(status)}\n`);
    return 0;
  } finally {
    await service.stop();
  }
}

function argumentsOf(args: string[]): { action: Action; url: string | undefined } {
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { url: { type: "string" } } });
    const action = ACTIONS.find((one) => one === positionals[0]);
    if (!action || positionals.length > 1) {
      throw new UsageError(
        `rollups: expected status, refresh or rebuild, but got ${positionals.join(" ") || "nothing"}`,
      );
    }
    return { action, url: values.url?.replace(/\/+$/, "") };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`rollups: ${(error as Error).message}`);
  }
}

interface Asked {
  ask(action: Action): Promise<RollupStatus>;
  stop(): Promise<void>;
}

async function findService(config: Config, url: string | undefined): Promise<Asked> {
  const running = url ?? configuredUrl(config);
  if (running !== undefined && (await isTripgrid(running))) return { ask: askAt(running), stop: async () => {} };
  if (url !== undefined) throw new StartError(`No Tripgrid service answers at ${url}.`);
  const service = await startOwnService(config);
  return { ask: askAt(service.url), stop: service.stop };
}

const askAt =
  (url: string) =>
  async (action: Action): Promise<RollupStatus> => {
    const path = action === "status" ? "/v1/rollups" : `/v1/rollups/${action}`;
    const reply = await fetch(url + path, {
      method: action === "status" ? "GET" : "POST",
      signal: AbortSignal.timeout(60_000),
    });
    const body = (await reply.json()) as RollupStatus & { detail?: string };
    if (!reply.ok) throw new StartError(body.detail ?? `${url}${path} answers ${reply.status}`);
    return body;
  };

/** Trips that come meanwhile are not waited for: it ends once all that was missing at first is taken up. */
async function untilUpToDate(first: RollupStatus, ask: () => Promise<RollupStatus>): Promise<RollupStatus> {
  let status = first;
  // By the clock of the database: what is written from here on is later.
  const began = sinceOf(first) + first.lag_seconds * 1000;
  for (let said = Date.now(); status.behind_since !== null && sinceOf(status) <= began; await sleep(LOOK_EVERY_MS)) {
    if (Date.now() - said >= SAY_EVERY_MS) {
      process.stderr.write(`${sentenceOf(status)}\n`);
      said = Date.now();
    }
    status = await ask();
  }
  return status;
}

const sinceOf = ({ behind_since }: RollupStatus) => Date.parse(behind_since ?? "");

function sentenceOf({
  weeks_behind: weeks,
  trips_behind: trips,
  behind_since: since,
  retired_before: retired,
}: RollupStatus): string {
  const old = retired === null ? "" : ` Of weeks before ${retired} only the counts are kept.`;
  if (weeks === 0) return `The rollups are up to date.${old}`;
  const what = weeks === 1 ? "1 week" : `${count(weeks)} weeks`;
  return `The rollups are behind with ${what}, ${count(trips)} trips at most, since ${since}; these weeks are answered from the trips.${old}`;
}
