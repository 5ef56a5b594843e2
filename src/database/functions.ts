import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { PROJECT_DIR } from "../kit/project.ts";
import type { Sql, Transaction } from "./client.ts";

const FUNCTIONS = join(PROJECT_DIR, "db/functions");
const COMMENTS = /^comment on function .*;$/gm;

/**
 * Replaces the SQL functions and views if their files differ from those that the database holds. It replaces all of
 * them in one transaction, in the order of their file names, regardless of their folders. The caller holds the lock.
 *
 * Each function fixes its own `search_path` to the one in force here (`SET search_path FROM CURRENT`), so that PostGIS
 * is found in any schema. The temporary schema comes last in it. Otherwise a caller of a function with its owner's
 * rights could put other relations before ours. No function may be called without a grant: see bi-role.db.ts.
 *
 * @returns whether anything was replaced
 */
export async function replaceFunctions(sql: Sql, searchPath: string): Promise<boolean> {
  const names = (await readdir(FUNCTIONS, { recursive: true }))
    .filter((name) => name.endsWith(".sql"))
    .sort((a, b) => (basename(a) < basename(b) ? -1 : 1));
  const files = await Promise.all(names.map((name) => readFile(join(FUNCTIONS, name), "utf8")));
  const hash = createHash("sha256")
    .update(JSON.stringify([searchPath, names, files]))
    .digest("hex");
  const [settings] = await sql<{ functions_hash: string | null }[]>`select functions_hash from tripgrid.settings`;
  if (settings?.functions_hash === hash) return false;
  await sql.begin(async (tx) => {
    await tx`select set_config('search_path', ${searchPath}, true), set_config('lock_timeout', '10s', true),
                    set_config('check_function_bodies', 'off', true)`;
    // A comment names a function without its arguments, so it comes when there is no other of that name.
    for (const file of files) await tx.unsafe(file.replace(COMMENTS, "")).simple();
    await dropOutdated(
      tx,
      names.map((name) => basename(name, ".sql")),
    );
    await tx.unsafe(files.flatMap((file) => file.match(COMMENTS) ?? []).join("\n")).simple();
    // By default every role may call a new function.
    await tx`revoke execute on all functions in schema tripgrid, tripgrid_internal from public`;
    await tx`update tripgrid.settings set functions_hash = ${hash}`;
  });
  return true;
}

/**
 * Drops functions of earlier versions, which this transaction has not replaced: a call could not choose between two
 * functions of one name. In `tripgrid` it drops only those with a name of ours, since an operator may have put others
 * there. The functions of the migrations are triggers, or have another search path.
 */
async function dropOutdated(tx: Transaction, names: string[]): Promise<void> {
  const outdated = await tx<{ signature: string }[]>`
    select p.oid::regprocedure::text as signature from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.prokind = 'f' and p.prorettype <> 'trigger'::regtype and p.xmin <> pg_current_xact_id()::xid
      and (n.nspname = 'tripgrid_internal' or (n.nspname = 'tripgrid' and p.proname = any (${names}::text[])))
      and not 'search_path=pg_catalog, pg_temp' = any (coalesce(p.proconfig, '{}'))`;
  for (const { signature } of outdated) await tx.unsafe(`drop function ${signature}`);
}
