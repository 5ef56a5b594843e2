import { addOutgoing } from "../broker/outbox.db.ts";
import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import type { Alert, NumberedAlert, Subject } from "./alert.ts";

/** Alerts that one transaction numbers and publishes. */
const AT_ONCE = 500;

export interface AlertRow {
  id: string;
  number: number;
  rule: string;
  subject: Subject;
  about: object;
  at: string;
}

export const alertOf = ({ id, rule, subject, about, at }: AlertRow): Alert =>
  ({ id, rule, at, [subject === "trips" ? "trip" : "detection"]: inOrder(about) }) as Alert;

/** The database sorts the members of an object. */
function inOrder(about: object): object {
  const { attributes, ...rest } = about as Record<string, unknown>;
  const first = [
    "id",
    "source",
    "trip_id",
    "region",
    "Year",
    "Make",
    "Model",
    "Category",
    "started_at",
    "seen_at",
    "local_time",
  ];
  const known = first.filter((name) => name in rest).map((name) => [name, rest[name]]);
  return { ...Object.fromEntries(known), ...rest, ...(attributes === undefined ? {} : { attributes }) };
}

/** The outcome of a look for new alerts. */
export interface Dispatched {
  /** Whether there are rules, so that new alerts may come. */
  hasRules: boolean;
  numbered: number;
  published: number;
  hasMore: boolean;
}

/**
 * Numbers alerts that have no number, notes their callbacks, and adds those that are not published yet to the outbox.
 * One process at a time does it, and commits before the next one begins: so the numbers become visible in their order.
 *
 * @param topic where alerts are published; undefined: there is no broker, and they wait until there is one
 */
export async function dispatchAlerts(sql: Sql, topic: string | undefined): Promise<Dispatched> {
  return translateErrors(async () => {
    const [look] = await sql<{ has_rules: boolean; is_due: boolean }[]>`
      select exists (select from tripgrid.alert_rules) as has_rules,
             exists (select from tripgrid.alerts where number is null)
               or (${topic !== undefined} and (select published is distinct from last_number from tripgrid.alert_state)) as is_due`;
    const hasRules = look?.has_rules ?? false;
    if (!look?.is_due) return { hasRules, numbered: 0, published: 0, hasMore: false };
    const done = (await sql.begin((tx) => dispatch(tx, topic))) as { numbered: number; published: number };
    return { hasRules, ...done, hasMore: done.numbered === AT_ONCE || done.published === AT_ONCE };
  });
}

async function dispatch(tx: Transaction, topic: string | undefined) {
  const [state] = await tx<{ last_number: number; published: number | null }[]>`
    select last_number, published from tripgrid.alert_state for update`;
  const before = state?.last_number ?? 0;
  const numbered = await tx<{ number: number }[]>`
    with due as (
      select id, at from tripgrid.alerts where number is null order by at, id limit ${AT_ONCE} for update
    ), given as (
      update tripgrid.alerts a set number = ${before} + d.n
      from (select id, row_number() over (order by at, id) as n from due) d where a.id = d.id
      returning a.id, a.number, a.callback
    ), calling as (
      insert into tripgrid.alert_callbacks (alert_id, url) select id, callback from given where callback is not null
    )
    select number from given`;
  const last = before + numbered.length;
  let published: readonly AlertRow[] = [];
  let upTo = state?.published ?? null;
  if (topic !== undefined) {
    // Alerts that were stored before there was a broker are not published.
    const from = upTo ?? before;
    published = await tx<AlertRow[]>`
      select id, number, rule, subject, about, at from tripgrid.alerts where number > ${from} order by number limit ${AT_ONCE}`;
    upTo = published.length < AT_ONCE ? last : (published.at(-1)?.number ?? last);
    await addOutgoing(
      tx,
      published.map((row) => ({
        topic,
        key: row.id,
        value: Buffer.from(JSON.stringify(alertOf(row))),
        headers: { "tripgrid-id": row.id, "tripgrid-rule": row.rule },
      })),
    );
  }
  await tx`update tripgrid.alert_state set last_number = ${last}, published = ${upTo}`;
  return { numbered: numbered.length, published: published.length };
}

/** The highest number that was given. */
export async function lastNumber(sql: Sql): Promise<number> {
  return translateErrors(async () => {
    const [state] = await sql<{ last_number: number }[]>`select last_number from tripgrid.alert_state`;
    return state?.last_number ?? 0;
  });
}

/** Alerts after a number, in their order. */
export async function findAlertsAfter(sql: Sql, after: number, limit: number): Promise<NumberedAlert[]> {
  return translateErrors(async () => {
    const rows = await sql<AlertRow[]>`
      select id, number, rule, subject, about, at from tripgrid.alerts where number > ${after} order by number limit ${limit}`;
    return rows.map((row) => ({ number: row.number, alert: alertOf(row) }));
  });
}
