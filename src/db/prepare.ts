import { StartError } from "../errors.ts";
import { type Address, createClient, isAway, type Sql } from "./client.ts";
import { detectEngine, type Engine, searchPathOf } from "./engine.ts";
import { replaceFunctions } from "./functions.ts";
import { migrate } from "./migrate.ts";

/** One number for one lock: whoever holds it may change tables and functions. It spells "trip". */
const LOCK = 0x74726970;

export interface Prepared {
  engine: Engine;
  searchPath: string;
  /** The database's own time zone, fixed when it was first set up. */
  timeZone: string;
  migrated: string[];
  functionsReplaced: boolean;
}

/**
 * Brings a database all the way up: engine, migrations, settings, functions. Does nothing to one that is up to date, and
 * processes that start at once go one after the other.
 *
 * @param timeZone for a new database; an existing one keeps its own
 * @throws StartError with one sentence for whoever started the service
 */
export async function prepareDatabase(address: Address, timeZone: string): Promise<Prepared> {
  const sql = createClient(address, { max: 1 });
  try {
    await reach(sql);
    // A session of the embedded engine is shared by all its connections, so a lock would lock nothing; its folder is
    // held by this process alone.
    if ("url" in address) await sql`select pg_advisory_lock(${LOCK})`;
    return await prepare(sql, address, timeZone);
  } catch (error) {
    throw asStartError(error);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const PATIENCE_MS = 15_000;

/** A pooler may let us in while its database is away, and the driver would wait for ever. */
async function reach(sql: Sql): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<never>((_, reject) => {
    const message = `The database does not answer within ${PATIENCE_MS / 1000} seconds. Is DATABASE_URL right?`;
    timer = setTimeout(() => reject(new StartError(message)), PATIENCE_MS);
  });
  try {
    await Promise.race([sql`select 1`, silent]);
  } finally {
    clearTimeout(timer);
  }
}

async function prepare(sql: Sql, address: Address, timeZone: string): Promise<Prepared> {
  const engine = await detectEngine(sql);
  await checkSameEngine(sql, engine);
  const searchPath = await searchPathOf(sql);
  const migrated = await migrate(sql, address, engine, searchPath);
  await keepSettings(sql, engine, timeZone);
  const functionsReplaced = await replaceFunctions(sql, searchPath);
  const [settings] = await sql<{ time_zone: string }[]>`select time_zone from tripgrid.settings`;
  return { engine, searchPath, timeZone: settings?.time_zone ?? timeZone, migrated, functionsReplaced };
}

/** What is fixed when a database is first set up. */
async function keepSettings(sql: Sql, engine: Engine, timeZone: string): Promise<void> {
  const [kept] = await sql`select 1 from tripgrid.settings`;
  if (kept) return;
  // Node and PostgreSQL know different zones by some short names, and this one can never be changed: so the database is asked.
  const [known] = await sql`select 1 from pg_timezone_names where lower(name) = lower(${timeZone})`;
  if (!known) throw new StartError(`TRIPGRID_TIME_ZONE: the database does not know the time zone ${timeZone}.`);
  await sql`insert into tripgrid.settings (engine, time_zone) values (${engine}, ${timeZone})`;
}

async function checkSameEngine(sql: Sql, engine: Engine): Promise<void> {
  const [table] = await sql<{ exists: boolean }[]>`select to_regclass('tripgrid.settings') is not null as exists`;
  if (!table?.exists) return;
  const [settings] = await sql<{ engine: Engine }[]>`select engine from tripgrid.settings`;
  if (settings && settings.engine !== engine) {
    throw new StartError(
      `This database was set up for the engine ${settings.engine} and is now ${engine}, which stores trips differently. Make a new database there and copy everything over with: npm run copy -- FROM_URL TO_URL`,
    );
  }
}

function asStartError(error: unknown): unknown {
  if (error instanceof StartError) return error;
  const { code = "", message = "" } = error as { code?: string; message?: string };
  if (isAway(code))
    return new StartError(`The database cannot be reached: ${message}. Is DATABASE_URL right, and is the server up?`);
  if (/^(28|3D)/.test(code))
    return new StartError(`The database refuses the connection: ${message}. Is DATABASE_URL right?`);
  if (code === "42501") return new StartError(`The database user may not set Tripgrid up: ${message}.`);
  return error;
}
