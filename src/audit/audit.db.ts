import { type Sql, translateErrors } from "../database/client.ts";
import { AUDIT_DAYS, type AuditEntry, type AuditFilters, type StoredEntry } from "./audit.ts";

/**
 * Stores an entry of the audit log.
 *
 * @throws AppError database_unavailable, insufficient_storage
 */
export async function insertAudit(sql: Sql, entry: AuditEntry): Promise<void> {
  const { actor, client, action, target, status, request_id } = entry;
  await translateErrors(
    () => sql`
      insert into tripgrid.audit_log (actor, client, action, target, status, request_id)
      values (${actor}, ${client}, ${action}, ${target}, ${status}, ${request_id})`,
  );
}

/** Lists entries, the newest first. `next` is where the next page begins, if there is one. */
export async function listAudit(
  sql: Sql,
  { actor, action, from, to }: AuditFilters,
  limit: number,
  before: number | undefined,
): Promise<{ entries: StoredEntry[]; next: number | undefined }> {
  const entries: StoredEntry[] = await translateErrors(
    async () => sql<StoredEntry[]>`
      select entry_id, at, actor, client, action, target, status, request_id from tripgrid.audit_log
      where (${actor ?? null}::text is null or actor = ${actor ?? null})
        and (${action ?? null}::text is null or action = ${action ?? null})
        and at >= coalesce(${from ?? null}::timestamptz, '-infinity')
        and at < coalesce(${to ?? null}::timestamptz, 'infinity')
        and (${before ?? null}::bigint is null or entry_id < ${before ?? null}::bigint)
      order by entry_id desc limit ${limit + 1}`,
  );
  const page = entries.slice(0, limit);
  return { entries: page, next: entries.length > limit ? page.at(-1)?.entry_id : undefined };
}

/** Removes the entries that are older than `AUDIT_DAYS`. */
export async function purgeAudit(sql: Sql): Promise<void> {
  await sql`delete from tripgrid.audit_log where at < now() - make_interval(days => ${AUDIT_DAYS})`;
}
