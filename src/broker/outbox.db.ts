import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import type { Outgoing } from "../messaging/broker.ts";
import type { OutboxStatus } from "./broker-status.ts";

/** Longer than publishing takes. By then it is done, or its process is gone. */
const CLAIM_SECONDS = 30;
/** Messages that were sent in vain this often, while others passed, are given up. */
const MAX_ATTEMPTS = 10;
/** Bytes of the values that are taken at once, at most, if more than one message is taken. */
const BYTES_AT_ONCE = 4 * 1024 * 1024;

/** A message of the outbox. */
export interface Waiting extends Outgoing {
  id: number;
  attempts: number;
}

/**
 * Adds messages to the outbox, in the transaction that stores what they tell of. They are published at least once after
 * its commit, in the order of their addition where one process publishes. Call `Publisher.trigger` after the commit;
 * otherwise they are published within a second.
 *
 * Do not call it without a broker: nothing would empty the table. The wiring of rooms gets a `Publisher` only if there
 * is a broker.
 */
export async function addOutgoing(tx: Transaction, messages: readonly Outgoing[]): Promise<void> {
  if (messages.length === 0) return;
  await tx`
    insert into tripgrid.outbox (topic, key, value, headers)
    select topic, key, decode(value, 'base64'), headers
    from unnest(
      ${messages.map((m) => m.topic)}::text[],
      ${messages.map((m) => m.key ?? null)}::text[],
      ${messages.map((m) => Buffer.from(m.value).toString("base64"))}::text[],
      ${messages.map((m) => JSON.stringify(m.headers))}::text[]::jsonb[]
    ) with ordinality as m (topic, key, value, headers, n)
    order by n`;
}

/**
 * Takes the oldest messages that no process is publishing. If this process ends meanwhile, another one takes them.
 *
 * @param except topics whose messages wait
 */
export async function takeOutgoing(sql: Sql, limit: number, except: readonly string[] = []): Promise<Waiting[]> {
  return translateErrors(async () => {
    const rows = await sql<
      {
        id: number;
        topic: string;
        key: string | null;
        value: string;
        headers: Record<string, string>;
        attempts: number;
      }[]
    >`
      with due as (
        select id from (
          select id, sum(octet_length(value)) over (order by id) - octet_length(value) as before
          from (select id, value from tripgrid.outbox
                where given_up_at is null and not_before <= clock_timestamp()
                  and topic <> all (${except as string[]}::text[])
                order by id limit ${limit} for update skip locked) oldest) sized
        where before < ${BYTES_AT_ONCE}),
      taken as (
        update tripgrid.outbox o
        set attempts = attempts + 1, not_before = clock_timestamp() + make_interval(secs => ${CLAIM_SECONDS})
        from due where o.id = due.id
        returning o.id, o.topic, o.key, encode(o.value, 'base64') as value, o.headers, o.attempts)
      select * from taken order by id`;
    return rows.map(({ key, value, ...row }) => ({
      ...row,
      key: key ?? undefined,
      value: Buffer.from(value, "base64"),
    }));
  });
}

/** Removes messages that the broker has acknowledged. */
export async function removeOutgoing(sql: Sql, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await translateErrors(() => sql`delete from tripgrid.outbox where id = any (${ids as number[]}::bigint[])`);
}

/**
 * Gives messages back that were not published.
 *
 * @param retryInMs when they are due again
 * @param isRefused whether the broker refused these messages for good. They are given up and kept for inspection. So is
 * a message that failed ten times while others passed
 */
export async function returnOutgoing(
  sql: Sql,
  messages: readonly { id: number; detail: string; isRefused: boolean; counts: boolean }[],
  retryInMs: number,
): Promise<void> {
  if (messages.length === 0) return;
  // The driver cannot send arrays of booleans.
  await translateErrors(
    () => sql`
      update tripgrid.outbox o
      set last_error = m.detail, not_before = clock_timestamp() + make_interval(secs => ${retryInMs / 1000}),
          attempts = case when m.counts = 1 then o.attempts else o.attempts - 1 end,
          given_up_at = case when m.is_refused = 1 or m.counts = 1 and o.attempts >= ${MAX_ATTEMPTS} then clock_timestamp() end
      from unnest(${messages.map((m) => m.id)}::bigint[], ${messages.map((m) => m.detail)}::text[],
                  ${messages.map((m) => Number(m.isRefused))}::int[], ${messages.map((m) => Number(m.counts))}::int[])
        as m (id, detail, is_refused, counts)
      where o.id = m.id`,
  );
}

/** How many messages wait, how long the oldest one has waited, and how many were given up. */
export async function outboxStatus(sql: Sql): Promise<OutboxStatus> {
  const [row] = await sql<OutboxStatus[]>`
    select count(*) filter (where given_up_at is null) as waiting,
           count(*) filter (where given_up_at is not null) as given_up,
           coalesce(extract(epoch from clock_timestamp() - min(created_at) filter (where given_up_at is null)), 0)::float8
             as oldest_seconds
    from tripgrid.outbox`;
  return row ?? { waiting: 0, oldest_seconds: 0, given_up: 0 };
}

/** Removes messages that were given up a month ago. */
export async function purgeOutbox(sql: Sql): Promise<void> {
  await sql`delete from tripgrid.outbox where given_up_at < now() - interval '30 days'`;
}
