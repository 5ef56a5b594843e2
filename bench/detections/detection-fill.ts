import { createClient, type Sql } from "../../src/database/client.ts";
import { prepareDatabase } from "../../src/database/prepare.ts";
import { foldCounts } from "../../src/detections/keep-detections.db.ts";
import type { Target } from "../lib/target.ts";

/** Made-up detections: 40 makes with 15 models each, 400 cameras, two years. */
const MAKES = 40;
const MODELS = 15;
const CAMERAS = 400;
const FIRST_DAY = "2024-01-01";
export const LAST_DAY = "2025-12-31";
const DAYS = 731;
/** What one statement inserts: the transition table of its triggers stays small. */
const AT_ONCE = 500_000;

/** What it took to have the detections: seconds of the run that stored them, and bytes now. */
export interface DetectionsFilled {
  load_s: number | null;
  index_s: number | null;
  fold_s: number | null;
  heap_bytes_each: number;
  index_bytes_each: number;
  count_rows: number;
  count_bytes: number;
}

/**
 * Stores detections by SQL, as far as they are not there already. The triggers count them as they count those of the
 * service, and the counts are folded as the service folds them. The indexes are made afterwards, which takes a fraction
 * of the time.
 *
 * @param seconds when to stop; another run goes on from there
 * @param withIndexes false: counts alone are asked for, which need no index on the detections
 * @returns undefined if it was stopped
 * @throws RangeError if the database holds more detections
 */
