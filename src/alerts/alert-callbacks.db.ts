import { callbackQueue } from "../callbacks/callback-queue.db.ts";
import type { Alert } from "./alert.ts";
import { type AlertRow, alertOf } from "./dispatch-alerts.db.ts";

/** The callbacks of alerts. */
export const alertCallbacks = callbackQueue<Alert>({
  table: "tripgrid.alert_callbacks",
  id: "alert_id",
  payloads: async (sql, ids) => {
    const rows = await sql<AlertRow[]>`
      select id, number, rule, subject, about, at from tripgrid.alerts where id = any (${ids}::uuid[])`;
    return new Map(rows.map((row) => [row.id, alertOf(row)] as const));
  },
});
