import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { TripgridClient, TripgridError } from "../../client/index.ts";
import { type Config, readConfig } from "../config.ts";
import { StartError } from "../errors.ts";
import type { RollupStatus } from "../rollups/rollups.ts";
import { startOwnService } from "./own-service.ts";
import { count } from "./progress.ts";
import { configuredUrl, isTripgrid } from "./running-service.ts";
import { UsageError } from "./usage-error.ts";

const ACTIONS = ["status", "refresh", "rebuild"] as const;
type Action = (typeof ACTIONS)[number];

const LOOK_EVERY_MS = 500;
/** The interval of progress messages. */
const SAY_EVERY_MS = 5000;

/** `tripgrid rollups status|refresh|rebuild [--url URL]`: asks the running service, or one started in this process. */
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
  if (running !== undefined && (await isTripgrid(running)))
    return { ask: askAt(running, config.apiKey), stop: async () => {} };
  if (url !== undefined) throw new StartError(`No Tripgrid service answers at ${url}.`);
  const service = await startOwnService(config);
  return { ask: askAt(service.url, service.ownKey), stop: service.stop };
}

const askAt =
  (url: string, apiKey: string | undefined) =>
  async (action: Action): Promise<RollupStatus> => {
    const client = new TripgridClient({ url, key: apiKey, timeoutMs: 60_000 });
    const [method, path] = action === "status" ? ["GET", "/v1/rollups"] : ["POST", `/v1/rollups/${action}`];
    try {
      return await client.json<RollupStatus>(path, { method });
    } catch (error) {
      throw error instanceof TripgridError ? new StartError(error.message) : error;
    }
  };

/**
 * Waits until the rollups include all writes that they lacked at the start. It does not wait for trips that arrive
 * meanwhile.
 */
async function untilUpToDate(first: RollupStatus, ask: () => Promise<RollupStatus>): Promise<RollupStatus> {
  let status = first;
  // The time of the start by the database's clock. Later writes have a later time.
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
