import type { Transaction } from "./client.ts";
import { DAY_US, dayOf } from "./clock.ts";
import { copyTrips } from "./copy-trips.ts";
import { lockCorrectionsShared } from "./corrections-lock.ts";
import { forgetUnused, type KnownNames, type Names, noNames, type Rows, registerNames } from "./names.ts";
import { type TimedTrip, timeTrips } from "./timed-trips.ts";
import type { ZoneOffsets } from "./zone-offsets.ts";

/** What one process remembers from insert to insert. */
export interface Memory {
  names: KnownNames;
  offsets: ZoneOffsets;
  /** By source, what met duplicates lately. None: the engine takes no COPY from a client. */
  copying: Map<string, { conflicts: number; skip: number }> | undefined;
  /** A Monday: trips that began before take part in nothing any more. None: there are none as far as is known. */
  closedBefore: string | undefined;
}

export const newMemory = (canCopy: boolean): Memory => ({
  names: noNames(),
  offsets: new Map(),
  copying: canCopy ? new Map() : undefined,
  closedBefore: undefined,
});

/** Rows that were inserted, and rows of weeks that are closed; all others are duplicates. */
export interface Inserted {
  inserted: Set<number>;
  closed: Set<number>;
}

/** Rows in one statement: larger ones gain nothing and hold more memory. */
const ROWS_A_STATEMENT = 10_000;
/** Fewer rows are inserted faster than the round trips of a COPY take. */
const ROWS_WORTH_A_COPY = 200;

/**
 * Inserts trips that are not there yet, in the order given (the lowest row of equal ones wins). A trip that was cancelled
 * stays so.
 *
 * A region or source that is new becomes known. Local times become instants and the other way round
 * through the region's time zone or else the database's own, as `AT TIME ZONE` does.
 *
 * @param memory what this process knows from earlier inserts; without it everything is asked for
 * @throws an error TG005 if a trip's week is closed and `memory` does not know it
 */
export async function insertTrips(tx: Transaction, trips: Rows, memory = newMemory(false)): Promise<Inserted> {
  const inserted = new Set<number>();
  const closed = new Set<number>();
  if (trips.length === 0) return { inserted, closed };
  await lockCorrectionsShared(
    tx,
    trips.map(({ trip }) => trip.tripId),
  );
  const names = await registerNames(tx, trips, memory.names);
  let rest: Rows = trips;
  if (memory.copying && trips.length >= ROWS_WORTH_A_COPY) {
    rest = await copyMost(tx, trips, names, memory, memory.copying, { inserted, closed });
  }
  // The whole transaction in one order, not just each statement: batches with the same trips in another order deadlock.
  const ordered = rest.toSorted((a, b) => compare(key(a.trip), key(b.trip)) || a.row - b.row);
  for (let start = 0; start < ordered.length; start += ROWS_A_STATEMENT) {
    const rows = await insertSome(tx, ordered.slice(start, start + ROWS_A_STATEMENT), memory.closedBefore);
    for (const { row, is_closed } of rows) (is_closed ? closed : inserted).add(row);
  }
  await forgetUnused(tx, names, trips, inserted);
  return { inserted, closed };
}

const key = (trip: Rows[number]["trip"]) => `${trip.source}\0${trip.tripId}\0${trip.startedAt.text}`;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Copies what can be copied, adding its rows to `done`.
 *
 * @returns the rows that are still to be inserted, one by one: all of them if one turned out to be there already
 */
async function copyMost(
  tx: Transaction,
  trips: Rows,
  names: Names,
  memory: Memory,
  copying: NonNullable<Memory["copying"]>,
  done: Inserted,
): Promise<Rows> {
  // Who meets duplicates is likely to meet more: a file that is sent again.
  const source = trips[0]?.trip.source ?? "";
  const lately = copying.get(source) ?? { conflicts: 0, skip: 0 };
  if (lately.skip > 0) {
    lately.skip--;
    return trips;
  }
  const { timed, rest } = apart(await timeTrips(tx, trips, names, memory.offsets));
  const closesAt = memory.closedBefore === undefined ? -Infinity : dayOf(memory.closedBefore) * DAY_US;
  const unique = firstOfEach(
    await withoutCancelled(
      tx,
      timed.filter(({ local }) => local >= closesAt),
    ),
  );
  if (unique.length < ROWS_WORTH_A_COPY) return trips;
  if (!(await copyTrips(tx, unique))) {
    lately.conflicts = Math.min(lately.conflicts + 1, 6);
    lately.skip = 2 ** lately.conflicts;
    copying.set(source, lately);
    return trips;
  }
  copying.delete(source);
  for (const { row } of unique) done.inserted.add(row);
  for (const { row, local } of timed) if (local < closesAt) done.closed.add(row);
  return rest;
}

/**
 * The trips whose times are known and those that are left to the database, with all that may be one and the same trip on
 * one side: whoever chooses the lowest row must see all of them.
 */
function apart({ timed, others }: { timed: TimedTrip[]; others: Rows }): { timed: TimedTrip[]; rest: Rows } {
  if (others.length === 0) return { timed, rest: others };
  const name = ({ trip }: Rows[number]) => `${trip.source}\0${trip.tripId}`;
  const left = new Set(others.map(name));
  return {
    timed: timed.filter((one) => !left.has(name(one))),
    rest: [...others, ...timed.filter((one) => left.has(name(one)))],
  };
}

const identity = (source: string, tripId: string, local: number) => `${source}\0${tripId}\0${local}`;

