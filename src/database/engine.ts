import { StartError } from "../errors.ts";
import type { Sql } from "./client.ts";

export const ENGINES = ["embedded", "postgres", "timescaledb"] as const;
export type Engine = (typeof ENGINES)[number];

const MIN_POSTGRES = 15;
const MIN_POSTGIS = [3, 3] as const;

/**
 * Creates missing extensions and returns the engine that a connection leads to.
 *
 * TimescaleDB counts only in its Community edition: the Apache one has hypertables but no continuous aggregates, so it
 * is used as stock PostgreSQL.
 *
 * @throws StartError if PostgreSQL or PostGIS is missing or too old
 */
export async function detectEngine(sql: Sql): Promise<Engine> {
  const [server] = await sql<{ version: string; number: number; encoding: string; preloads: boolean }[]>`
    select version(), current_setting('server_version_num')::int as number,
           current_setting('server_encoding') as encoding,
           -- Ordinary users may not read shared_preload_libraries; this setting exists where the library is loaded.
           current_setting('timescaledb.disable_load', true) is not null as preloads`;
  if (!server) throw new StartError("The database does not say which version it is.");
  if (server.encoding !== "UTF8") {
    throw new StartError(`The database is encoded as ${server.encoding}; Tripgrid needs UTF8.`);
  }
  const major = Math.floor(server.number / 10_000);
  if (major < MIN_POSTGRES) {
    throw new StartError(`The database is PostgreSQL ${major}; Tripgrid needs PostgreSQL ${MIN_POSTGRES} or newer.`);
  }
  if (server.preloads) await createExtension(sql, "timescaledb");
  await createExtension(sql, "postgis");
  await checkPostgis(sql);
  if (server.version.includes("PGlite")) return "embedded";
  // The setting exists once the extension does, and says which edition it is.
  const [edition] = await sql<
    { licence: string | null }[]
  >`select current_setting('timescaledb.license', true) as licence`;
  return edition?.licence === "timescale" ? "timescaledb" : "postgres";
}

async function checkPostgis(sql: Sql): Promise<void> {
  const [postgis] = await sql<{ version: string }[]>`
    select extversion as version from pg_extension where extname = 'postgis'`;
  const [first = 0, second = 0] = (postgis?.version ?? "0.0").split(".").map(Number);
  if (first < MIN_POSTGIS[0] || (first === MIN_POSTGIS[0] && second < MIN_POSTGIS[1])) {
    throw new StartError(
      `The database has PostGIS ${postgis?.version}; Tripgrid needs PostGIS ${MIN_POSTGIS.join(".")} or newer.`,
    );
  }
}

async function createExtension(sql: Sql, name: "postgis" | "timescaledb"): Promise<void> {
  const [installed] = await sql`select 1 from pg_extension where extname = ${name}`;
  if (installed) return;
  try {
    await sql.unsafe(`create extension ${name}`);
  } catch (error) {
    const reason = (error as Error).message;
    throw new StartError(
      `The database lacks the extension ${name} and it cannot be created (${reason}). Install it on the server, then run "create extension ${name}" in this database as a superuser.`,
    );
  }
}

/** The schemas to look names up in: ours, then those of the extensions. */
export async function searchPathOf(sql: Sql): Promise<string> {
  const rows = await sql<{ schema: string }[]>`
    select distinct quote_ident(nspname) as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    where extname in ('postgis', 'timescaledb') order by 1`;
  return ["tripgrid", ...rows.map((row) => row.schema), "pg_temp"].join(", ");
}
