import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { Sql } from "../../src/database/client.ts";

const RESULTS = join(import.meta.dirname, "../results");

/** Writes a result to `results/`, with what it was measured on. */
export function saveResult(name: string, versions: Record<string, string>, result: object): string {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: RESULTS, encoding: "utf8" }).trim();
  mkdirSync(RESULTS, { recursive: true });
  const changed = git("status", "--porcelain", "--", "../../src", "../../db") === "" ? "" : ", changed since";
  const measured = {
    date: new Date().toISOString().slice(0, 10),
    commit: `${git("rev-parse", "--short=12", "HEAD")}${changed}`,
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim() ?? "?"}`,
    memory_gb: Math.round(totalmem() / 2 ** 30),
    ...versions,
  };
  const file = join(RESULTS, `${name}.json`);
  writeFileSync(file, `${JSON.stringify({ measured, ...result }, undefined, 2)}\n`);
  return file;
}

/** Node's version, the database's and those of its extensions. */
export async function versionsOf(sql: Sql): Promise<Record<string, string>> {
  const [server] = await sql<{ postgres: string; postgis: string; timescaledb: string | null; engine: string }[]>`
    select split_part(version(), ' on ', 1) as postgres, postgis_lib_version() as postgis, engine,
           (select extversion from pg_extension where extname = 'timescaledb') as timescaledb
    from tripgrid.settings`;
  const known = Object.entries(server ?? {}).filter(([, version]) => version !== null) as [string, string][];
  return { node: process.version, ...Object.fromEntries(known) };
}
