import { type Sql, translateErrors } from "../database/client.ts";
import { AppError } from "../errors.ts";
import type { SavedQuery } from "./query.ts";

/**
 * Saves a query, or replaces the query of this name.
 *
 * @param owner who saves it
 * @param mayAll whether the queries of others may be replaced as well
 * @throws AppError name_taken if it belongs to another owner
 */
export async function putQuery(
  sql: Sql,
  name: string,
  query: Record<string, unknown>,
  owner: string | null,
  mayAll: boolean,
): Promise<{ saved: SavedQuery; created: boolean }> {
  return translateErrors(async () => {
    const [row] = await sql<(SavedQuery & { created: boolean })[]>`
      insert into tripgrid.saved_queries as q (name, query, owner) values (${name}, ${sql.json(query as never)}, ${owner})
      on conflict (name) do update set query = excluded.query, updated_at = now()
        where ${mayAll} or q.owner = excluded.owner
      returning name, query, created_at, updated_at, xmax = 0 as created`;
    if (!row) throw new AppError("name_taken", `The query ${name} belongs to somebody else: choose another name.`);
    const { created, ...saved } = row;
    return { saved, created };
  });
}

/**
 * Finds a saved query.
 *
 * @param owner the only owner whose queries are found. Undefined: all
 */
export async function findQuery(sql: Sql, name: string, owner?: string): Promise<SavedQuery | undefined> {
  return translateErrors(async () => {
    const [row] = await sql<SavedQuery[]>`
      select name, query, created_at, updated_at from tripgrid.saved_queries
      where name = ${name} and (${owner ?? null}::text is null or owner = ${owner ?? null})`;
    return row;
  });
}

/** All saved queries, or those of one owner, ordered by name. */
export async function listQueries(sql: Sql, owner?: string): Promise<SavedQuery[]> {
  return translateErrors(async () => {
    const rows = await sql<SavedQuery[]>`
      select name, query, created_at, updated_at from tripgrid.saved_queries
      where ${owner ?? null}::text is null or owner = ${owner ?? null} order by name`;
    return [...rows];
  });
}

/**
 * Deletes a saved query.
 *
 * @param owner who deletes it
 * @param mayAll whether the queries of others may be deleted as well
 * @returns whether there was such a query of theirs
 */
export async function deleteQuery(sql: Sql, name: string, owner: string | null, mayAll: boolean): Promise<boolean> {
  return translateErrors(async () => {
    const removed = await sql`
      delete from tripgrid.saved_queries where name = ${name} and (${mayAll} or owner = ${owner}) returning 1`;
    return removed.length > 0;
  });
}
