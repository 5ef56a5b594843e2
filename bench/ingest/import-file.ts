import { linkSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Receipt } from "../../src/batches/receipt.ts";

/** Where a service looks for files to import. */
export const inboxOf = (env: Record<string, string>) =>
  env.TRIPGRID_INBOX_DIR ?? join(env.TRIPGRID_DATA_DIR ?? "", "inbox");

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 30 * 60_000;

/**
 * Imports a CSV of the given number of trips and waits for its last commit; how many seconds that took from the request on.
 */
export async function importFile(url: string, inbox: string, csv: string, trips: number): Promise<number> {
  const name = `bench-${Date.now()}.csv`;
  mkdirSync(inbox, { recursive: true });
  const started = performance.now();
  // A link: it is there at once, however large.
  linkSync(csv, join(inbox, name));
  try {
    const asked = await fetch(`${url}/v1/imports`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ path: name }),
    });
    const reply = (await asked.json()) as { batch_id: string };
    if (asked.status !== 202) throw new Error(`The import failed with ${asked.status}: ${JSON.stringify(reply)}`);
    const receipt = await final(url, reply.batch_id);
    if (receipt.inserted !== trips) throw new Error(`Not all was imported: ${JSON.stringify(receipt)}`);
  } finally {
    rmSync(join(inbox, name), { force: true });
  }
  return (performance.now() - started) / 1000;
}

/** The receipt of a batch once it is committed or has failed. */
async function final(url: string, batchId: string): Promise<Receipt> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    const receipt = (await (await fetch(`${url}/v1/batches/${batchId}`)).json()) as Receipt;
    if (receipt.state === "committed" || receipt.state === "failed") return receipt;
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`The batch ${batchId} is not done after ${PATIENCE_MS / 60_000} minutes.`);
}
