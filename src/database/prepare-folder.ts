import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createClient } from "./client.ts";
import { startEmbedded } from "./embedded.ts";
import { makePostgisBundle } from "./postgis-bundle.ts";
import { prepareDatabase, UNSETTLED_ZONE } from "./prepare.ts";
import { keepPrepared, preparedFolder } from "./prepared-folder.ts";

/** The build runs this: it makes what a start of the embedded engine uses, see postgis-bundle.ts and prepared-folder.ts. */
async function main(): Promise<void> {
  makePostgisBundle();
  if (existsSync(preparedFolder())) return;
  // Beside its place, since a folder cannot be renamed to another disk.
  const folder = await mkdtemp(join(dirname(preparedFolder()), "making-"));
  try {
    const embedded = await startEmbedded(folder, undefined, (error) => {
      throw error;
    });
    try {
      await prepareDatabase(embedded, "UTC");
      const sql = createClient(embedded, { max: 1 });
      await sql`update tripgrid.settings set time_zone = ${UNSETTLED_ZONE}`;
      await sql.end();
    } finally {
      await embedded.stop();
    }
    await keepPrepared(join(folder, "pgdata"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
