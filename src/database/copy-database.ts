import { StartError } from "../errors.ts";
import { type Address, createClient, type Sql, type Transaction } from "./client.ts";
import { prepareDatabase } from "./prepare.ts";

/** The tables of a database, in the order that their foreign keys require. */
const TABLES = [
  "sources",
  "regions",
  "mappings",
  "lookups",
  "saved_queries",
  "api_keys",
  "users",
  "refresh_tokens",
  "signing_keys",
  "batches",
  "rejected_rows",
  "payload_parts",
  "batch_chunks",
  "imports",
  "callbacks",
  "idempotency_keys",
  "cancelled_trips",
  "audit_log",
  "repeated_trips",
  "broker_positions",
  "outbox",
  ...["origins", "destinations"].flatMap((end) => [4, 5, 6, 7].map((size) => `retired_weekly_${end}_${size}`)),
  "retired_hourly_regions",
  "retired_weekly_clusters",
  "retired_weekly_drivers",
  "detections",
  "alert_rules",
  "alerts",
  "alert_callbacks",
  "trips",
];

/** The tables that number their rows themselves, and the column that holds the number. */
const NUMBERED = [
  ["audit_log", "entry_id"],
  ["repeated_trips", "id"],
  ["outbox", "id"],
] as const;

/** Leaves out trips of retired weeks. A chunk may still hold them, but nothing counts them any more. */
const LIVE = `where local_time >= coalesce(
  (select (to_jsonb(s) ->> 'retired_before')::timestamp from tripgrid.settings s), '-infinity')`;

const ROWS_A_STATEMENT = 5000;

/** The schemas that hold tables. In the first chains of migrations all tables were in the second one. */
const SCHEMAS = ["tripgrid_internal", "tripgrid"];

/**
 * Copies everything from one database of Tripgrid into a new one, also between two engines. The new database is first
 * brought fully up to date, with the time zone of the old one. Rows are streamed. The old database may be from any
 * older chain of migrations: tables that it lacks stay empty, and columns that it lacks get their default.
 *
 * @param onTable called with each table and the number of its rows once they are copied
 * @throws StartError if the target holds rows already, or the source is no database of Tripgrid
 */
