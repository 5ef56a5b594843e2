import { AppError } from "../errors.ts";
import { type Sql, translateErrors } from "./client.ts";

const PATIENCE_MS = 5000;

/**
 * Resolves if the database answers.
 *
 * @throws AppError database_unavailable if it does not within five seconds
 */
export async function ping(sql: Sql): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AppError("database_unavailable", "The database does not answer.", {}, { retryAfterSeconds: 2 })),
      PATIENCE_MS,
    );
  });
  try {
    await Promise.race([translateErrors(async () => void (await sql`select 1`)), late]);
  } finally {
    clearTimeout(timer);
  }
}
