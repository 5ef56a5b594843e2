import { type Sql, translateErrors } from "../database/client.ts";
import type { DueCallback, FailedAttempt } from "./callback.ts";

/** After this many attempts in a row that end the process, a callback is given up. */
const MAX_UNFINISHED = 3;

/** Longer than an attempt takes. By then it is recorded, or its process is gone. */
const CLAIM_SECONDS = 60;

/** Identifies an attempt. Once another one has begun, its failure is no longer recorded. */
type Made = Pick<DueCallback<unknown>, "id" | "attempt">;

/** What differs between callbacks of batches, of alerts and so on. */
interface QueueOf<P> {
  /** Where they are stored. */
  table: string;
  /** The column that says what a callback tells of. */
  id: string;
  /** SQL over a row `c`: whether that can be sent already. Undefined: always. */
  isReady?: string;
  /** The payloads to send, by id. A callback without one is never sent. */
  payloads: (sql: Sql, ids: string[]) => Promise<Map<string, P>>;
}

/** Callbacks that wait, fail and are delivered. */
export interface CallbackQueue<P> {
  /**
   * Takes due callbacks. No other process gets them for as long as an attempt may take. If the process ends meanwhile,
   * the callback is due again afterwards. It is given up if that happens several times in a row.
   */
  takeDue(sql: Sql, limit: number): Promise<DueCallback<P>[]>;
  /** Records that the receiver has it. */
  recordDelivery(sql: Sql, made: Made): Promise<void>;
  /**
   * Records that an attempt has failed.
   *
   * @param retryInMs time until the next attempt; undefined: there is none
   */
  recordFailure(
    sql: Sql,
    made: Made,
    failure: Pick<FailedAttempt, "error">,
    retryInMs: number | undefined,
  ): Promise<void>;
}

/** The calls of one table of callbacks. */
export function callbackQueue<P>({ table, id, isReady = "true", payloads }: QueueOf<P>): CallbackQueue<P> {
  const waits = "delivered_at is null and given_up_at is null and next_attempt_at <= clock_timestamp()";
  return {
    takeDue: (sql, limit) =>
      translateErrors(async () => {
        // Several attempts are made at a time, so one crash proves nothing.
        await sql`
          update ${sql(table)}
          set given_up_at = clock_timestamp(), last_error = 'the process ended during each of the last attempts'
          where ${sql.unsafe(waits)} and unfinished >= ${MAX_UNFINISHED}`;
        const taken = await sql<Omit<DueCallback<P>, "payload">[]>`
          with due as (
            select ${sql(id)} from ${sql(table)} c where ${sql.unsafe(waits)} and ${sql.unsafe(isReady)}
            order by unfinished, next_attempt_at limit ${limit} for update of c skip locked)
          update ${sql(table)} c
          set attempts = attempts + 1, unfinished = unfinished + 1, next_attempt_at = clock_timestamp() + make_interval(secs => ${CLAIM_SECONDS})
          from due where c.${sql(id)} = due.${sql(id)}
          returning c.${sql(id)} as id, c.url, c.attempts as attempt`;
        if (taken.length === 0) return [];
        const found = await payloads(
          sql,
          taken.map((one) => one.id),
        );
        return taken.flatMap((one) => {
          const payload = found.get(one.id);
          return payload === undefined ? [] : [{ ...one, payload }];
        });
      }),
    recordDelivery: (sql, made) =>
      translateErrors(async () => {
        await sql`
          update ${sql(table)} set delivered_at = clock_timestamp(), given_up_at = null, last_error = null, unfinished = 0
          where ${sql(id)} = ${made.id} and delivered_at is null`;
      }),
    recordFailure: (sql, made, { error }, retryInMs) =>
      translateErrors(async () => {
        const isLast = retryInMs === undefined;
        await sql`
          update ${sql(table)}
          set last_error = ${error}, unfinished = 0,
              given_up_at = case when ${isLast} then clock_timestamp() end,
              next_attempt_at = case when ${isLast} then next_attempt_at
                                     else clock_timestamp() + make_interval(secs => ${(retryInMs ?? 0) / 1000}) end
          where ${sql(id)} = ${made.id} and attempts = ${made.attempt} and delivered_at is null`;
      }),
  };
}
