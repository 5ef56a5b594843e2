import type { Transaction } from "../database/client.ts";
import { unpackTrips } from "../rollups/compress-trips.db.ts";
import { lockAllCorrections } from "../storage/corrections-lock.db.ts";
import { raiseNoAlerts } from "../storage/raise-no-alerts.db.ts";
import { inTransaction, type Store } from "../storage/trip-transaction.db.ts";

/** Trips in one transaction. Writers wait for it, so it should take well under a second. */
const TRIPS_A_STEP = 1000;

interface Found {
  source: string;
  trip_id: string;
  local_time: string;
}

/**
 * Moves the trips of a region to its time zone, some at a time. A trip that was sent as a moment keeps its moment and
 * gets another local time; one that was sent with the wall clock keeps that, and gets another moment. Whatever ends
 * this midway, it can be called again: what is moved fits, and is not found again.
 */
export async function recomputeRegion(store: Store, name: string, signal: Pick<AbortSignal, "aborted">): Promise<void> {
  for (let since: string | null = null; ; ) {
    if (signal.aborted) return;
    const [region] = await store.sql<{ zone: string }[]>`
      select time_zone as zone from tripgrid.regions where name = ${name} and recompute ->> 'state' = 'running'`;
    if (!region) return;
    const found: Found[] = await store.patientSql<Found[]>`
      select source, trip_id, local_time
      from tripgrid_internal.misplaced_trips(${name}, ${region.zone}, ${since}::timestamp, ${TRIPS_A_STEP})`;
    if (found.length === 0) {
      if (since !== null) {
        // Trips may have moved backwards, or been written meanwhile.
        since = null;
        continue;
      }
      await store.sql`
        update tripgrid.regions set recompute = recompute || '{"state": "done"}' where name = ${name} and recompute ->> 'state' = 'running'`;
      return;
    }
    since = found.at(-1)?.local_time ?? since;
    const times = found.flatMap(({ local_time }) => [local_time, daysFrom(local_time, -2), daysFrom(local_time, 2)]);
    const around = times.map((text) => ({ kind: "naive" as const, text }));
    await unpackTrips(store.patientSql, around);
    await inTransaction(store, around, (tx) => moveSome(tx, name, found));
  }
}

const daysFrom = (local: string, days: number) =>
  new Date(Date.parse(`${local.slice(0, 19)}Z`) + days * 86_400_000).toISOString().slice(0, 19);

async function moveSome(tx: Transaction, name: string, found: readonly Found[]): Promise<void> {
  await lockAllCorrections(tx);
  await raiseNoAlerts(tx);
  const [region] = await tx<{ zone: string }[]>`select time_zone as zone from tripgrid.regions where name = ${name}`;
  if (!region) return;
  // A trip that is sent again under the identity to come would be in its way: one of each id at a time.
  const first = [...new Map(found.toReversed().map((one) => [`${one.source}\0${one.trip_id}`, one])).values()];
  const sources = first.map(({ source }) => source);
  const ids = first.map(({ trip_id }) => trip_id);
  const times = first.map(({ local_time }) => local_time);
  const { zone } = region;
  // The clock of a trip's own times runs as that of its start did.
  const kept = await tx`
    update tripgrid.trips t
    set started_at = t.local_time at time zone ${zone},
        ended_at = (t.ended_at at time zone 'UTC' + (t.local_time - t.started_at at time zone 'UTC')) at time zone ${zone},
        booked_at = (t.booked_at at time zone 'UTC' + (t.local_time - t.started_at at time zone 'UTC')) at time zone ${zone}
    from unnest(${sources}::text[], ${ids}::text[], ${times}::timestamp[]) s (source, trip_id, local_time)
    where t.source = s.source and t.trip_id = s.trip_id and t.local_time = s.local_time and t.region = ${name} and t.is_local`;
  const moved = await tx<{ batch: number | null; week: string }[]>`
    with gone as (
      delete from tripgrid.trips t
      using unnest(${sources}::text[], ${ids}::text[], ${times}::timestamp[]) s (source, trip_id, local_time)
      where t.source = s.source and t.trip_id = s.trip_id and t.local_time = s.local_time and t.region = ${name}
        and t.is_local is not true
      returning t.*
    ), back as (
      insert into tripgrid.trips (local_time, started_at, ended_at, booked_at, duration_s, distance_m, origin, destination,
                                  source, trip_id, region, driver_id, rider_id, vehicle_model, attributes, batch, is_local)
      select started_at at time zone ${zone}, started_at, ended_at, booked_at, duration_s, distance_m, origin, destination,
             source, trip_id, region, driver_id, rider_id, vehicle_model, attributes, batch, is_local
      from gone order by source, trip_id
      on conflict (source, trip_id, local_time) do nothing
    )
    select batch, date_trunc('week', started_at at time zone ${zone})::date::text as week from gone`;
  await tx`
    update tripgrid.batches b set weeks = array(select distinct w from unnest(b.weeks || m.weeks) w order by w)
    from (select batch, array_agg(distinct week) as weeks
          from unnest(${moved.map(({ batch }) => batch)}::int[], ${moved.map(({ week }) => week)}::date[]) u (batch, week)
          group by batch) m
    where b.number = m.batch`;
  await moveRepeated(tx, name, zone);
  await tx`
    update tripgrid.regions
    set recompute = recompute || jsonb_build_object('moved', (recompute ->> 'moved')::int + ${kept.count + moved.length}::int, 'beat', clock_timestamp())
    where name = ${name}`;
}

/** Copies that other batches sent follow the time zone too, so that they still fit the trips. */
async function moveRepeated(tx: Transaction, name: string, zone: string): Promise<void> {
  await tx`
    update tripgrid.repeated_trips t
    set started_at = t.local_time at time zone ${zone}
    where t.region = ${name} and t.is_local and t.started_at <> t.local_time at time zone ${zone}
      and t.local_time <> t.started_at at time zone ${zone}`;
  await tx`
    update tripgrid.repeated_trips t set local_time = t.started_at at time zone ${zone}
    where t.region = ${name} and t.is_local is not true and t.local_time <> t.started_at at time zone ${zone}
      and t.started_at <> t.local_time at time zone ${zone}
      and not exists (select from tripgrid.repeated_trips o
                      where (o.source, o.trip_id, o.local_time, o.batch) = (t.source, t.trip_id, t.started_at at time zone ${zone}, t.batch))`;
}

/** Regions whose trips are to be moved, and have not been for half a minute. */
export async function recomputesLeft(sql: Store["sql"]): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from tripgrid.regions
    where recompute ->> 'state' = 'running'
      and coalesce((recompute ->> 'beat')::timestamptz, '-infinity') < clock_timestamp() - interval '30 seconds'`;
  return rows.map(({ name }) => name);
}
