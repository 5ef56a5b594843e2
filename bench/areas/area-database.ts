import { type Address, createClient, type Sql } from "../../src/database/client.ts";
import { startEmbedded } from "../../src/database/embedded.ts";
import type { Engine } from "../../src/database/engine.ts";
import { prepareDatabase } from "../../src/database/prepare.ts";
import type { Target } from "../lib/target.ts";

/** A database that is set up, and reached as the service reaches it. */
export interface AreaDatabase {
  target: Target;
  engine: Engine;
  /** One connection, which asks. */
  sql: Sql;
  /** As many connections as write at once: the embedded engine has one session for all. */
  writers: Sql;
  stop(): Promise<void>;
}

const WRITERS = 2;

/** No service runs on it, which would refresh the rollups in between. */
export async function openAreaDatabase(target: Target): Promise<AreaDatabase> {
  const embedded = target.isEmbedded
    ? await startEmbedded(target.env.TRIPGRID_DATA_DIR ?? "", undefined, (error) => {
        throw error;
      })
    : undefined;
  const address: Address = embedded ?? { url: target.url };
  const { engine, searchPath } = await prepareDatabase(address, "UTC");
  const sql = createClient(address, { max: 1, searchPath });
  const writers = embedded ? sql : createClient(address, { max: WRITERS, searchPath });
  // As the service does: the embedded engine ignores what a connection asks for at its start.
  if (embedded) await sql`select set_config('search_path', ${searchPath}, false), set_config('TimeZone', 'UTC', false)`;
  const stop = async () => {
    await Promise.all([sql.end({ timeout: 5 }), writers.end({ timeout: 5 })]);
    await embedded?.stop();
  };
  return { target, engine, sql, writers, stop };
}
