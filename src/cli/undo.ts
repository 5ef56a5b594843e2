import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { readConfig } from "../config.ts";
import { StartError } from "../errors.ts";
import { startOwnService } from "./own-service.ts";
import { count } from "./progress.ts";
import { configuredUrl, isTripgrid } from "./running-service.ts";
import { UsageError } from "./usage-error.ts";

const LOOK_EVERY_MS = 500;
/** The interval of progress messages. */
const SAY_EVERY_MS = 5000;

/** The members of a receipt that matter here. */
interface Receipt {
  batch_id: string;
  state: string;
  inserted: number;
  undone?: { removed: number; kept: number };
  detail?: string;
}

/**
 * `tripgrid undo BATCH|IMPORT [--url URL]`: takes back what a batch or an import stored, and waits until that is done.
 *
 * @returns the exit status
 */
export async function undo(args: string[]): Promise<number> {
  const { id, url } = argumentsOf(args);
  const config = readConfig();
  const running = url ?? configuredUrl(config);
  const answers = running !== undefined && (await isTripgrid(running));
  if (!answers && url !== undefined) throw new StartError(`No Tripgrid service answers at ${url}.`);
  const service = answers ? { url: running, stop: async () => {} } : await startOwnService(config);
  try {
    return await undoAt(service.url, id);
  } finally {
    await service.stop();
  }
}

function argumentsOf(args: string[]): { id: string; url: string | undefined } {
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { url: { type: "string" } } });
    const [id, second] = positionals;
    if (id === undefined || second !== undefined) {
      throw new UsageError(
        `undo: expected the id of one batch or import, but got ${positionals.join(" ") || "nothing"}`,
      );
    }
    return { id, url: values.url?.replace(/\/+$/, "") };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`undo: ${(error as Error).message}`);
  }
}

async function undoAt(url: string, id: string): Promise<number> {
  const imported = await fetch(`${url}/v1/imports/${encodeURIComponent(id)}`);
  const batchId = imported.ok ? ((await imported.json()) as Receipt).batch_id : id;
  const address = `${url}/v1/batches/${encodeURIComponent(batchId)}`;
  let reply = await fetch(address, { method: "DELETE" });
  let receipt = (await reply.json()) as Receipt;
  for (let said = Date.now(); reply.ok && receipt.state === "undoing"; ) {
    if (Date.now() - said >= SAY_EVERY_MS) {
      const { removed = 0, kept = 0 } = receipt.undone ?? {};
      process.stderr.write(`${count(removed + kept)} of ${count(receipt.inserted)} trips are done\n`);
      said = Date.now();
    }
    await sleep(LOOK_EVERY_MS);
    reply = await fetch(address);
    receipt = (await reply.json()) as Receipt;
  }
  if (!reply.ok) {
    process.stderr.write(`${id}: ${receipt.detail ?? `the service answers ${reply.status}`}\n`);
    return 1;
  }
  const { removed = 0, kept = 0 } = receipt.undone ?? {};
  const others = kept === 0 ? "" : `; ${count(kept)} stay, which other batches sent too`;
  process.stdout.write(`${batchId}: undone: ${count(removed)} trips removed${others}\n`);
  return 0;
}
