import type { Transaction } from "../database/client.ts";
import { isRemote } from "../geo/place-zone.ts";
import { DAY_US, dayOf } from "../time/date-math.ts";
import type { IdentifiedTrip } from "../trips/trip.ts";
import { withRegions } from "./assign-regions.db.ts";
import { copyTrips } from "./copy/copy-trips.db.ts";
import { firstOfEach, withoutCancelled } from "./copy/identities.db.ts";
import {
  checkVersion,
  forgetUnused,
  type KnownNames,
  type Names,
  noNames,
  type PlacedRow,
  placeOf,
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

/** The trips of a batch, each with the number of its row. */
export interface SentTrips {
  /** The number that its trips carry. Undefined: the trips are written by themselves. */
  number?: number | undefined;
  trips: readonly { row: number; trip: IdentifiedTrip }[];
}

/** Rows of a batch that were inserted, and rows of closed weeks. All others are duplicates. */
export interface Inserted {
  inserted: Set<number>;
  closed: Set<number>;
  /** Rows whose trip its sender cancelled before. */
  cancelled: Set<number>;
  /** The days since 1970 of the Mondays of the inserted rows' weeks. */
  weeks: Set<number>;
  /** The time zones by which moments became local, where that of the place decided. */
  placed: Map<number, string>;
  /** The time zones of places where hardly any trip begins. */
  places: Map<number, string>;
}

const nothingInserted = (): Inserted => ({
  ...{ inserted: new Set(), closed: new Set(), cancelled: new Set() },
  ...{ weeks: new Set(), placed: new Map(), places: new Map() },
});

/** The Mondays of the weeks, `YYYY-MM-DD`, in order. */
export const datesOf = (weeks: Inserted["weeks"]): string[] =>
  [...weeks].sort((a, b) => a - b).map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10));

/** A trip with its row in its batch, and where what becomes of it is noted. */
interface Row extends PlacedRow {
  row: number;
  done: Inserted;
}

/** Rows in one statement. Larger statements gain nothing and hold more memory. */
const ROWS_A_STATEMENT = 10_000;
/** The fewest rows that are copied. An insert of fewer rows is faster than the round trips of a COPY. */
const ROWS_WORTH_A_COPY = 200;

/**
 * Inserts the trips of all batches that are not stored yet. Of equal trips the first one wins, in the order of the
 * batches and of their rows. A cancelled trip stays cancelled.
 *
 * A new region or source becomes known. Local times become instants, and instants become local times, as `AT TIME
 * ZONE` does: through the region's time zone, else the database's own, else that of the origin.
 *
 * A duplicate of a trip that another batch brought is kept aside: it takes the trip's place when that batch is undone.
 *
 * @param memory the values known from earlier inserts; without it everything is queried
 * @returns what became of the rows of each batch
 * @throws an error TG005 if a trip's week is closed and `memory` does not know it
 */
export async function insertTrips(
  tx: Transaction,
  batches: readonly SentTrips[],
  memory = newMemory(false),
): Promise<Inserted[]> {
  const { done, rows: sent } = placedRows(batches, memory.names);
  if (sent.length === 0) return done;
  const rows = memory.assignsRegions ? await withRegions(tx, sent) : sent;
  // The next statement follows the lock at once: each answer that is waited for costs a turn of a busy event loop.
  const locked = lockCorrectionsShared(tx, rows);
  // It is awaited below, when the other statements are over.
  locked.catch(() => {});
  try {
    await insertRows(tx, rows, memory);
  } catch (error) {
    // If the lock failed, this statement failed for it.
    await locked;
    throw error;
  }
  await locked;
  return done;
}

async function insertRows(tx: Transaction, rows: readonly Row[], memory: Memory): Promise<void> {
  const names = await registerNames(tx, rows, memory.names);
  for (const { row, trip, place, done } of rows) {
    if (isRemote(place)) done.places.set(row, place);
    if (trip.startedAt.kind === "instant" && names.isByPlace(trip)) done.placed.set(row, place);
  }
  let rest = rows;
  if (memory.copying && rows.length >= ROWS_WORTH_A_COPY) {
    rest = await copyMost(tx, rows, names, memory, memory.copying);
  }
  // The whole transaction has one order, not only each statement. Otherwise batches with the same trips in another
  // order deadlock.
  const ordered = rest.toSorted((a, b) => compare(key(a.trip), key(b.trip)) || a.at - b.at);
  for (let start = 0; start < ordered.length; start += ROWS_A_STATEMENT) {
    const said = await insertSome(tx, ordered.slice(start, start + ROWS_A_STATEMENT), memory.closedBefore);
    for (const { kind, row: at, week } of said) {
      const one = rows[at];
      if (kind === "version") checkVersion(memory.names, at);
      else if (one) {
        one.done[kind].add(one.row);
        if (week !== null) one.done.weeks.add(week);
      }
    }
  }
  if (names.fresh.sources.length + names.fresh.regions.length > 0) {
    const stored = rows.filter(({ row, done }) => done.inserted.has(row));
    await forgetUnused(tx, names, stored);
  }
}

