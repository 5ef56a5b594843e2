import { type Sql, translateErrors } from "../database/client.ts";

/** The batches that are acknowledged and not finished. */
export interface QueueStatus {
  queued: number;
  running: number;
  /** Age of the oldest of them; 0 if there is none. */
  oldest_seconds: number;
}

/** Counts the batches of all processes that are queued or running. */
export async function queueStatus(sql: Sql): Promise<QueueStatus> {
  return translateErrors(async () => {
    const [row] = await sql<QueueStatus[]>`
      select count(*) filter (where state = 'queued')::int as queued,
             count(*) filter (where state = 'running')::int as running,
             coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as oldest_seconds
      from tripgrid.batches where state in ('queued', 'running')`;
    if (!row) throw new Error("the count of queued batches gave no row");
    return row;
  });
}
