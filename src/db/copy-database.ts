import { StartError } from "../errors.ts";
import { type Address, createClient, type Transaction } from "./client.ts";
import { prepareDatabase } from "./prepare.ts";

/** What a database of ours holds, in the order that its foreign keys ask for. */
const TABLES = [
  "sources",
  "regions",
  "mappings",
  "saved_queries",
  "batches",
  "rejected_rows",
  "payload_parts",
  "batch_chunks",
  "imports",
  "callbacks",
  "idempotency_keys",
  "cancelled_trips",
  ...["origins", "destinations"].flatMap((end) => [4, 5, 6, 7].map((size) => `retired_weekly_${end}_${size}`)),
  "retired_hourly_regions",
  "retired_weekly_clusters",
  "retired_weekly_drivers",
  "trips",
];

/** A chunk may still hold trips of retired weeks, which nothing counts any more. */
const LIVE = "where local_time >= (select retired_before from tripgrid.settings)";

const ROWS_A_STATEMENT = 5000;

/**
 * Copies everything from one database of Tripgrid into a new one, whatever the engines of the two: rows are streamed, and
 * the new database is brought all the way up first, with the time zone of the old one.
 *
 * @param onTable called with each table and its rows once they are there
 * @throws StartError if the target holds trips already, or the source is no database of Tripgrid
 */
export async function copyDatabase(
  from: Address,
  to: Address,
  onTable: (table: string, rows: number) => void,
): Promise<void> {
  const source = createClient(from, { max: 1 });
  const target = createClient(to, { max: 1 });
  try {
    const [settings] = await source<{ time_zone: string }[]>`select time_zone from tripgrid.settings`.catch(() => []);
    if (!settings) throw new StartError("The database to copy from is none of Tripgrid's.");
    const [newest] = await source`select 1 where to_regclass('tripgrid.retired_weekly_drivers') is not null`;
    if (!newest) {
      throw new StartError("The database to copy from was set up by an older Tripgrid: start this one on it once.");
    }
    await prepareDatabase(to, settings.time_zone);
    for (const table of TABLES) {
      const [held] = await target`select 1 from ${target(`tripgrid.${table}`)} limit 1`;
      if (held) throw new StartError(`The database to copy to holds ${table} already; it must be a new one.`);
    }
    // One snapshot of the source, which may be in use; one transaction on the target: a copy that breaks off leaves nothing.
    await source.begin("isolation level repeatable read read only", async (reading) => {
      await target`select tripgrid.ensure_partitions(${await days(reading)}::timestamp[])`;
      await target.begin(async (writing) => {
        for (const table of TABLES) onTable(table, await copyTable(reading, writing, table));
        const [weeks] = await reading<{ closed_before: string; retired_before: string; retired_at: string | null }[]>`
          select closed_before::text, retired_before::text, retired_at from tripgrid.settings`;
        if (weeks) {
          await writing`
            update tripgrid.settings set closed_before = ${weeks.closed_before}::text::date,
              retired_before = ${weeks.retired_before}::text::date, retired_at = ${weeks.retired_at}`;
        }
        // Numbers go on where they were, or followers would miss what changes next.
        await writing`
          select setval('tripgrid.batch_changes', greatest(max(change_id), 1)) from tripgrid.batches`;
      });
    });
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
}

async function days(source: Transaction): Promise<string[]> {
  const rows = await source<
    { day: string }[]
  >`select distinct local_time::date as day from tripgrid.trips ${source.unsafe(LIVE)}`;
  return rows.map((row) => row.day);
}

/**
 * Rows travel as text, which every type reads back exactly, in arrays: COPY from a client is not to be had on the embedded
 * engine, and postgres.js lost the end of a COPY that was shorter than one packet.
 */
async function copyTable(source: Transaction, target: Transaction, table: string): Promise<number> {
  const columns = await target<{ name: string; type: string }[]>`
    select quote_ident(attname) as name, format_type(atttypid, atttypmod) as type from pg_attribute
    where attrelid = ${`tripgrid.${table}`}::regclass and attnum > 0 and not attisdropped and attgenerated = ''
    order by attnum`;
  const names = columns.map(({ name }) => name).join(", ");
  const asText = columns.map(({ name }) => `${name}::text`).join(", ");
  const casts = columns.map(({ name, type }) => `${name}::${type}`).join(", ");
  const arrays = columns.map((_, i) => `$${i + 1}::text[]`).join(", ");
  const insert = `insert into tripgrid.${table} (${names}) select ${casts} from unnest(${arrays}) as rows (${names})`;
  const read = `select ${asText} from tripgrid.${table} ${table === "trips" ? LIVE : ""}`;
  let copied = 0;
  for await (const rows of source.unsafe(read).values().cursor(ROWS_A_STATEMENT)) {
    await target.unsafe(insert, columns.map((_, i) => (rows as unknown[][]).map((row) => row[i])) as never);
    copied += rows.length;
  }
  return copied;
}
