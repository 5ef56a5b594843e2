import { type Sql, translateErrors } from "../database/client.ts";
import type { KnownWeeks } from "./counted-weeks.ts";

/** The Mondays of the first and the last week with a trip. Null: there is no such trip. */
export async function firstAndLastWeek(
  sql: Sql,
  { source, region }: { source?: string | undefined; region?: string | undefined },
): Promise<KnownWeeks> {
  return translateErrors(async () => {
    const [row] = await sql<KnownWeeks[]>`
      select first::text, last::text from tripgrid_internal.first_and_last_week(${source ?? null}, ${region ?? null})`;
    return row ?? { first: null, last: null };
  });
}