export async function copyDatabase(
  from: Address,
  to: Address,
  onTable: (table: string, rows: number) => void,
): Promise<void> {
  const source = createClient(from, { max: 1 });
  const target = createClient(to, { max: 1 });
  try {
    const [settings] = await source<{ time_zone: string | null }[]>`select time_zone from tripgrid.settings`.catch(
      () => [],
    );
    if (!settings) throw new StartError("The database to copy from is none of Tripgrid's.");
    await prepareDatabase(to, settings.time_zone ?? undefined);
    for (const table of TABLES) {
      const [held] = await target`select 1 from ${target.unsafe(await placeOf(target, table))} limit 1`;
      if (held) throw new StartError(`The database to copy to holds ${table} already; it must be a new one.`);
    }
    // The source may be in use, so it is read from one snapshot. The target gets one transaction, so an interrupted
    // copy leaves nothing.
    await source.begin("isolation level repeatable read read only", async (reading) => {
      await target`select tripgrid_internal.ensure_partitions(${await days(reading)}::timestamp[])`;
      await target.begin(async (writing) => {
        // Otherwise the copied detections would be counted beside their counts.
        await writing`select set_config('tripgrid.copying', 'on', true)`;
        for (const table of TABLES) onTable(table, await copyTable(reading, writing, table));
        await copyRetention(reading, writing);
        await copyDetectionCounts(reading, writing);
        await copyAlertState(reading, writing);
        for (const [table, id] of NUMBERED) {
          const place = `tripgrid.${table}`;
          await writing`
            select setval(pg_get_serial_sequence(${place}, ${id}), greatest(max(${writing(id)}), 1)) from ${writing(place)}`;
        }
        // The numbers continue from the old ones. Otherwise followers would miss the next changes.
        await writing`
          select setval('tripgrid.batch_changes', greatest(max(change_id), 1)),
                 setval('tripgrid.batch_numbers', greatest(max(number), 1)::bigint) from tripgrid.batches`;
      });
    });
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
}

/** Copies the settings that say which weeks are closed and retired. */
async function copyRetention(source: Transaction, target: Transaction): Promise<void> {
  const [kept] = await source<{ settings: string }[]>`select to_jsonb(s)::text as settings from tripgrid.settings s`;
  await target`
    update tripgrid.settings s set closed_before = coalesce(k.closed_before, s.closed_before),
      places = coalesce(k.places, s.places), retired_before = coalesce(k.retired_before, s.retired_before), retired_at = k.retired_at
    from jsonb_populate_record(null::tripgrid.settings, ${kept?.settings ?? "{}"}::text::jsonb) k`;
}

/**
 * Copies the counts of detections, which also count those that were dropped, as changes that are folded later. Older
 * databases have none.
 */
async function copyDetectionCounts(source: Transaction, target: Transaction): Promise<void> {
  const [there] = await source`select 1 where to_regclass('tripgrid_internal.detection_counts') is not null`;
  if (!there) return;
  const counts = await source<{ dimension: string; value: string; day: string; n: number }[]>`
    select dimension, value, day, sum(n) as n from (
      select dimension, value, day, n from tripgrid_internal.detection_counts
      union all select dimension, value, day, n from tripgrid_internal.detection_count_changes) both_tables
    group by 1, 2, 3`;
  for (let at = 0; at < counts.length; at += ROWS_A_STATEMENT) {
    const some = counts.slice(at, at + ROWS_A_STATEMENT);
    await target`
      insert into tripgrid_internal.detection_count_changes (dimension, value, day, n)
      select * from unnest(${some.map((c) => c.dimension)}::text[], ${some.map((c) => c.value)}::text[],
                           ${some.map((c) => c.day)}::date[], ${some.map((c) => c.n)}::bigint[])`;
  }
  const [dropped] = await source<{ n: number }[]>`select n from tripgrid_internal.dropped_detections`;
  await target`update tripgrid_internal.dropped_detections set n = ${dropped?.n ?? 0}`;
}

/** The numbers of alerts go on from the old ones, and what is published is not published again. */
async function copyAlertState(source: Transaction, target: Transaction): Promise<void> {
  const [there] = await source`select 1 where to_regclass('tripgrid.alert_state') is not null`;
  if (!there) return;
  const [state] = await source<{ last_number: number; published: number | null }[]>`
    select last_number, published from tripgrid.alert_state`;
  await target`
    update tripgrid.alert_state set last_number = ${state?.last_number ?? 0}, published = ${state?.published ?? null}`;
}

async function days(source: Transaction): Promise<string[]> {
  const rows = await source<
    { day: string }[]
  >`select distinct local_time::date as day from tripgrid.trips ${source.unsafe(LIVE)}`;
  return rows.map((row) => row.day);
}

/**
 * Copies the rows of a table and returns their number. Rows travel in arrays of text, which every type reads back
 * exactly. COPY is not used: the embedded engine has none for clients, and postgres.js lost the end of a COPY that was
 * shorter than one packet.
 */
async function copyTable(source: Transaction, target: Transaction, table: string): Promise<number> {
  const [from, to] = [await placeOf(source, table), await placeOf(target, table)];
  const held = (await columnsOf(source, from)).map(({ name }) => name);
  const columns = (await columnsOf(target, to)).filter(({ name }) => held.includes(name));
  if (columns.length === 0) return 0;
  const names = columns.map(({ name }) => name).join(", ");
  const asText = columns.map(({ name }) => `${name}::text`).join(", ");
  const casts = columns.map(({ name, type }) => `${name}::${type}`).join(", ");
  const arrays = columns.map((_, i) => `$${i + 1}::text[]`).join(", ");
  const insert = `insert into ${to} (${names}) overriding system value select ${casts} from unnest(${arrays}) as rows (${names})`;
  const read = `select ${asText} from ${from} ${table === "trips" ? LIVE : ""}`;
  let copied = 0;
  for await (const rows of source.unsafe(read).values().cursor(ROWS_A_STATEMENT)) {
    await target.unsafe(insert, columns.map((_, i) => (rows as unknown[][]).map((row) => row[i])) as never);
    copied += rows.length;
  }
  return copied;
}

/** The name of a table with the schema that holds it in this database. */
async function placeOf(sql: Sql | Transaction, table: string): Promise<string> {
  const [found] = await sql<{ place: string }[]>`
    select place from unnest(${SCHEMAS.map((schema) => `${schema}.${table}`)}::text[]) place where to_regclass(place) is not null`;
  return found?.place ?? `tripgrid.${table}`;
}

/** The columns of a table that are stored and not computed. Empty: there is no such table. */
const columnsOf = (sql: Transaction, place: string) => sql<{ name: string; type: string }[]>`
  select quote_ident(attname) as name, format_type(atttypid, atttypmod) as type from pg_attribute
  where attrelid = to_regclass(${place}) and attnum > 0 and not attisdropped and attgenerated = ''
  order by attnum`;
