import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { resolveBinary } from "dbmate";
import { StartError } from "../errors.ts";
import { PROJECT_DIR } from "../kit/project.ts";
import type { Address, Sql } from "./client.ts";
import type { Engine } from "./engine.ts";

const MIGRATIONS = join(PROJECT_DIR, "db/migrations");
const TABLE = "tripgrid.schema_migrations";

/**
 * Brings the tables up to date with dbmate: the common migrations and the engine's own, in one order of versions. The
 * caller holds the lock, since two dbmates at once collide. A database never goes back to an older version: dbmate
 * demands a down section in each file, and ours are empty.
 *
 * @returns the applied versions; empty if the database was up to date
 * @throws StartError if the database is newer than this Tripgrid or was made by an older chain of migrations, or a
 * migration fails
 */
export async function migrate(sql: Sql, address: Address, engine: Engine, searchPath: string): Promise<string[]> {
  // The embedded engine and stock PostgreSQL store trips in the same way.
  const folders = ["common", engine === "timescaledb" ? "timescaledb" : "postgres"];
  const files = (await Promise.all(folders.map((folder) => readdir(join(MIGRATIONS, folder))))).flat();
  const known = files.map(versionOf).sort();
  const applied = await appliedVersions(sql);
  refuseStrange(applied, known);
  const pending = known.filter((version) => !applied.includes(version));
  if (pending.length > 0) await runDbmate(folders, dbmateUrl(address, searchPath));
  return pending;
}

const versionOf = (file: string) => file.split("_", 1)[0] ?? file;

/** An unknown version between ours is from a squashed chain. A later one is from a newer Tripgrid. */
function refuseStrange(applied: string[], known: string[]): void {
  const [strange] = applied.filter((version) => !known.includes(version)).sort();
  if (strange === undefined) return;
  if (strange > (known.at(-1) ?? "")) {
    throw new StartError(
      `The database was set up by a newer Tripgrid (it holds migration ${strange}). Start that one or a later one.`,
    );
  }
  throw new StartError(
    `This database was set up by an older Tripgrid (it holds migration ${strange}), whose tables this one does not change: make a new database and copy everything over with npm run copy -- FROM_URL TO_URL, where a data folder may stand in place of a URL.`,
  );
}

async function appliedVersions(sql: Sql): Promise<string[]> {
  const [table] = await sql<{ exists: boolean }[]>`select to_regclass(${TABLE}) is not null as exists`;
  if (!table?.exists) return [];
  const rows = await sql<{ version: string }[]>`select version from ${sql(TABLE)}`;
  return rows.map((row) => row.version);
}

async function runDbmate(folders: string[], url: string): Promise<void> {
  const dirs = folders.flatMap((folder) => ["--migrations-dir", join(MIGRATIONS, folder)]);
  const args = [...dirs, "--migrations-table", TABLE, "--no-dump-schema", "--env", "DATABASE_URL", "migrate"];
  try {
    // The URL goes through the environment: every user of the machine can read arguments.
    await promisify(execFile)(resolveBinary(), args, { env: { DATABASE_URL: url } });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new StartError(`A migration failed: ${(stderr || message).trim()}`);
  }
}

function dbmateUrl(address: Address, searchPath: string): string {
  if ("socketFolder" in address) {
    return `postgres://postgres@/postgres?host=${encodeURIComponent(address.socketFolder)}&sslmode=disable`;
  }
  const url = new URL(address.url);
  // Without the parameter dbmate's driver insists on TLS, where ours does not.
  if (!url.searchParams.has("sslmode")) url.searchParams.set("sslmode", url.searchParams.get("ssl") ?? "disable");
  url.searchParams.delete("ssl");
  url.searchParams.set("search_path", searchPath);
  return url.href;
}
