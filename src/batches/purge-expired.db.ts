import type { Sql } from "../database/client.ts";
import { KEY_DAYS } from "./batch.ts";

/**
 * Removes old idempotency keys and the payloads of senders or processes that broke off. Removes callbacks that ended,
 * and payloads that were kept for inspection, after a month.
 */
export async function purgeExpired(sql: Sql): Promise<void> {
  await sql`delete from tripgrid.idempotency_keys where created_at < now() - make_interval(days => ${KEY_DAYS})`;
  await sql`
    delete from tripgrid.callbacks where coalesce(delivered_at, given_up_at) < now() - interval '30 days'`;
  await sql`
    delete from tripgrid.payload_parts p where created_at < now() - interval '1 day'
      and not exists (
        select from tripgrid.batches b
        where b.batch_id = p.batch_id
          and (b.state in ('queued', 'running')
               or b.error ->> 'code' in ('internal', 'poison') and b.created_at > now() - interval '30 days'))`;
}
