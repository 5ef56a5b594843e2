import { type Sql, translateErrors } from "../database/client.ts";
import type { AlertFilters, ListAlerts } from "./alert.ts";
import { type AlertRow, alertOf } from "./dispatch-alerts.db.ts";

/** A page ends with the alert at which the attributes, as text, reach this many bytes. */
const BYTES_A_PAGE = 4 * 1024 * 1024;

/** Alerts, the newest first, that have a number below `before`. */
export async function listAlerts(
  sql: Sql,
  { rule, from, to, withTrips }: AlertFilters,
  limit: number,
  before: number | undefined,
): ReturnType<ListAlerts> {
  return translateErrors(async () => {
    const rows = await sql<(AlertRow & { found: number })[]>`
      select id, number, rule, subject, about, at, found
      from (select *, count(*) over () as found,
                   coalesce(sum(octet_length(about::text)) over (
                     order by number desc rows between unbounded preceding and 1 preceding), 0) as bytes_before
            from (select * from tripgrid.alerts
                  where number is not null and number < coalesce(${before ?? null}::bigint, 9223372036854775807)
                    and (${rule ?? null}::text is null or rule = ${rule ?? null})
                    and (${withTrips} or subject <> 'trips')
                    and at >= coalesce(${from ?? null}::timestamptz, '-infinity') and at < coalesce(${to ?? null}::timestamptz, 'infinity')
                  order by number desc limit ${limit + 1}) first) sized
      where bytes_before < ${BYTES_A_PAGE}
      order by number desc`;
    const shown = rows.slice(0, limit);
    const hasMore = (rows[0]?.found ?? 0) > shown.length;
    return { alerts: shown.map(alertOf), next: hasMore ? shown.at(-1)?.number : undefined };
  });
}

/** Removes alerts that are older than a number of days, with their callbacks. */
export async function purgeAlerts(sql: Sql, days: number): Promise<void> {
  await sql`
    with gone as (delete from tripgrid.alerts where number is not null and at < now() - make_interval(days => ${days}) returning id)
    delete from tripgrid.alert_callbacks where alert_id in (select id from gone)`;
}
