import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sql } from "./client.ts";

const FUNCTIONS = join(import.meta.dirname, "../../db/functions");

/**
 * Replaces the SQL functions and views if their files differ from what the database holds: all of them, in the order of
 * their names, in one transaction. The caller holds the lock.
 *
 * Each function fixes its own `search_path` to the one in force here (`SET search_path FROM CURRENT`), so that PostGIS is
 * found in whatever schema it was installed. The temporary schema comes last in it, or whoever calls a function that has its owner's
 * rights could put relations of their own before ours. Nobody may call any unless it is granted: see bi-role.ts.
 *
 * @returns whether anything was replaced
 */
export async function replaceFunctions(sql: Sql, searchPath: string): Promise<boolean> {
  const names = (await readdir(FUNCTIONS)).filter((name) => name.endsWith(".sql")).sort();
  const files = await Promise.all(names.map((name) => readFile(join(FUNCTIONS, name), "utf8")));
  const hash = createHash("sha256")
    .update(JSON.stringify([searchPath, names, files]))
    .digest("hex");
  const [settings] = await sql<{ functions_hash: string | null }[]>`select functions_hash from tripgrid.settings`;
  if (settings?.functions_hash === hash) return false;
  await sql.begin(async (tx) => {
    await tx`select set_config('search_path', ${searchPath}, true), set_config('lock_timeout', '10s', true),
                    set_config('check_function_bodies', 'off', true)`;
    for (const file of files) await tx.unsafe(file).simple();
    // A function that is made may be called by everybody, until this is said.
    await tx`revoke execute on all functions in schema tripgrid from public`;
    await tx`update tripgrid.settings set functions_hash = ${hash}`;
  });
  return true;
}
