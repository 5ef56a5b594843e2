import type { IdentifiedTrip } from "../trip.ts";
import type { Transaction } from "./client.ts";

export type Rows = readonly { row: number; trip: IdentifiedTrip }[];

/**
 * Names that this process has seen committed with trips. Such a source stays, and such a region keeps its time zone, so
 * neither needs to be asked for again.
 */
export interface KnownNames {
  sources: Set<string>;
  /** Time zones by the region's name. */
  regions: Map<string, string>;
}

/** Real fleets have dozens; names that are made up row by row must not fill the memory. */
const MAX_KNOWN = 10_000;

export const noNames = (): KnownNames => ({ sources: new Set(), regions: new Map() });

/** What the names of some rows are in this transaction. */
export interface Names {
  /** What got its first trip with these rows; `made`: the region was not known at all before. */
  fresh: { sources: string[]; regions: { name: string; made: boolean }[] };
  /** The time zone of a region, or of trips without one. */
  zoneOf: (region: string | undefined) => string;
}

/**
 * Makes sources and regions known, and marks the regions as having trips, which fixes their time zones. A change of a
 * zone in another transaction either comes first and is seen by the statement that follows, or waits and is refused.
 */
export async function registerNames(tx: Transaction, rows: Rows, known: KnownNames): Promise<Names> {
  const sources = new Set<string>();
  const regions = new Set<string>();
  for (const { trip } of rows) {
    if (!known.sources.has(trip.source)) sources.add(trip.source);
    if (trip.region !== undefined && !known.regions.has(trip.region)) regions.add(trip.region);
  }
  if (known.sources.size + known.regions.size > MAX_KNOWN) {
    known.sources.clear();
    known.regions.clear();
  }
  const zones = new Map<string, string>();
  const fresh: Names["fresh"] = { sources: [], regions: [] };
  if (sources.size > 0) fresh.sources = await registerSources(tx, sources, known);
  if (regions.size > 0 || !known.regions.has("")) {
    fresh.regions = await registerRegions(tx, regions);
    // Those without a region have the database's zone, which is remembered under the name that no region can have.
    const rows = await tx<{ name: string; zone: string }[]>`
      select r.name, coalesce(r.time_zone, s.time_zone) as zone from tripgrid.regions r, tripgrid.settings s
      where r.name = any (${[...regions]}) union all select '', time_zone from tripgrid.settings`;
    const isFresh = new Set(fresh.regions.map(({ name }) => name));
    for (const { name, zone } of rows) {
      zones.set(name, zone);
      // What this transaction made may still be rolled back.
      if (!isFresh.has(name)) known.regions.set(name, zone);
    }
  }
  return { fresh, zoneOf: (region = "") => zones.get(region) ?? known.regions.get(region) ?? "UTC" };
}

async function registerSources(tx: Transaction, names: Set<string>, known: KnownNames): Promise<string[]> {
  // In one order everywhere, so that two batches cannot wait for each other.
  const made = await tx<{ name: string }[]>`
    insert into tripgrid.sources (name) select sent.name from unnest(${[...names].sort()}::text[]) sent (name)
    where not exists (select from tripgrid.sources s where s.name = sent.name) order by 1 on conflict do nothing
    returning name`;
  for (const { name } of made) names.delete(name);
  for (const name of names) known.sources.add(name);
  return made.map(({ name }) => name);
}

async function registerRegions(tx: Transaction, names: Set<string>): Promise<{ name: string; made: boolean }[]> {
  if (names.size === 0) return [];
  return tx<{ name: string; made: boolean }[]>`
    insert into tripgrid.regions as r (name, has_trips)
    select sent.name, true from unnest(${[...names].sort()}::text[]) sent (name)
    where not exists (select from tripgrid.regions s where s.name = sent.name and s.has_trips) order by 1
    on conflict (name) do update set has_trips = true where not r.has_trips
    returning name, xmax = 0 as made`;
}

/** Sources and regions that were thought to get their first trip, but whose rows were all duplicates: these change nothing. */
export async function forgetUnused(
  tx: Transaction,
  { fresh }: Names,
  rows: Rows,
  inserted: ReadonlySet<number>,
): Promise<void> {
  if (fresh.sources.length + fresh.regions.length === 0) return;
  const stored = rows.filter(({ row }) => inserted.has(row));
  const sources = new Set(stored.map(({ trip }) => trip.source));
  const regions = new Set(stored.map(({ trip }) => trip.region));
  const noSources = fresh.sources.filter((name) => !sources.has(name));
  const noRegions = fresh.regions.filter(({ name }) => !regions.has(name));
  const made = noRegions.filter((region) => region.made).map(({ name }) => name);
  const marked = noRegions.filter((region) => !region.made).map(({ name }) => name);
  if (noSources.length > 0) await tx`delete from tripgrid.sources where name = any (${noSources})`;
  if (made.length > 0) await tx`delete from tripgrid.regions where name = any (${made})`;
  if (marked.length > 0) await tx`update tripgrid.regions set has_trips = false where name = any (${marked})`;
}
