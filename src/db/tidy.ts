import { KEY_DAYS } from "../batch.ts";
import type { Sql } from "./client.ts";

/**
 * Removes what nobody needs any more: old idempotency keys, payloads whose sender or process broke off, and callbacks that
 * ended a month ago.
 */
export async function tidy(sql: Sql): Promise<void> {
  await sql`delete from tripgrid.idempotency_keys where created_at < now() - make_interval(days => ${KEY_DAYS})`;
  await sql`
    delete from tripgrid.callbacks where coalesce(delivered_at, given_up_at) < now() - interval '30 days'`;
  await sql`
    delete from tripgrid.payload_parts p where created_at < now() - interval '1 day'
      and not exists (select from tripgrid.batches b where b.batch_id = p.batch_id and b.state in ('queued', 'running'))`;
}