/** The lowest row of each identity, in the order of identities. Sorting texts is faster than comparing fields. */
function firstOfEach(trips: readonly TimedTrip[]): TimedTrip[] {
  const first = new Map<string, TimedTrip>();
  for (const timed of trips) {
    const id = identity(timed.trip.source, timed.trip.tripId, timed.local);
    const other = first.get(id);
    if (!other || timed.row < other.row) first.set(id, timed);
  }
  return [...first.keys()].sort().map((id) => first.get(id) as TimedTrip);
}

async function withoutCancelled(tx: Transaction, trips: readonly TimedTrip[]): Promise<readonly TimedTrip[]> {
  const sources = [...new Set(trips.map(({ trip }) => trip.source))];
  const [any] = await tx`select 1 from tripgrid.cancelled_trips where source = any (${sources}) limit 1`;
  if (!any) return trips;
  const rows = await tx<{ source: string; trip_id: string; local: number }[]>`
    select source, trip_id, (extract(epoch from local_time) * 1000000)::bigint as local
    from tripgrid.cancelled_trips c
    join unnest(${trips.map(({ trip }) => trip.source)}::text[], ${trips.map(({ trip }) => trip.tripId)}::text[])
      sent (source, trip_id) using (source, trip_id)`;
  const cancelled = new Set(rows.map((c) => identity(c.source, c.trip_id, c.local)));
  return trips.filter(({ trip, local }) => !cancelled.has(identity(trip.source, trip.tripId, local)));
}

function insertSome(
  tx: Transaction,
  rows: Rows,
  closedBefore: string | undefined,
): Promise<{ row: number; is_closed: boolean }[]> {
  const column = <T>(pick: (trip: Rows[number]["trip"]) => T | undefined) => rows.map(({ trip }) => pick(trip) ?? null);
  const lon = (p: readonly [number, number] | undefined) => p?.[0];
  const lat = (p: readonly [number, number] | undefined) => p?.[1];
  // The conflict target is named for TimescaleDB's sake: a late row into a compressed chunk takes 0.1 to 0.8 ms with it,
  // 30 ms without. Rows go in by identity, so that batches with the same trips in another order do not deadlock,
  // and in the order of "C", which is JavaScript's and so the order in which the statements were cut.
  return tx<{ row: number; is_closed: boolean }[]>`
    with sent as (
      select * from unnest(
        ${rows.map(({ row }) => row)}::int[],
        ${column((t) => t.tripId)}::text[],
        ${column((t) => t.source)}::text[],
        ${column((t) => t.region)}::text[],
        ${column((t) => (t.startedAt.kind === "naive" ? t.startedAt.text : undefined))}::timestamp[],
        ${column((t) => (t.startedAt.kind === "instant" ? t.startedAt.text : undefined))}::timestamptz[],
        ${column((t) => (t.endedAt?.kind === "naive" ? t.endedAt.text : undefined))}::timestamp[],
        ${column((t) => (t.endedAt?.kind === "instant" ? t.endedAt.text : undefined))}::timestamptz[],
        ${column((t) => (t.bookedAt?.kind === "naive" ? t.bookedAt.text : undefined))}::timestamp[],
        ${column((t) => (t.bookedAt?.kind === "instant" ? t.bookedAt.text : undefined))}::timestamptz[],
        ${column((t) => t.durationS)}::float8[],
        ${column((t) => t.distanceM)}::float8[],
        ${column((t) => lon(t.origin))}::float8[],
        ${column((t) => lat(t.origin))}::float8[],
        ${column((t) => lon(t.destination))}::float8[],
        ${column((t) => lat(t.destination))}::float8[],
        ${column((t) => t.driverId)}::text[],
        ${column((t) => t.riderId)}::text[],
        ${column((t) => t.vehicleModel)}::text[],
        ${column((t) => t.attributes && JSON.stringify(t.attributes))}::text[]::jsonb[]
      ) as sent (row, trip_id, source, region, local_start, start, local_end, "end", local_booking, booking,
                 duration_s, distance_m, o_lon, o_lat, d_lon, d_lat, driver_id, rider_id, vehicle_model, attributes)
    ), timed as materialized (
      select sent.*,
             coalesce(local_start, start at time zone zone) as local_time,
             coalesce(start, local_start at time zone zone) as started_at,
             coalesce("end", local_end at time zone zone) as ended_at,
             coalesce(booking, local_booking at time zone zone) as booked_at
      from sent
      left join tripgrid.regions r on r.name = sent.region
      cross join tripgrid.settings s
      cross join lateral (select coalesce(r.time_zone, s.time_zone) as zone) z
    ), open as (
      select * from timed where local_time >= coalesce(${closedBefore ?? null}::timestamp, '-infinity')
    ), inserted as (
      insert into tripgrid.trips (local_time, started_at, ended_at, booked_at, duration_s, distance_m, origin, destination,
                                  source, trip_id, region, driver_id, rider_id, vehicle_model, attributes)
      select local_time, started_at, ended_at, booked_at,
             coalesce(duration_s, case when ended_at >= started_at then extract(epoch from ended_at - started_at) end),
             distance_m, st_setsrid(st_makepoint(o_lon, o_lat), 4326), st_setsrid(st_makepoint(d_lon, d_lat), 4326),
             source, trip_id, region, driver_id, rider_id, vehicle_model, attributes
      from open
      where not exists (select from tripgrid.cancelled_trips c
                        where (c.source, c.trip_id, c.local_time) = (open.source, open.trip_id, open.local_time))
      order by source collate "C", trip_id collate "C", local_time, row
      on conflict (source, trip_id, local_time) do nothing
      returning source, trip_id, local_time
    )
    select min(timed.row) as row, false as is_closed
    from inserted join timed using (source, trip_id, local_time) group by source, trip_id, local_time
    union all
    select row, true from timed where local_time < ${closedBefore ?? null}::timestamp`;
}
