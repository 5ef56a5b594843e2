import type { Transaction } from "../database/client.ts";
import { isRemote } from "../geo/place-zone.ts";
import { DAY_US, dayOf } from "../time/date-math.ts";
import { withRegions } from "./assign-regions.db.ts";
import { copyTrips } from "./copy/copy-trips.db.ts";
import {
  checkVersion,
  forgetUnused,
  type KnownNames,
  type Names,
  noNames,
  type PlacedRows,
  placeOf,
  type Rows,
  registerNames,
} from "./copy/register-names.db.ts";
import { type TimedTrip, timeTrips } from "./copy/timed-trips.db.ts";
import type { ZoneOffsets } from "./copy/zone-offsets.db.ts";
import { lockCorrectionsShared } from "./corrections-lock.db.ts";
import { insertSome } from "./insert-rows.db.ts";

/** The values that one process keeps between inserts. */
export interface Memory {
  names: KnownNames;
  offsets: ZoneOffsets;
  /** Sources that met duplicates lately. Undefined: the engine takes no COPY from a client. */
  copying: Map<string, { conflicts: number; skip: number }> | undefined;
  copyTrips: typeof copyTrips;
  /** A Monday. Trips that began before it are not taken any more. Undefined: no closed week is known. */
  closedBefore: string | undefined;
  /** Whether a trip without a region gets the one whose boundary alone holds its origin. */
  assignsRegions: boolean;
  /** Numbers for batches that no other process has. */
  numbers: { next: number; end: number };
}

/** @param copy copies trips; a test may watch it */
export const newMemory = (canCopy: boolean, copy = copyTrips): Memory => ({
  names: noNames(),
  offsets: new Map(),
  copying: canCopy ? new Map() : undefined,
  copyTrips: copy,
  closedBefore: undefined,
  assignsRegions: false,
  numbers: { next: 0, end: 0 },
});

/** Rows that were inserted, and rows of closed weeks. All others are duplicates. */
export interface Inserted {
  inserted: Set<number>;
  closed: Set<number>;
  /** Rows whose trip its sender cancelled before. */
  cancelled: Set<number>;
  /** The days since 1970 of the Mondays of the inserted rows' weeks. */
  weekOf: Map<number, number>;
  /** The time zones by which moments became local, where that of the place decided. */
  placed: Map<number, string>;
  /** The time zones of places where hardly any trip begins. */
  places: Map<number, string>;
  /** Regions with a boundary. */
  bounded: ReadonlySet<string>;
}

export const nothingInserted = (bounded: ReadonlySet<string>): Inserted => ({
  ...{
    inserted: new Set(),
    closed: new Set(),
    cancelled: new Set(),
    weekOf: new Map(),
    placed: new Map(),
    places: new Map(),
    bounded,
  },
});

/** The Mondays of the weeks, `YYYY-MM-DD`, in order. */
export const weeksOf = (weekOf: Inserted["weekOf"]): string[] =>
  [...new Set(weekOf.values())]
    .sort((a, b) => a - b)
    .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10));

/** Rows in one statement. Larger statements gain nothing and hold more memory. */
const ROWS_A_STATEMENT = 10_000;
/** The fewest rows that are copied. An insert of fewer rows is faster than the round trips of a COPY. */
const ROWS_WORTH_A_COPY = 200;

/**
 * Inserts the trips that are not stored yet, in the given order (the lowest row of equal ones wins). A cancelled trip
 * stays cancelled.
 *
 * A new region or source becomes known. Local times become instants, and instants become local times, as `AT TIME
 * ZONE` does: through the region's time zone, else the database's own, else that of the origin.
 *
 * A duplicate of a trip that another batch brought is kept aside: it takes the trip's place when that batch is undone.
 *
 * @param memory the values known from earlier inserts; without it everything is queried
 * @throws an error TG005 if a trip's week is closed and `memory` does not know it
 */
export async function insertTrips(tx: Transaction, rows: Rows, memory = newMemory(false)): Promise<Inserted> {
  const done = nothingInserted(memory.names.bounded);
  if (rows.length === 0) return done;
  const assigned = memory.assignsRegions ? await withRegions(tx, rows) : rows;
  const trips = assigned.map((one) => ({ ...one, place: placeOf(one.trip.origin, memory.names) }));
  await lockCorrectionsShared(
    tx,
    trips.map(({ trip }) => trip.tripId),
  );
  const names = await registerNames(tx, trips, memory.names);
  for (const { row, trip, place } of trips) {
    if (isRemote(place)) done.places.set(row, place);
    if (trip.startedAt.kind === "instant" && names.isByPlace(trip)) done.placed.set(row, place);
  }
  let rest: PlacedRows = trips;
  if (memory.copying && trips.length >= ROWS_WORTH_A_COPY) {
    rest = await copyMost(tx, trips, names, memory, memory.copying, done);
  }
  // The whole transaction has one order, not only each statement. Otherwise batches with the same trips in another
  // order deadlock.
  const ordered = rest.toSorted((a, b) => compare(key(a.trip), key(b.trip)) || a.row - b.row);
  for (let start = 0; start < ordered.length; start += ROWS_A_STATEMENT) {
    const rows = await insertSome(tx, ordered.slice(start, start + ROWS_A_STATEMENT), memory.closedBefore);
    for (const { kind, row, week } of rows) {
      if (kind === "version") checkVersion(memory.names, row);
      else done[kind].add(row);
      if (week !== null) done.weekOf.set(row, week);
    }
  }
  await forgetUnused(tx, names, trips, done.inserted);
  return done;
}

