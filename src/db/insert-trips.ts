import type { IdentifiedTrip } from "../trip.ts";
import type { Transaction } from "./client.ts";

type Rows = readonly { row: number; trip: IdentifiedTrip }[];

/** What got its first trip with this batch; `made`: the region was not known at all before. */
interface Fresh {
  sources: string[];
  regions: { name: string; made: boolean }[];
}

/** Rows in one statement: larger ones gain nothing and hold more memory. */
const ROWS_A_STATEMENT = 10_000;

/**
 * Inserts trips that are not there yet, in the order given (the lowest row of equal ones wins).
 *
 * A region or source that is new becomes known. Local times become instants and the other way round in the database,
 * through the region's time zone or else the database's own, as `AT TIME ZONE` does.
 *
 * @returns the rows that were inserted; the others are duplicates
 */
export async function insertTrips(
  tx: Transaction,
  trips: readonly { row: number; trip: IdentifiedTrip }[],
): Promise<Set<number>> {
  const inserted = new Set<number>();
  if (trips.length === 0) return inserted;
  const fresh = await registerNames(tx, trips);
  // The whole transaction in one order, not just each statement: batches with the same trips in another order deadlock.
  const ordered = trips.toSorted((a, b) => compare(key(a.trip), key(b.trip)) || a.row - b.row);
  for (let start = 0; start < ordered.length; start += ROWS_A_STATEMENT) {
    const rows = await insertSome(tx, ordered.slice(start, start + ROWS_A_STATEMENT));
    for (const { row } of rows) inserted.add(row);
  }
  await forgetUnused(
    tx,
    fresh,
    trips.filter(({ row }) => inserted.has(row)),
  );
  return inserted;
}

const key = (trip: IdentifiedTrip) => `${trip.source}\0${trip.tripId}\0${trip.startedAt.text}`;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Makes sources and regions known, and marks the regions as having trips, which fixes their time zones. A change of a
 * zone in another transaction either comes first and is seen by the statement that follows, or waits and is refused.
 */
async function registerNames(tx: Transaction, trips: Rows): Promise<Fresh> {
  // In one order everywhere, so that two batches cannot wait for each other.
  const sources = [...new Set(trips.map(({ trip }) => trip.source))].sort();
  const regions = [...new Set(trips.flatMap(({ trip }) => trip.region ?? []))].sort();
  const newSources = await tx<{ name: string }[]>`
    insert into tripgrid.sources (name) select sent.name from unnest(${sources}::text[]) sent (name)
    where not exists (select from tripgrid.sources s where s.name = sent.name) order by 1 on conflict do nothing
    returning name`;
  const newRegions = await tx<{ name: string; made: boolean }[]>`
    insert into tripgrid.regions as r (name, has_trips) select sent.name, true from unnest(${regions}::text[]) sent (name)
    where not exists (select from tripgrid.regions s where s.name = sent.name and s.has_trips) order by 1
    on conflict (name) do update set has_trips = true where not r.has_trips
    returning name, xmax = 0 as made`;
  return { sources: newSources.map(({ name }) => name), regions: newRegions };
}

/** Sources and regions that were thought to get their first trip, but whose rows were all duplicates: these change nothing. */
async function forgetUnused(tx: Transaction, fresh: Fresh, inserted: Rows): Promise<void> {
  const sources = new Set(inserted.map(({ trip }) => trip.source));
  const regions = new Set(inserted.map(({ trip }) => trip.region));
  const noSources = fresh.sources.filter((name) => !sources.has(name));
  const noRegions = fresh.regions.filter(({ name }) => !regions.has(name));
  const made = noRegions.filter((region) => region.made).map(({ name }) => name);
  const marked = noRegions.filter((region) => !region.made).map(({ name }) => name);
  if (noSources.length > 0) await tx`delete from tripgrid.sources where name = any (${noSources})`;
  if (made.length > 0) await tx`delete from tripgrid.regions where name = any (${made})`;
  if (marked.length > 0) await tx`update tripgrid.regions set has_trips = false where name = any (${marked})`;
}

function insertSome(
  tx: Transaction,
  rows: readonly { row: number; trip: IdentifiedTrip }[],
): Promise<{ row: number }[]> {
  const column = <T>(pick: (trip: IdentifiedTrip) => T | undefined) => rows.map(({ trip }) => pick(trip) ?? null);
  const lon = (p: readonly [number, number] | undefined) => p?.[0];
  const lat = (p: readonly [number, number] | undefined) => p?.[1];
  // The conflict target is named for TimescaleDB's sake: a late row into a compressed chunk takes 0.1 to 0.8 ms with it,
  // 30 ms without. Rows go in by identity, so that batches with the same trips in another order do not deadlock,
  // and in the order of "C", which is JavaScript's and so the order in which the statements were cut.
  return tx<{ row: number }[]>`
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
    ), inserted as (
      insert into tripgrid.trips (local_time, started_at, ended_at, booked_at, duration_s, distance_m, origin, destination,
                                  source, trip_id, region, driver_id, rider_id, vehicle_model, attributes)
      select local_time, started_at, ended_at, booked_at,
             coalesce(duration_s, case when ended_at >= started_at then extract(epoch from ended_at - started_at) end),
             distance_m, st_setsrid(st_makepoint(o_lon, o_lat), 4326), st_setsrid(st_makepoint(d_lon, d_lat), 4326),
             source, trip_id, region, driver_id, rider_id, vehicle_model, attributes
      from timed order by source collate "C", trip_id collate "C", local_time, row
      on conflict (source, trip_id, local_time) do nothing
      returning source, trip_id, local_time
    )
    select min(timed.row) as row
    from inserted join timed using (source, trip_id, local_time) group by source, trip_id, local_time`;
}
