import type { Transaction } from "../../database/client.ts";
import { placeZone } from "../../geo/place-zone.ts";
import type { Point } from "../../geo/point.ts";
import type { IdentifiedTrip } from "../../trips/trip.ts";
import type { InsideCells } from "../inside-cells.db.ts";

/** A trip on its way into the table. */
export interface PlacedRow {
  /** Its position among all rows of the transaction. The first of equal trips is stored. */
  at: number;
  trip: IdentifiedTrip;
  /** The number of its batch. Undefined: the trip is written by itself. */
  batch: number | undefined;
  /** The time zone of the place where it began. */
  place: string;
}

/**
 * Names that this process has seen committed with trips, as of a version of the names in the database. They are queried
 * again once that has changed.
 */
export interface KnownNames {
  version: number | undefined;
  sources: Set<string>;
  /** The regions' own time zones. Null: it has none. */
  regions: Map<string, string | null>;
  /** The time zone of all trips without a region's own. Null: that of their place. Undefined: it is not known yet. */
  fixed: string | null | undefined;
  /** Regions with a boundary. */
  bounded: Set<string>;
  /** Cells inside of their boundaries. */
  inside: InsideCells;
  /** The time zones that the database knows. Undefined: all. */
  zones: ReadonlySet<string> | undefined;
}

/** Real fleets have dozens of names. Names that are invented row by row must not fill the memory. */
const MAX_KNOWN = 10_000;

export const noNames = (): KnownNames => ({
  ...{
    version: undefined,
    sources: new Set(),
    regions: new Map(),
    fixed: undefined,
    bounded: new Set(),
    inside: new Map(),
    zones: undefined,
  },
});

/** Another process has changed the names since they were read: the transaction runs again. */
export function checkVersion(known: KnownNames, version: number): void {
  if (known.version === undefined || known.version === version) return;
  forget(known);
  throw Object.assign(new Error("the names of sources or regions have changed"), { code: "40001" });
}

function forget(known: KnownNames): void {
  known.sources.clear();
  known.regions.clear();
  known.bounded.clear();
  // Statements under way may still add to the old cells: they asked about the old boundaries.
  known.inside = new Map();
  known.version = undefined;
  known.fixed = undefined;
}

/** The names of some rows in this transaction. */
export interface Names {
  /** Names that got their first trip with these rows. `made`: the region was unknown before. */
  fresh: { sources: string[]; regions: { name: string; made: boolean }[] };
  /** The time zone of a trip's clock. */
  zoneOf: (row: Pick<PlacedRow, "trip" | "place">) => string;
  /** Whether that is the zone of its place. */
  isByPlace: (trip: Pick<IdentifiedTrip, "region">) => boolean;
}

/**
 * Makes sources and regions known, and marks the regions as having trips, which fixes their time zones. A change of a
 * zone in another transaction either comes first and is seen by the statement that follows, or waits and is refused.
 */
export async function registerNames(tx: Transaction, rows: readonly PlacedRow[], known: KnownNames): Promise<Names> {
  if (known.sources.size + known.regions.size > MAX_KNOWN) forget(known);
  const sources = new Set<string>();
  const regions = new Set<string>();
  for (const { trip } of rows) {
    if (!known.sources.has(trip.source)) sources.add(trip.source);
    if (trip.region !== undefined && !known.regions.has(trip.region)) regions.add(trip.region);
  }
  const zones = new Map<string, string | null>();
  const fresh: Names["fresh"] = { sources: [], regions: [] };
  if (sources.size > 0) fresh.sources = await registerSources(tx, sources, known);
  if (regions.size > 0 || known.fixed === undefined) {
    fresh.regions = await registerRegions(tx, regions);
    const rows = await tx<Known[]>`
      select r.name, r.time_zone as zone, r.boundary is not null as bounded, s.names_version as version, s.time_zone as fixed
      from tripgrid.settings s left join tripgrid.regions r on r.name = any (${[...regions]})`;
    const isFresh = new Set(fresh.regions.map(({ name }) => name));
    for (const { name, zone, bounded, version, fixed } of rows) {
      checkVersion(known, version);
      Object.assign(known, { version, fixed });
      if (name === null) continue;
      zones.set(name, zone);
      if (bounded) known.bounded.add(name);
      // A name from this transaction may still be rolled back.
      if (!isFresh.has(name)) known.regions.set(name, zone);
    }
  }
  const own = (region: string | undefined) => region && (zones.get(region) ?? known.regions.get(region));
  const isByPlace: Names["isByPlace"] = ({ region }) => !own(region) && !known.fixed;
  return { fresh, isByPlace, zoneOf: ({ trip, place }) => own(trip.region) || known.fixed || place };
}

interface Known {
  name: string | null;
  zone: string | null;
  bounded: boolean;
  version: number;
  fixed: string | null;
}

/**
 * The time zone of the place where a trip began. If the database has an old list of time zones, it may be a nautical one.
 */
export function placeOf(origin: Point, { zones }: KnownNames): string {
  const zone = placeZone(origin);
  if (!zones || zones.has(zone)) return zone;
  const [lon] = origin;
  const hours = Math.round(lon / 15);
  // The sign of these names is reversed.
  return hours === 0 ? "Etc/GMT" : `Etc/GMT${hours > 0 ? "-" : "+"}${Math.abs(hours)}`;
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

/** Unregisters fresh sources and regions that no stored trip has: all their rows were duplicates, which change nothing. */
export async function forgetUnused(
  tx: Transaction,
  { fresh }: Names,
  stored: readonly Pick<PlacedRow, "trip">[],
): Promise<void> {
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
