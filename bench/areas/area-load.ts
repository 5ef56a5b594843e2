import pLimit from "p-limit";
import type { AreaDatabase } from "./area-database.ts";
import { DAYS, dateOf, tripsOfDays } from "./area-days.ts";
import { insertTripsOfDay, prepareInserts } from "./area-insert.ts";

/** Late trips have numbers beyond any that are loaded in order. */
const FIRST_LATE = 10_000_000_000;
export const LATE_TRIPS = 1000;
/** What they are late for: a Wednesday many weeks ago. */
const LATE_DAY = 37;

/**
 * Loads the trips, unless they are there already: `tripgrid_bench.days` says which days are, each written in the
 * transaction of its trips, so an interrupted load is continued.
 *
 * @param only loads the trips of these regions alone
 * @returns the seconds. Undefined: all were there
 * @throws RangeError if the database holds other trips
 */
export async function loadTrips(
  db: AreaDatabase,
  trips: number,
  only: readonly string[] | undefined,
): Promise<number | undefined> {
  const { sql } = db;
  await sql`create schema if not exists tripgrid_bench`;
  await sql`create table if not exists tripgrid_bench.days (day integer primary key, trips bigint not null)`;
  await sql`create table if not exists tripgrid_bench.figures (name text primary key, value double precision)`;
  const days = await sql<
    { day: number; trips: number }[]
  >`select day, trips from tripgrid_bench.days where day < ${DAYS}`;
  const [stored] = await sql`select 1 from tripgrid.trips limit 1`;
  if ((stored && days.length === 0) || days.some((day) => day.trips !== trips)) {
    throw new RangeError(
      "The database of DATABASE_URL holds other trips: give it another, or as many trips as there are.",
    );
  }
  const there = new Set(days.map(({ day }) => day));
  const missing = tripsOfDays(trips).flatMap((numbers, day) => (there.has(day) ? [] : [{ day, numbers }]));
  if (missing.length === 0) return undefined;
  const started = performance.now();
  await prepareInserts(sql);
  await sql`select tripgrid_internal.ensure_partitions(${Array.from({ length: DAYS }, (_, day) => dateOf(day))}::timestamp[])`;
  const limit = pLimit(db.writers.options.max);
  await limit.map(missing, async ({ day, numbers: [first, end] }) => {
    await db.writers.begin(async (tx) => {
      await insertTripsOfDay(tx, day, first, end, only);
      await tx`insert into tripgrid_bench.days values (${day}, ${trips})`;
    });
  });
  return (performance.now() - started) / 1000;
}

/** Inserts trips for a week that was over long ago, as a vehicle does that was out of reach. */
export async function insertLateTrips({ sql }: AreaDatabase): Promise<void> {
  const [late] = await sql<{ runs: number }[]>`select count(*) as runs from tripgrid_bench.days where day >= ${DAYS}`;
  const runs = late?.runs ?? 0;
  const first = FIRST_LATE + runs * LATE_TRIPS;
  await sql.begin(async (tx) => {
    await insertTripsOfDay(tx, LATE_DAY, first, first + LATE_TRIPS);
    await tx`insert into tripgrid_bench.days values (${DAYS + runs}, ${LATE_TRIPS})`;
  });
}

/** A figure of the load, kept with the trips for the runs that find them there. */
export async function keepFigure(
  { sql }: AreaDatabase,
  name: string,
  value: number | undefined,
): Promise<number | null> {
  if (value !== undefined) {
    await sql`
      insert into tripgrid_bench.figures values (${name}, ${value})
      on conflict (name) do update set value = excluded.value`;
  }
  const [kept] = await sql<{ value: number }[]>`select value from tripgrid_bench.figures where name = ${name}`;
  return kept?.value ?? null;
}
