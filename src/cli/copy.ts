import { resolve } from "node:path";
import type { Address } from "../database/client.ts";
import { copyDatabase } from "../database/copy-database.ts";
import { startEmbedded } from "../database/embedded.ts";
import { StartError } from "../errors.ts";

/**
 * `npm run copy -- FROM TO`: copies a database of this or an older Tripgrid into a new one. Each may use any engine.
 */
const USAGE =
  "usage: npm run copy -- FROM TO, where each is postgres://… or the data folder of an embedded database, and TO is new";

async function main([from, to, ...rest]: string[]): Promise<void> {
  if (!from || !to || rest.length > 0 || !isPlace(from) || !isPlace(to)) throw new StartError(USAGE);
  const source = await open(from);
  try {
    const target = await open(to);
    try {
      await copyDatabase(source.address, target.address, (table, rows) =>
        process.stdout.write(`${table}: ${rows} rows\n`),
      );
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

const isUrl = (place: string) => /^postgres(ql)?:/.test(place);
const isPlace = (place: string) => isUrl(place) || !place.includes("://");

async function open(place: string): Promise<{ address: Address; close(): Promise<void> }> {
  if (isUrl(place)) return { address: { url: place }, close: async () => {} };
  const embedded = await startEmbedded(resolve(place), undefined, () => process.exit(1));
  return { address: embedded, close: embedded.stop };
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(error instanceof StartError ? `${error.message}\n` : `${(error as Error).stack}\n`);
  process.exit(1);
});
