import { type Sql, translateErrors } from "../database/client.ts";

/** Bytes of the database on disk. The server looks at each of its files, so this is no figure for every second. */
export async function databaseSize(sql: Sql): Promise<number> {
  return translateErrors(async () => {
    const [row] = await sql<{ bytes: number }[]>`select pg_database_size(current_database()) as bytes`;
    return row?.bytes ?? 0;
  });
}