const key = (trip: Rows[number]["trip"]) => `${trip.source}\0${trip.tripId}\0${trip.startedAt.text}`;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Copies the trips that can be copied, and adds their rows to `done`.
 *
 * @returns the rows that are still to be inserted, one by one: all of them if one is stored already
 */
async function copyMost(
  tx: Transaction,
  trips: PlacedRows,
  names: Names,
  memory: Memory,
  copying: NonNullable<Memory["copying"]>,
  done: Inserted,
): Promise<PlacedRows> {
  // A source that meets duplicates is likely to meet more, for example from a file that is sent again.
  const source = trips[0]?.trip.source ?? "";
  const lately = copying.get(source) ?? { conflicts: 0, skip: 0 };
  if (lately.skip > 0) {
    lately.skip--;
    return trips;
  }
  const { timed, rest } = apart(await timeTrips(tx, trips, names, memory.offsets));
  const closesAt = memory.closedBefore === undefined ? -Infinity : dayOf(memory.closedBefore) * DAY_US;
  const open = timed.filter(({ local }) => local >= closesAt);
  const valid = await withoutCancelled(tx, open, memory.names);
  const unique = firstOfEach(valid);
  if (unique.length < ROWS_WORTH_A_COPY) return trips;
  if (!(await memory.copyTrips(tx, unique))) {
    lately.conflicts = Math.min(lately.conflicts + 1, 6);
    lately.skip = 2 ** lately.conflicts;
    copying.set(source, lately);
    return trips;
  }
  copying.delete(source);
  // A trip that several batches sent is a duplicate for all but the first, and is kept aside for these.
  const firsts = new Map(unique.map((one) => [identity(one.trip.source, one.trip.tripId, one.local), one]));
  const repeated =
    unique.length === timed.length
      ? []
      : timed.filter(({ trip, local, batch }) => {
          const first = firsts.get(identity(trip.source, trip.tripId, local));
          return first !== undefined && first.batch !== batch;
        });
  for (const { row, local } of unique) {
    done.inserted.add(row);
    done.weekOf.set(row, mondayOf(local));
  }
  for (const { row, local } of timed) if (local < closesAt) done.closed.add(row);
  if (valid.length < open.length) {
    const there = new Set(valid.map(({ row }) => row));
    for (const { row } of open) if (!there.has(row)) done.cancelled.add(row);
  }
  return repeated.length === 0 ? rest : [...rest, ...repeated];
}

/**
 * Separates the trips with known times from the trips that are left to the database. Rows that may be the same trip
 * stay on one side, since the choice of the lowest row needs all of them.
 */
function apart({ timed, others }: { timed: TimedTrip[]; others: PlacedRows }): {
  timed: TimedTrip[];
  rest: PlacedRows;
} {
  if (others.length === 0) return { timed, rest: others };
  const name = ({ trip }: Rows[number]) => `${trip.source}\0${trip.tripId}`;
  const left = new Set(others.map(name));
  return {
    timed: timed.filter((one) => !left.has(name(one))),
    rest: [...others, ...timed.filter((one) => left.has(name(one)))],
  };
}

/** The day of the Monday of a time's week; 1970 began on a Thursday. */
const mondayOf = (local: number) => {
  const day = Math.floor(local / DAY_US);
  return day - ((((day + 3) % 7) + 7) % 7);
};

const identity = (source: string, tripId: string, local: number) => `${source}\0${tripId}\0${local}`;

/** The lowest row of each identity, sorted by identity. Sorting texts is faster than comparing fields. */
function firstOfEach(trips: readonly TimedTrip[]): TimedTrip[] {
  const first = new Map<string, TimedTrip>();
  for (const timed of trips) {
    const id = identity(timed.trip.source, timed.trip.tripId, timed.local);
    const other = first.get(id);
    if (!other || timed.row < other.row) first.set(id, timed);
  }
  return [...first.keys()].sort().map((id) => first.get(id) as TimedTrip);
}

async function withoutCancelled(
  tx: Transaction,
  trips: readonly TimedTrip[],
  known: KnownNames,
): Promise<readonly TimedTrip[]> {
  const sources = [...new Set(trips.map(({ trip }) => trip.source))];
  const [there] = await tx<{ any: boolean; version: number }[]>`
    select exists (select from tripgrid.cancelled_trips where source = any (${sources})) as any, names_version as version
    from tripgrid.settings`;
  checkVersion(known, there?.version ?? 0);
  if (!there?.any) return trips;
  const rows = await tx<{ source: string; trip_id: string; local: number }[]>`
    select source, trip_id, (extract(epoch from local_time) * 1000000)::bigint as local
    from tripgrid.cancelled_trips c
    join unnest(${trips.map(({ trip }) => trip.source)}::text[], ${trips.map(({ trip }) => trip.tripId)}::text[])
      sent (source, trip_id) using (source, trip_id)`;
  const cancelled = new Set(rows.map((c) => identity(c.source, c.trip_id, c.local)));
  return trips.filter(({ trip, local }) => !cancelled.has(identity(trip.source, trip.tripId, local)));
}
