import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { refreshTotals } from "../../src/rollups/refresh-totals.db.ts";
import { digits } from "../lib/figures.ts";
import type { AreaDatabase } from "./area-database.ts";
import { insertLateTrips, keepFigure, LATE_TRIPS, loadTrips } from "./area-load.ts";
import { measureSizes } from "./area-sizes.ts";

/** What it takes to have the trips: times in seconds, of this run or of the one that loaded them, and bytes a trip. */
export interface Filled {
  load_s: number | null;
  vacuum_s: number | null;
  refresh_s: number | null;
  late_refresh_s: number;
  /** The totals over all weeks, where they are needed. */
  totals_s: number | null;
  heap_bytes_a_trip: number;
  index_bytes_a_trip: number;
  rollup_bytes_a_trip: number;
}

/**
 * Loads the trips and takes them up into the rollups, as far as that is not done, then a few late ones.
 *
 * @param withTotals whether the totals over all weeks are made too
 * @param only loads the trips of these regions alone: as many as they have among all trips
 */
export async function fill(
  db: AreaDatabase,
  trips: number,
  print: (line: string) => void,
  withTotals = false,
  only?: readonly string[],
): Promise<Filled> {
  const load = await loadTrips(db, trips, only);
  print(load === undefined ? `the ${trips} trips are there` : `loaded ${trips} trips in ${load.toFixed(1)} s`);
  const load_s = await keepFigure(db, "load_s", load);
  // Without it the exact test of points cannot stay in the index, and plans rest on guesses. Autovacuum does it in its time.
  const vacuum_s = await keepFigure(db, "vacuum_s", load === undefined ? undefined : await vacuum(db));
  const refreshed = await refresh(db);
  const refresh_s = await keepFigure(db, "refresh_s", load === undefined ? undefined : refreshed);
  await insertLateTrips(db);
  const late_refresh_s = await refresh(db);
  print(
    `took up all trips in ${refreshed.toFixed(1)} s, and ${LATE_TRIPS} late ones in ${late_refresh_s.toFixed(1)} s`,
  );
  const totals = withTotals ? await refreshTotals(db.sql, db.engine, true) : undefined;
  await vacuum(db);
  const { heap, indexes, rollups } = await measureSizes(db);
  return {
    ...{ load_s: rounded(load_s), vacuum_s: rounded(vacuum_s), refresh_s: rounded(refresh_s) },
    late_refresh_s: digits(late_refresh_s, 3),
    totals_s: totals === undefined ? null : digits(totals, 3),
    heap_bytes_a_trip: Math.round(heap / trips),
    index_bytes_a_trip: Math.round(indexes / trips),
    rollup_bytes_a_trip: Math.round(rollups / trips),
  };
}

const rounded = (seconds: number | null) => (seconds === null ? null : digits(seconds, 3));

async function refresh({ sql, engine }: AreaDatabase): Promise<number> {
  const started = performance.now();
  await refreshRollups(sql, engine);
  const seconds = (performance.now() - started) / 1000;
  const [left] = await sql`select 1 from tripgrid_internal.pending_weeks limit 1`;
  if (left) throw new Error("Some weeks were not taken up: another process refreshes the rollups of this database.");
  return seconds;
}

async function vacuum({ sql }: AreaDatabase): Promise<number> {
  const started = performance.now();
  await sql.unsafe("vacuum (analyze)");
  return (performance.now() - started) / 1000;
}
