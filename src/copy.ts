import { resolve } from "node:path";
import type { Address } from "./db/client.ts";
import { copyDatabase } from "./db/copy-database.ts";
import { startEmbedded } from "./db/embedded.ts";
import { StartError } from "./errors.ts";

/** `npm run copy -- FROM TO`: everything of one database into a new one, of whatever engine. */
const USAGE =
  "usage: npm run copy -- FROM TO, where FROM is postgres://… or the data folder of an embedded database, and TO is postgres://…";

async function main([from, to, ...rest]: string[]): Promise<void> {
  if (!from || !to?.startsWith("postgres") || rest.length > 0) throw new StartError(USAGE);
  const embedded = from.startsWith("postgres")
    ? undefined
    : await startEmbedded(resolve(from), undefined, () => process.exit(1));
  const source: Address = embedded ?? { url: from };
  try {
    await copyDatabase(source, { url: to }, (table, rows) => process.stdout.write(`${table}: ${rows} rows\n`));
  } finally {
    await embedded?.stop();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(error instanceof StartError ? `${error.message}\n` : `${(error as Error).stack}\n`);
  process.exit(1);
});