export async function fillDetections(
  target: Target,
  detections: number,
  { seconds, withIndexes }: { seconds: number; withIndexes: boolean },
  print: (line: string) => void,
): Promise<DetectionsFilled | undefined> {
  const { searchPath } = await prepareDatabase({ url: target.url }, "UTC");
  const sql = createClient({ url: target.url }, { max: 1, searchPath });
  try {
    await sql`create schema if not exists tripgrid_bench`;
    await sql`create table if not exists tripgrid_bench.figures (name text primary key, value double precision)`;
    await sql`set synchronous_commit = off`;
    await sql`set maintenance_work_mem = '1GB'`;
    if (!(await load(sql, detections, seconds, print))) return undefined;
    if (withIndexes) await makeIndexes(sql);
    const { load_s = null, index_s = null, fold_s = null } = await figures(sql);
    return { load_s, index_s, fold_s, ...(await sizes(sql, detections)) };
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** @returns whether all are stored and folded */
async function load(sql: Sql, detections: number, seconds: number, print: (line: string) => void): Promise<boolean> {
  const { stored = 0, fold_s } = await figures(sql);
  if (stored > detections) {
    throw new RangeError(`The database holds ${stored} detections: give it another, or as many as there are.`);
  }
  if (fold_s !== undefined) return true;
  await dropIndexes(sql);
  await makeCast(sql);
  const until = performance.now() + seconds * 1000;
  for (let first = stored; first < detections; first += AT_ONCE) {
    if (performance.now() > until) return false;
    const end = Math.min(first + AT_ONCE, detections);
    await keepTime(sql, "load_s", () =>
      sql.begin(async (tx) => {
        await insertSome(tx as unknown as Sql, first, end, detections);
        await tx`insert into tripgrid_bench.figures values ('stored', ${end}) on conflict (name) do update set value = excluded.value`;
      }),
    );
    if (end % 5_000_000 === 0 || end === detections)
      print(`stored ${end} detections in ${(await figures(sql)).load_s} s`);
  }
  await keepTime(sql, "fold_s", async () => {
    while (await foldCounts(sql));
    await sql.unsafe(
      "vacuum (analyze) tripgrid_internal.detection_counts, tripgrid_internal.detection_month_counts, tripgrid_internal.detection_count_changes",
    );
  });
  print(JSON.stringify(await figures(sql)));
  return true;
}

async function makeIndexes(sql: Sql): Promise<void> {
  if ((await figures(sql)).index_s !== undefined) return;
  await keepTime(sql, "index_s", async () => {
    for (const { definition } of await sql<{ definition: string }[]>`select definition from tripgrid_bench.indexes`) {
      await sql.unsafe(definition);
    }
    await sql.unsafe("vacuum (analyze) tripgrid.detections");
  });
}

/** Adds the seconds of a piece of work to a figure. */
async function keepTime(sql: Sql, name: string, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await work();
  const took = Math.round(performance.now() - began) / 1000;
  await sql`
    insert into tripgrid_bench.figures as held values (${name}, ${took})
    on conflict (name) do update set value = held.value + excluded.value`;
}

async function figures(sql: Sql): Promise<Partial<Record<"stored" | "load_s" | "index_s" | "fold_s", number>>> {
  const rows = await sql<{ name: string; value: number }[]>`select name, value from tripgrid_bench.figures`;
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

/** Drops the indexes, and keeps the statements that make them again. */
async function dropIndexes(sql: Sql): Promise<void> {
  await sql`create table if not exists tripgrid_bench.indexes (definition text)`;
  const found = await sql<{ name: string; definition: string; key: string | null }[]>`
    select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition,
           (select pg_get_constraintdef(c.oid) from pg_constraint c where c.conindid = i.indexrelid) as key
    from pg_index i where i.indrelid = 'tripgrid.detections'::regclass`;
  const table = "alter table tripgrid.detections";
  for (const { name, definition, key } of found) {
    const make = key === null ? definition : `${table} add constraint detections_pkey ${key}`;
    await sql`insert into tripgrid_bench.indexes values (${make})`;
    await sql.unsafe(key === null ? `drop index ${name}` : `${table} drop constraint detections_pkey`);
  }
}

/** The models and cameras. A model has a category and years. */
async function makeCast(sql: Sql): Promise<void> {
  await sql`
    create table if not exists tripgrid_bench.models as
    select (make * ${MODELS} + model)::int as number, 'Make ' || make as make, 'Model ' || make || '-' || model as model,
           (array['Car', 'SUV', 'Pickup', 'Van', 'Truck', 'Bus', 'Motorcycle', 'Trailer'])[1 + (make + model * model) % 8] as category,
           1995 + (make * 7 + model * 11) % 26 as year
    from generate_series(0, ${MAKES - 1}) make, generate_series(0, ${MODELS - 1}) model`;
  await sql`
    create table if not exists tripgrid_bench.cameras as
    select number, 'Camera ' || number as camera, st_setsrid(st_makepoint(7.4 + number % 20 * 0.02, 44.9 + number / 20 * 0.01), 4326) as location
    from generate_series(0, ${CAMERAS - 1}) number`;
  await sql`analyze tripgrid_bench.models, tripgrid_bench.cameras`;
}

/** In the order of time. A few makes have most of the vehicles; one in twenty is seen without a camera, nine of ten without a place. */
async function insertSome(sql: Sql, first: number, end: number, of: number): Promise<void> {
  await sql`
    insert into tripgrid.detections (seen_at, local_time, id, batch, year, make, model, category, camera, location)
    select at at time zone 'UTC', at, gen_random_uuid(), 1, m.year + n % 5, m.make, m.model, m.category, c.camera,
           case when n % 10 = 0 then c.location end
    from (select n, ${FIRST_DAY}::timestamp + make_interval(secs => n * ${(DAYS * 86400) / of}::float8) as at,
                 floor(power(random(), 2) * ${MAKES})::int * ${MODELS} + floor(power(random(), 1.5) * ${MODELS})::int as model,
                 case when random() < 0.95 then floor(random() * ${CAMERAS})::int end as camera
          from generate_series(${first}::bigint, ${end - 1}::bigint) n offset 0) g
    join tripgrid_bench.models m on m.number = g.model
    left join tripgrid_bench.cameras c on c.number = g.camera`;
}

async function sizes(sql: Sql, detections: number) {
  const [row] = await sql<{ heap: number; indexes: number; rows: number; bytes: number }[]>`
    with parts as (
      select 'tripgrid.detections'::regclass as part
      union all select inhrelid from pg_inherits where inhparent = 'tripgrid.detections'::regclass)
    select sum(pg_table_size(part)) as heap, sum(pg_indexes_size(part)) as indexes,
           (select count(*) from tripgrid_internal.detection_counts) as rows,
           pg_total_relation_size('tripgrid_internal.detection_counts')
             + pg_total_relation_size('tripgrid_internal.detection_month_counts') as bytes
    from parts`;
  if (!row) throw new Error("there are no sizes");
  return {
    heap_bytes_each: Math.round(row.heap / detections),
    index_bytes_each: Math.round(row.indexes / detections),
    count_rows: row.rows,
    count_bytes: row.bytes,
  };
}
