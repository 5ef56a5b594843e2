import { StartError } from "../errors.ts";
import { within } from "../kit/within.ts";
import { type Address, createClient, isAway, type Sql } from "./client.ts";
import { detectEngine, type Engine, searchPathOf } from "./engine.ts";
import { replaceFunctions } from "./functions.ts";
import { migrate } from "./migrate.ts";

/** The number of the lock. Its holder may change tables and functions. It spells "trip". */
const LOCK = 0x74726970;

export interface Prepared {
  engine: Engine;
  searchPath: string;
  /** The time zone of all trips, fixed when the database was first set up. Null: that of the place where a trip began. */
  timeZone: string | null;
  migrated: string[];
  functionsReplaced: boolean;
}

/**
 * Brings a database fully up to date: engine, migrations, settings, functions. It changes nothing in one that is up to
 * date. Processes that start at the same time take turns.
 *
 * @param timeZone for a new database; an existing one keeps its own. Undefined: clocks run as where a trip began
 * @throws StartError with one sentence for the operator
 */
export async function prepareDatabase(address: Address, timeZone: string | undefined): Promise<Prepared> {
  const sql = createClient(address, { max: 1 });
  try {
    await reach(sql);
    // All connections of the embedded engine share one session, so a lock would lock nothing. Only this process holds
    // its folder.
    if ("url" in address) await sql`select pg_advisory_lock(${LOCK})`;
    return await prepare(sql, address, timeZone);
  } catch (error) {
    throw asStartError(error);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const PATIENCE_MS = 15_000;

/**
 * Waits until the database answers. A pooler may accept a connection while its database is away, and the driver would
 * then wait forever.
 */
async function reach(sql: Sql): Promise<void> {
  await within<unknown>(sql`select 1`, PATIENCE_MS, () => {
    throw new StartError(`The database does not answer within ${PATIENCE_MS / 1000} seconds. Is DATABASE_URL right?`);
  });
}

async function prepare(sql: Sql, address: Address, timeZone: string | undefined): Promise<Prepared> {
  const engine = await detectEngine(sql);
  await checkSameEngine(sql, engine);
  const searchPath = await searchPathOf(sql);
  const migrated = await migrate(sql, address, engine, searchPath);
  await keepSettings(sql, engine, timeZone);
  const functionsReplaced = await replaceFunctions(sql, searchPath);
  const [settings] = await sql<{ time_zone: string | null }[]>`select time_zone from tripgrid.settings`;
  return { engine, searchPath, timeZone: settings?.time_zone ?? null, migrated, functionsReplaced };
}

/** The time zone of a prepared database. It is settled when the database is first used. */
export const UNSETTLED_ZONE = "";

/** Stores the settings that are fixed when a database is first set up. */
async function keepSettings(sql: Sql, engine: Engine, timeZone: string | undefined): Promise<void> {
  const [kept] = await sql`select 1 from tripgrid.settings where time_zone is distinct from ${UNSETTLED_ZONE}`;
  if (kept) return;
  // Node and PostgreSQL know different zones by some short names, and this zone can never be changed. So the database
  // is asked.
  const [known] =
    timeZone === undefined ? [true] : await sql`select 1 from pg_timezone_names where lower(name) = lower(${timeZone})`;
  if (!known) throw new StartError(`TRIPGRID_TIME_ZONE: the database does not know the time zone ${timeZone}.`);
  await sql`
    insert into tripgrid.settings (engine, time_zone) values (${engine}, ${timeZone ?? null})
    on conflict (singleton) do update set time_zone = excluded.time_zone`;
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
  if (/^(28|3D)/.test(code))
    return new StartError(`The database refuses the connection: ${message}. Is DATABASE_URL right?`);
  if (isAway(code))
    return new StartError(`The database cannot be reached: ${message}. Is DATABASE_URL right, and is the server up?`);
  if (code === "42501") return new StartError(`The database user may not set Tripgrid up: ${message}.`);
  return error;
}