/** The rows of all batches. One object is made for each: of three, the collector's work was a fifth of a post's. */
function placedRows(batches: readonly SentTrips[], names: KnownNames): { done: Inserted[]; rows: readonly Row[] } {
  const done: Inserted[] = [];
  const rows: Row[] = [];
  for (const { number, trips } of batches) {
    const ofBatch = nothingInserted();
    done.push(ofBatch);
    for (const { row, trip } of trips) {
      rows.push({ at: rows.length, row, trip, batch: number, place: placeOf(trip.origin, names), done: ofBatch });
    }
  }
  return { done, rows };
}

const key = (trip: IdentifiedTrip) => `${trip.source}\0${trip.tripId}\0${trip.startedAt.text}`;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Copies the trips that can be copied, and notes what became of them.
 *
 * @returns the rows that are still to be inserted, one by one: all of them if one is stored already
 */
async function copyMost(
  tx: Transaction,
  rows: readonly Row[],
  names: Names,
  memory: Memory,
  copying: NonNullable<Memory["copying"]>,
): Promise<readonly Row[]> {
  // A source that meets duplicates is likely to meet more, for example from a file that is sent again.
  const source = rows[0]?.trip.source ?? "";
  const lately = copying.get(source) ?? { conflicts: 0, skip: 0 };
  if (lately.skip > 0) {
    lately.skip--;
    return rows;
  }
  const { timed, rest } = apart(await timeTrips(tx, rows, names, memory.offsets));
  const closesAt = memory.closedBefore === undefined ? -Infinity : dayOf(memory.closedBefore) * DAY_US;
  const open = closesAt === -Infinity ? timed : timed.filter(({ local }) => local >= closesAt);
  const valid = await withoutCancelled(tx, open, memory.names);
  const { firsts, firstOf } = firstOfEach(valid);
  if (firsts.length < ROWS_WORTH_A_COPY) return rows;
  if (!(await memory.copyTrips(tx, firsts))) {
    lately.conflicts = Math.min(lately.conflicts + 1, 6);
    lately.skip = 2 ** lately.conflicts;
    copying.set(source, lately);
    return rows;
  }
  copying.delete(source);
  for (const { row, local } of firsts) {
    row.done.inserted.add(row.row);
    row.done.weeks.add(mondayOf(local));
  }
  if (firsts.length === timed.length) return rest;
  for (const { row, local } of timed) if (local < closesAt) row.done.closed.add(row.row);
  if (valid.length < open.length) {
    const there = new Set(valid.map(({ row }) => row));
    for (const { row } of open) if (!there.has(row)) row.done.cancelled.add(row.row);
  }
  // A trip that several batches sent is a duplicate for all but the first, and is kept aside for these.
  const repeated = timed.filter((one) => {
    const first = firstOf(one);
    return first !== undefined && first.row.batch !== one.row.batch;
  });
  return repeated.length === 0 ? rest : [...rest, ...repeated.map(({ row }) => row)];
}

/**
 * Separates the trips with known times from the trips that are left to the database. Rows that may be the same trip
 * stay on one side, since the choice of the first row needs all of them.
 */
function apart({ timed, others }: { timed: TimedTrip<Row>[]; others: Row[] }): {
  timed: TimedTrip<Row>[];
  rest: Row[];
} {
  if (others.length === 0) return { timed, rest: others };
  const name = ({ trip }: Row) => `${trip.source}\0${trip.tripId}`;
  const left = new Set(others.map(name));
  return {
    timed: timed.filter(({ row }) => !left.has(name(row))),
    rest: [...others, ...timed.filter(({ row }) => left.has(name(row))).map(({ row }) => row)],
  };
}

/** The day of the Monday of a time's week; 1970 began on a Thursday. */
const mondayOf = (local: number) => {
  const day = Math.floor(local / DAY_US);
  return day - ((((day + 3) % 7) + 7) % 7);
};
