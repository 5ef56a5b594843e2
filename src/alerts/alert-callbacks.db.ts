import type { DueCallback, FailedAttempt } from "../callbacks/callback.ts";
import { type Sql, translateErrors } from "../database/client.ts";
import type { Alert } from "./alert.ts";
import { type AlertRow, alertOf } from "./dispatch-alerts.db.ts";

/** After this many attempts in a row that end the process, a callback is given up. */
const MAX_UNFINISHED = 3;
/** Longer than an attempt takes. By then it is recorded, or its process is gone. */
const CLAIM_SECONDS = 60;

type Made = Pick<DueCallback<Alert>, "id" | "attempt">;

/** Takes due callbacks of alerts. No other process gets them for as long as an attempt may take. */
export async function takeDueAlerts(sql: Sql, limit: number): Promise<DueCallback<Alert>[]> {
  return translateErrors(async () => {
    await sql`
      update tripgrid.alert_callbacks
      set given_up_at = clock_timestamp(), last_error = 'the process ended during each of the last attempts'
      where delivered_at is null and given_up_at is null and next_attempt_at <= clock_timestamp() and unfinished >= ${MAX_UNFINISHED}`;
    const rows = await sql<(AlertRow & { url: string; attempts: number })[]>`
      with due as (
        select alert_id from tripgrid.alert_callbacks
        where delivered_at is null and given_up_at is null and next_attempt_at <= clock_timestamp()
        order by unfinished, next_attempt_at limit ${limit} for update skip locked
      ), taken as (
        update tripgrid.alert_callbacks c
        set attempts = attempts + 1, unfinished = unfinished + 1, next_attempt_at = clock_timestamp() + make_interval(secs => ${CLAIM_SECONDS})
        from due where c.alert_id = due.alert_id
        returning c.alert_id, c.url, c.attempts
      )
      select a.id, a.number, a.rule, a.subject, a.about, a.at, t.url, t.attempts
      from taken t join tripgrid.alerts a on a.id = t.alert_id`;
    return rows.map((row) => ({ id: row.id, url: row.url, attempt: row.attempts, payload: alertOf(row) }));
  });
}

/** Records that the receiver has the alert. */
export async function recordAlertDelivery(sql: Sql, { id }: Made): Promise<void> {
  await translateErrors(async () => {
    await sql`
      update tripgrid.alert_callbacks set delivered_at = clock_timestamp(), given_up_at = null, last_error = null, unfinished = 0
      where alert_id = ${id} and delivered_at is null`;
  });
}

/**
 * Records that an attempt has failed.
 *
 * @param retryInMs time until the next attempt; undefined: there is none
 */
export async function recordAlertFailure(
  sql: Sql,
  { id, attempt }: Made,
  { error }: Pick<FailedAttempt, "error">,
  retryInMs: number | undefined,
): Promise<void> {
  const isLast = retryInMs === undefined;
  await translateErrors(async () => {
    await sql`
      update tripgrid.alert_callbacks
      set last_error = ${error}, unfinished = 0,
          given_up_at = case when ${isLast} then clock_timestamp() end,
          next_attempt_at = case when ${isLast} then next_attempt_at
                                 else clock_timestamp() + make_interval(secs => ${(retryInMs ?? 0) / 1000}) end
      where alert_id = ${id} and attempts = ${attempt} and delivered_at is null`;
  });
}
