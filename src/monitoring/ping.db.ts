import type { Sql } from "../database/client.ts";
import { translateErrors } from "../database/client.ts";

/** How long `/readyz` waits for the database. */
export const PING_MS = 2000;

/**
 * Resolves if the database answers.
 *
 * @param sql dedicated connections with a deadline
 * @throws AppError database_unavailable, insufficient_storage
 */
export async function ping(sql: Sql): Promise<void> {
  await translateErrors(async () => void (await sql`select 1`));
}
