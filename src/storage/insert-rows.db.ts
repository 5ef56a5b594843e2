import type { Transaction } from "../database/client.ts";
import type { PlacedRow } from "./copy/register-names.db.ts";

/** The outcome of a row, or the version of the names in place of a row. */
export interface Said {
  kind: "inserted" | "closed" | "cancelled" | "version";
  /** The position of the row. */
  row: number;
  week: number | null;
}

/**
 * Inserts the rows in one statement, and keeps duplicates of what other batches brought aside.
 *
 * @returns what became of each row; rows that are left out are duplicates
 */
export function insertSome(
  tx: Transaction,
  rows: readonly PlacedRow[],
  closedBefore: string | undefined,
): Promise<Said[]> {
  const column = <T>(pick: (trip: PlacedRow["trip"]) => T | undefined) => rows.map(({ trip }) => pick(trip) ?? null);
  const lon = (p: readonly [number, number] | undefined) => p?.[0];
  const lat = (p: readonly [number, number] | undefined) => p?.[1];
  // The conflict target is named for TimescaleDB: a late row into a compressed chunk takes 0.1 to 0.8 ms with it and 30
  // ms without. Rows are inserted by identity, so that batches with the same trips in another order do not deadlock.
  // The order is that of "C", which is JavaScript's and so the order in which the statements were cut.
  return tx<Said[]>`
    with sent as (
      select * from unnest(
        ${rows.map(({ at }) => at)}::int[],
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
        ${column((t) => t.attributes && JSON.stringify(t.attributes))}::text[]::jsonb[],
        ${rows.map(({ batch }) => batch ?? null)}::int[],
        ${rows.map(({ place }) => place)}::text[]
      ) as sent (row, trip_id, source, region, local_start, start, local_end, "end", local_booking, booking,
                 duration_s, distance_m, o_lon, o_lat, d_lon, d_lat, driver_id, rider_id, vehicle_model, attributes, batch, place)
    ), timed as materialized (
      select sent.*,
             coalesce(local_start, start at time zone zone) as local_time,
             coalesce(start, local_start at time zone zone) as started_at,
             coalesce("end", local_end at time zone zone) as ended_at,
             coalesce(booking, local_booking at time zone zone) as booked_at,
             st_setsrid(st_makepoint(o_lon, o_lat), 4326) as origin, st_setsrid(st_makepoint(d_lon, d_lat), 4326) as destination,
             local_start is not null as is_local,
             exists (select from tripgrid.cancelled_trips c
                     where (c.source, c.trip_id, c.local_time) = (sent.source, sent.trip_id, coalesce(local_start, start at time zone zone)))
               as is_cancelled
      from sent
      left join tripgrid.regions r on r.name = sent.region
      cross join tripgrid.settings s
      cross join lateral (select coalesce(r.time_zone, s.time_zone, sent.place) as zone) z
    ), open as (
      select *, coalesce(duration_s, case when ended_at >= started_at then extract(epoch from ended_at - started_at) end) as took_s
      from timed where local_time >= coalesce(${closedBefore ?? null}::timestamp, '-infinity')
        and not is_cancelled
    ), inserted as (
      insert into tripgrid.trips (local_time, started_at, ended_at, booked_at, duration_s, distance_m, origin, destination,
                                  source, trip_id, region, driver_id, rider_id, vehicle_model, attributes, batch, is_local)
      select local_time, started_at, ended_at, booked_at, took_s, distance_m, origin, destination,
             source, trip_id, region, driver_id, rider_id, vehicle_model, attributes, batch, is_local
      from open
      order by source collate "C", trip_id collate "C", local_time, row
      on conflict (source, trip_id, local_time) do nothing
      returning source, trip_id, local_time, batch
    ), repeated as (
      insert into tripgrid.repeated_trips (local_time, started_at, ended_at, booked_at, duration_s, distance_m, origin, destination,
                                           source, trip_id, region, driver_id, rider_id, vehicle_model, attributes, batch, is_local)
      select local_time, started_at, ended_at, booked_at, took_s, distance_m, origin, destination,
             source, trip_id, region, driver_id, rider_id, vehicle_model, attributes, batch, is_local
      from open
      where batch is not null and (select count(*) from inserted) < ${rows.length}
        and not exists (select from inserted i
                        where (i.source, i.trip_id, i.local_time, i.batch) = (open.source, open.trip_id, open.local_time, open.batch))
      order by source collate "C", trip_id collate "C", local_time, row
      on conflict (source, trip_id, local_time, batch) do nothing
    )
    select 'inserted' as kind, min(timed.row) as row, min(date_trunc('week', timed.local_time)::date - '1970-01-01'::date) as week
    from inserted join timed using (source, trip_id, local_time) group by source, trip_id, local_time
    union all
    select 'closed', row, null from timed where local_time < ${closedBefore ?? null}::timestamp
    union all
    select 'cancelled', row, null from timed
    where is_cancelled and local_time >= coalesce(${closedBefore ?? null}::timestamp, '-infinity')
    union all
    select 'version', names_version, null from tripgrid.settings`;
}
