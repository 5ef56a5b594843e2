import type { SavedQuery } from "../query.ts";
import { type Sql, translateErrors } from "./client.ts";

/** Saves a query, or replaces the one of this name. */
export async function putQuery(
  sql: Sql,
  name: string,
  query: Record<string, unknown>,
): Promise<{ saved: SavedQuery; created: boolean }> {
  return translateErrors(async () => {
    const [row] = await sql<(SavedQuery & { created: boolean })[]>`
      insert into tripgrid.saved_queries as q (name, query) values (${name}, ${sql.json(query as never)})
      on conflict (name) do update set query = excluded.query, updated_at = now()
      returning name, query, created_at, updated_at, xmax = 0 as created`;
    if (!row) throw new Error(`query ${name} was not stored`);
    const { created, ...saved } = row;
    return { saved, created };
  });
}

/** A saved query. */
export async function findQuery(sql: Sql, name: string): Promise<SavedQuery | undefined> {
  return translateErrors(async () => {
    const [row] = await sql<SavedQuery[]>`
      select name, query, created_at, updated_at from tripgrid.saved_queries where name = ${name}`;
    return row;
  });
}

/** All saved queries, by name. */
export async function listQueries(sql: Sql): Promise<SavedQuery[]> {
  return translateErrors(async () => {
    const rows = await sql<SavedQuery[]>`
      select name, query, created_at, updated_at from tripgrid.saved_queries order by name`;
    return [...rows];
  });
}

/**
 * Forgets a saved query.
 *
 * @returns whether there was such a query
 */
export async function deleteQuery(sql: Sql, name: string): Promise<boolean> {
  return translateErrors(async () => {
    const removed = await sql`delete from tripgrid.saved_queries where name = ${name} returning 1`;
    return removed.length > 0;
  });
}
